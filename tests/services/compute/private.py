"""A libvirtd of a test's own, run as the product runs it; and the guest that tests boot."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.compute import libvirtd
from tests.cloud import eventually

DEADLINE_S = 60.0  # five times and more what a busy machine with two cores was seen to need


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Poll until `condition` holds; the test fails naming `what` otherwise."""
    eventually(condition, timeout_s=DEADLINE_S, what=what)


class Libvirtd:
    """The process; `kill` is -9, as power would."""

    def __init__(self, home: Path) -> None:
        self.uri = libvirtd.own_uri(home)
        self._home = home
        self._socket = home / "libvirt" / "run" / "libvirt-sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._socket.unlink(missing_ok=True)
        with (self._home / "libvirtd.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.compute.libvirtd"],
                env=os.environ | {"NOVABOX_HOME": str(self._home)}, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(self._socket.exists, f"libvirtd, see {self._home}/libvirtd.log")

    def kill(self) -> None:
        assert self._process
        pid = int((self._home / "libvirt/run/libvirtd.pid").read_text())
        os.kill(pid, signal.SIGKILL)
        self._process.wait(DEADLINE_S)

    def stop(self) -> None:
        assert self._process
        self._process.terminate()
        self._process.wait(DEADLINE_S)

    def mounts(self) -> list[str]:
        """Where something is mounted, as libvirtd sees it."""
        pid = int((self._home / "libvirt/run/libvirtd.pid").read_text())
        return [line.split()[1] for line in Path(f"/proc/{pid}/mounts").read_text().splitlines()]

    def qemu_pid(self, name: str) -> int:
        return int((self._home / "libvirt/run/qemu" / f"{name}.pid").read_text())


@contextlib.contextmanager
def running(home: Path) -> Iterator[Libvirtd]:
    """A private libvirtd on `home`; its guests are the test's to destroy."""
    missing = [name for name in ("libvirtd", "qemu-system-x86_64") if not shutil.which(name)]
    if missing or os.geteuid() != 0:
        pytest.skip(f"missing: {', '.join(missing) or 'root'}")
    daemon = Libvirtd(home)
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()
