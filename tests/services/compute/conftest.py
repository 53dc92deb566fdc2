import subprocess
import sys
from pathlib import Path

import pytest

from appliance import config
from appliance.db import connection
from tests.services.compute.host import Host


@pytest.fixture
def host(settings: config.Settings, db: connection.Database) -> Host:
    return Host(settings, db)


@pytest.fixture(scope="session")
def tiny() -> Path:
    """A folder with ami-tiny.{vmlinuz,initrd,img,qcow2}; built once, then found up to date."""
    folder = Path("/var/tmp/novabox-tiny")
    subprocess.run(
        [sys.executable, "-m", "services.image.tiny", "--out", str(folder),
         "--cache", "/var/tmp/novabox-kernels"],
        check=True, timeout=600,
    )  # fmt: skip
    return folder
