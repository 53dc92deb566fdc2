"""A built ami-tiny for the tests that boot it."""

import subprocess
import sys
from pathlib import Path

import pytest

from services.image.tiny import programs

CACHE = Path("/var/tmp/novabox-kernels")  # the system tests' too: one download a machine


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ami-tiny's files."""
    for program in ("qemu-system-x86_64", "ssh", "ssh-keygen", *programs.PACKAGE_BY_PROGRAM):
        if programs.which(program) is None:
            pytest.skip(f"{program} is not installed")
    folder = tmp_path_factory.mktemp("ami-tiny")
    subprocess.run(
        [sys.executable, "-m", "services.image.tiny", "--out", str(folder), "--cache", str(CACHE)],
        check=True, timeout=600,
    )  # fmt: skip
    return folder
