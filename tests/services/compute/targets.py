"""Volumes for tests of drivers, and a tgtd that serves some, on the loopback address."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import ids
from appliance.model.volume import Target
from services.compute.driver import VolumeDisk
from storage.blocks import tgt
from storage.blocks.export import Export, iqn
from tests import cloud

INITIATOR = "iqn.2010-10.org.novabox:host:box1"
PASSWORD = "twelveletters"


def disk(device: str = "vdb", *, port: int = 3261) -> VolumeDisk:
    """A volume as the builder says it; nothing need be behind it."""
    volume_id = ids.VolumeId(ids.new_uuid())
    return VolumeDisk(
        volume_id=volume_id,
        target=Target(address="127.0.0.1", port=port, iqn=iqn(volume_id), lun=tgt.DISK),
        initiator=INITIATOR,
        username=f"nbx-{volume_id[:8]}",
        password=PASSWORD,
        device=device,
    )


class Tgtd:
    """Exports of volumes of 1 MiB in `folder`."""

    def __init__(self, folder: Path) -> None:
        (self._port,) = cloud.free_ports(1)
        self._folder = folder
        self.exporter = tgt.Tgt(folder / "exports", address="127.0.0.1", port=self._port)

    def show(self, device: str = "vdb") -> VolumeDisk:
        """A volume that can be attached."""
        made = disk(device, port=self._port)
        path = self._folder / made.volume_id
        path.write_bytes(b"\0" * (1 << 20))
        self.exporter.show(
            Export(
                volume_id=made.volume_id, path=path, initiator=made.initiator,
                username=made.username, password=made.password,
            )
        )  # fmt: skip
        return made


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Tgtd]:
    """A tgtd that ends with the block."""
    if os.geteuid() != 0 or not shutil.which("tgtd"):
        pytest.skip("missing: root or tgtd (apt-get install tgt)")
    daemon = Tgtd(folder)
    daemon.exporter.start()
    try:
        yield daemon
    finally:
        daemon.exporter.stop()
