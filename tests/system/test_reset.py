"""After `novabox reset` the host is as it was, whatever happened before."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from appliance import supervisor
from tests import cloud as clouds

pytestmark = [pytest.mark.host, pytest.mark.guest, pytest.mark.timeout(600)]


def processes_of(home: Path) -> list[str]:
    """Command lines of processes that name the cloud's folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(home) in line and str(os.getpid()) not in str(path):
            found.append(line)
    return found


def loops() -> str:
    return subprocess.run(["losetup", "-a"], capture_output=True, text=True, check=True).stdout


def launch(cloud: clouds.Cloud, tiny: Path) -> None:
    cloud.add_tiny("tiny", tiny)
    cloud.openstack(
        "server", "create", "left", "--image", "tiny", "--flavor", "m1.tiny",
        "--network", "demo-net", "--wait",
    )  # fmt: skip
    assert cloud.leftovers() != []
    assert any("qemu" in line for line in processes_of(cloud.home))


@pytest.mark.parametrize("before", ["running", "all killed"])
def test_nothing_is_left_on_the_host(tiny: Path, before: str) -> None:
    if reason := clouds.missing():
        pytest.skip(reason)
    loops_before = loops()
    cloud = clouds.Cloud()
    try:
        cloud.up()
        launch(cloud, tiny)
        if before == "all killed":
            running = supervisor.find(cloud.settings)
            assert running is not None
            for pid in (running.pid, *running.children.values()):
                os.kill(pid, signal.SIGKILL)
        cloud.novabox("reset", "--yes")

        assert cloud.leftovers() == []
        assert processes_of(cloud.home) == []
        assert not cloud.home.exists()
        assert loops() == loops_before
        assert str(cloud.home) not in Path("/proc/mounts").read_text()
    finally:
        cloud.close()


def test_guests_run_again_after_down_and_up(tiny: Path) -> None:
    if reason := clouds.missing():
        pytest.skip(reason)
    cloud = clouds.Cloud()
    try:
        cloud.up()
        launch(cloud, tiny)
        cloud.novabox("down")
        assert not any("qemu" in line for line in processes_of(cloud.home))
        cloud.up()

        def is_active() -> bool:
            shown = cloud.openstack("server", "show", "left")
            return bool(shown["status"] == "ACTIVE" and shown["OS-EXT-STS:task_state"] is None)

        clouds.eventually(is_active, timeout_s=90, what="the guest runs again", every_s=1)
        assert any("qemu" in line for line in processes_of(cloud.home))
    finally:
        cloud.close()
