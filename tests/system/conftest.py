"""One real cloud for all system tests, and the tiny image they boot."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import cloud as clouds
from tests.system.object_process import ObjectProcess


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


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectProcess]:
    """An object store alone, as a process of its own."""
    process = ObjectProcess(tmp_path_factory.mktemp("home"))
    process.start()
    yield process
    process.stop()


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


@pytest.fixture(scope="module")
def server(cloud: clouds.Cloud, tiny: Path) -> Iterator[str]:
    """Name of a server whose guest is booting."""
    cloud.add_tiny("talker", tiny)
    cloud.openstack(
        "server", "create", "talker", "--image", "talker", "--flavor", "m1.nano",
        "--network", "demo-net", "--wait",
    )  # fmt: skip
    yield "talker"
    # waited for: the next module's guest has the same name, and its tests choose it by that
    for what in (("server", "delete", "--wait"), ("image", "delete")):
        cloud.run(str(clouds.BIN / "openstack"), *what, "talker", user="demo")
