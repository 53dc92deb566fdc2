"""One real cloud for all system tests, and the tiny image they boot."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import cloud as clouds


@pytest.fixture(scope="session")
def cloud() -> Iterator[clouds.Cloud]:
    """A cloud that is up, with real libvirt, bridges and an object store."""
    if reason := clouds.missing():
        pytest.skip(reason)
    made = clouds.Cloud()
    try:
        made.up()
        yield made
        print(made.logs())
    finally:
        made.close()


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ami-tiny.{vmlinuz,initrd,img,qcow2}, built as the demo builds it."""

    folder = tmp_path_factory.mktemp("tiny")
    subprocess.run(
        [sys.executable, "-m", "services.image.tiny", "--out", str(folder),
         "--cache", "/var/tmp/novabox-kernels"],
        check=True, timeout=600,
    )  # fmt: skip
    return folder
