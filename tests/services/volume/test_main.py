import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance import config
from appliance.db import connection, services, volumes
from services.volume import backends
from storage.blocks.export import Export
from tests.appliance import rows


@pytest.fixture
def on_disk(settings: config.Settings) -> config.Settings:
    """Settings that another process reads too."""
    (settings.home / "novabox.toml").write_text('host = "box1"\n[volume]\nexport = "fake"\n')
    return config.load(settings.home)


def run(settings: config.Settings, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "services.volume", *arguments],
        env=os.environ | {"NOVABOX_HOME": str(settings.home)},
        check=True, timeout=60, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return done.stdout


def test_one_round_does_what_is_due(on_disk: config.Settings, db: connection.Database) -> None:
    volume = rows.add_volume(db)
    run(on_disk, "once")

    assert volumes.get(db, volume.id).status == "available"
    assert list(backends.pool(on_disk).volumes()) == [volume.id]
    assert [row.topic for row in services.all_services(db)] == ["volume.box1"]


def shown(settings: config.Settings, volume_id: str) -> Path:
    pool, exporter = backends.pool(settings), backends.exporter(settings)
    pool.create(volume_id, size_bytes=512)
    path = pool.device(volume_id)
    exporter.show(
        Export(volume_id=volume_id, path=path, initiator="i", username="u", password="p" * 16)
    )
    return path


def test_down_takes_the_exports_away_and_keeps_the_volumes(on_disk: config.Settings) -> None:
    path = shown(on_disk, "v1")
    run(on_disk, "shutdown")

    assert dict(backends.exporter(on_disk).shown()) == {}
    assert path.exists()


def test_reset_takes_the_volumes_too_without_a_database(on_disk: config.Settings) -> None:
    path = shown(on_disk, "v1")
    run(on_disk, "clear")

    assert dict(backends.exporter(on_disk).shown()) == {}
    assert not path.exists()


def test_the_export_is_explained(on_disk: config.Settings) -> None:
    assert run(on_disk, "explain") == "fake: volume.export says so\n"


def test_nothing_of_the_kernels_target_is_loaded_for_another(on_disk: config.Settings) -> None:
    """rtslib is 3 MiB."""
    code = "import sys, services.volume.__main__ as m; from appliance import config; "
    code += "m.backends.exporter(config.load()); print('rtslib_fb' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"NOVABOX_HOME": str(on_disk.home)},
        check=True, timeout=60, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip

    assert done.stdout == "False\n"
