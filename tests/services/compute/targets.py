"""iSCSI targets for tests of drivers: a tgtd of the test's own, on the loopback address."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import ids
from appliance.model.volume import Target
from services.compute.driver import VolumeDisk
from tests import cloud

INITIATOR = "iqn.2010-10.org.novabox:host:box1"
PASSWORD = "twelveletters"


def disk(device: str = "vdb", *, port: int = 3261) -> VolumeDisk:
    """A volume as the builder says it; nothing need be behind it."""
    volume_id = ids.VolumeId(ids.new_uuid())
    iqn = f"iqn.2010-10.org.novabox:{volume_id}"
    return VolumeDisk(
        volume_id=volume_id,
        target=Target(address="127.0.0.1", port=port, iqn=iqn, lun=1),
        initiator=INITIATOR,
        username=f"nbx-{volume_id[:8]}",
        password=PASSWORD,
        device=device,
    )


class Tgtd:
    """The process; `show` makes one target with one disk of 1 MiB."""

    def __init__(self, folder: Path) -> None:
        (self.port,) = cloud.free_ports(1)
        self.control = str(self.port % 32_768)  # tgtd takes no larger one
        self._folder = folder
        self._count = 0

    def show(self, device: str = "vdb") -> VolumeDisk:
        """A volume that can be attached."""
        made = disk(device, port=self.port)
        path = self._folder / made.volume_id
        path.write_bytes(b"\0" * (1 << 20))
        self._count += 1
        number = str(self._count)
        self._admin("target", "new", "--tid", number, "-T", made.target.iqn)
        self._admin("logicalunit", "new", "--tid", number, "--lun", "1", "-b", str(path))
        self._admin("account", "new", "--user", made.username, "--password", made.password)
        self._admin("account", "bind", "--tid", number, "--user", made.username)
        self._admin("target", "bind", "--tid", number, "-I", "127.0.0.1")
        return made

    def answers(self) -> bool:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._admin("sys", "show")
            return True
        return False

    def _admin(self, mode: str, verb: str, *arguments: str) -> None:
        subprocess.run(
            ["tgtadm", "-C", self.control, "--lld", "iscsi", "--mode", mode, "--op", verb,
             *arguments],
            check=True, capture_output=True, timeout=30,
        )  # fmt: skip


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Tgtd]:
    """A tgtd that ends with the block."""
    if os.geteuid() != 0 or not shutil.which("tgtd"):
        pytest.skip("missing: root or tgtd (apt-get install tgt)")
    daemon = Tgtd(folder)
    portal = f"portal=127.0.0.1:{daemon.port}"
    process = subprocess.Popen(
        ["tgtd", "-f", "-C", daemon.control, "--iscsi", portal],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        cloud.eventually(daemon.answers, timeout_s=30, what="tgtd answers")
        yield daemon
    finally:
        process.kill()
        process.wait()
        for left in Path("/var/run/tgtd").glob(f"socket.{daemon.control}*"):
            left.unlink()
