from pathlib import Path

import pytest

from appliance import config
from appliance.doctor import machine
from appliance.doctor.check import Status


@pytest.mark.parametrize(
    ("available_mib", "status"),
    [(1000, Status.FAIL), (1500, Status.WARN), (8000, Status.OK)],
)
def test_memory_is_what_is_available(
    settings: config.Settings, tmp_path: Path, available_mib: int, status: Status
) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text(
        f"MemTotal:  16777216 kB\nMemFree: 1 kB\nMemAvailable: {available_mib << 10} kB\n"
        "HugePages_Total: 0\n"
    )

    check = machine.memory(settings, meminfo)

    assert check.status is status
    assert f"{available_mib:,} of 16,384 MiB" in check.finding


def test_disk_is_asked_where_the_state_will_be(tmp_path: Path) -> None:
    settings = config.parse({}, home=tmp_path / "not" / "there" / "yet")

    check = machine.disk(settings)

    assert str(settings.home) in check.finding
    assert not settings.home.exists()


def test_missing_programs_are_named_with_their_packages(
    settings: config.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in machine.PACKAGE_BY_PROGRAM:
        if name not in ("qemu-img", "ssh"):
            (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    check = machine.programs(settings)

    assert check.finding == "not installed: qemu-img, ssh"
    assert check.fix == "apt-get install -y --no-install-recommends openssh-client qemu-utils"
    assert check.apply


def test_packages_of_the_doctor_are_those_of_the_setup() -> None:
    listed = (Path(__file__).parents[3] / "packages.txt").read_text().split()

    assert set(machine.PACKAGE_BY_PROGRAM.values()) <= set(listed)
