from pathlib import Path

from appliance import config
from appliance.doctor import volumes
from appliance.doctor.check import Status


def _settings(home: Path, **volume: str) -> config.Settings:
    lines = [f'{key} = "{value}"' for key, value in volume.items()]
    (home / "novabox.toml").write_text("\n".join(["[volume]", *lines]))
    return config.load(home)


def test_the_export_is_told_with_its_reason(home: Path) -> None:
    check = volumes.exports(_settings(home, export="fake"))

    assert (check.status, check.finding) == (Status.OK, "fake: volume.export says so")


def test_sparse_files_need_nothing(home: Path) -> None:
    check = volumes.pool(_settings(home))

    assert (check.status, check.finding) == (Status.OK, f"files in {home}/volumes")


def test_a_pool_that_nobody_knows_is_red(home: Path) -> None:
    assert volumes.pool(_settings(home, pool="zfs")).status is Status.FAIL


def test_a_volume_group_that_is_not_there_is_red_and_said_how_to_make(home: Path) -> None:
    check = volumes.pool(_settings(home, pool="lvm", lvm_group="nbx-none"))

    assert check.status is Status.FAIL
    assert "nbx-none" in check.finding
