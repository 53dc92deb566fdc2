"""One device of the ring on the disk: its folder, and whether it is there.

    <device>/device.json    <device>/objects/<partition>/…    <device>/quarantined/…

`device.json` says which device of which store this is: a disk that is not mounted leaves an empty
folder, and that must not be taken for a device that lost its objects; and another store's objects
must not be taken for files that nothing points at. It refuses to know what an object is.
"""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from storage import blobs
from storage.objects.errors import StoreUnusable
from storage.objects.ring import Device

MARKER: Final = "device.json"
# What a disk says that is gone, and not merely full or without the file that was asked for.
GONE: Final = frozenset({errno.EIO, errno.ENODEV, errno.ENXIO, errno.EROFS, errno.ESTALE})


class Folder:
    """A device's folder. `device` says what the ring knows of it, `is_lost` as it was last seen."""

    def __init__(self, root: Path, device: Device, *, store_id: str) -> None:
        self._store_id = store_id
        self.path = root / device.directory
        self.objects = self.path / "objects"
        self.quarantined = self.path / "quarantined"
        self.device = device

    @property
    def is_lost(self) -> bool:
        """Whether it was not there when it was last needed."""
        return self.device.is_lost

    def prepare(self, attribute: str) -> None:
        """Make what is missing of a new device; of a known one, see that it is there.

        One that was in the ring before, and is named again, is a new one with objects on it. Raises
        StoreUnusable if its file system cannot hold the attribute, or if it is another's.
        """
        marker = self.path / MARKER
        if is_there := marker.exists():
            self._check_marker(marker)
        if not is_there and self.device.is_made:
            self.device = replace(self.device, is_lost=True)
            return
        for folder in (self.objects, self.quarantined):
            blobs.make_directory(folder)
        blobs.sweep_drafts(self.objects)
        _check_attributes(self.objects, attribute)
        if not (is_there and self.device.is_made):
            said = {"id": self.device.id, "store": self._store_id}
            blobs.write_whole(marker, json.dumps(said).encode())
        self.device = replace(self.device, is_made=True, is_lost=False)

    def lose(self) -> None:
        """Remember that it is not there any more."""
        self.device = replace(self.device, is_lost=True)

    def is_gone(self, error: OSError) -> bool:
        """Return whether an error of this device's means that the device itself is gone."""
        if error.errno in GONE:
            return True
        return error.errno == errno.ENOENT and not (self.path / MARKER).exists()

    def is_empty(self) -> bool:
        """Return whether it holds no object."""
        return not any(any(partition.iterdir()) for partition in self.objects.iterdir())

    def free_bytes(self) -> int:
        """Return how much may still be written to its disk."""
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def _check_marker(self, marker: Path) -> None:
        try:
            said = json.loads(marker.read_bytes())
            device_id, store_id = said["id"], said["store"]
        except (ValueError, KeyError, TypeError) as error:
            raise StoreUnusable(f"{marker} does not say which device this is") from error
        if store_id != self._store_id:
            raise StoreUnusable(
                f"{self.path} holds objects of another store: name another folder, or remove "
                f"{marker} and {self.objects} if nobody needs them"
            )
        if self.device.is_made and device_id != self.device.id:
            raise StoreUnusable(
                f"{self.path} is device {device_id}, the ring has it as {self.device.id}: two "
                "disks changed places"
            )


def _check_attributes(directory: Path, attribute: str) -> None:
    with blobs.Draft(directory, is_summed=False) as draft:
        try:
            os.setxattr(draft.fd, attribute, b"{}")
        except OSError as error:
            raise StoreUnusable(
                f"file system of {directory} has no user extended attributes ({error.strerror}): "
                "put the object store on ext4, xfs, btrfs or zfs"
            ) from error
