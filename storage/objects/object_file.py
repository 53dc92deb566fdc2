"""One object version = one immutable file, `<hash of the name>-<timestamp>.data`, on its device.

The file describes itself in an extended attribute, so that a lost container can be built again
from its objects. Which version counts is the container's to say, not this module's.
"""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import xxhash

from storage import blobs
from storage.objects import ring as rings
from storage.objects import timestamps
from storage.objects.errors import ObjectDamaged, StoreUnusable

ATTRIBUTE: Final = "user.nbx.object"
SUFFIX: Final = ".data"
CHUNK_BYTES: Final = 1024 * 1024
# One block: what ext4 grants a file for all its attributes.
_NO_ROOM_FOR_ATTRIBUTE: Final = frozenset({errno.ENOSPC, errno.E2BIG, errno.ERANGE})

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ObjectName:
    """An object's full name, as in the path /v1/account/container/name."""

    account: str
    container: str
    name: str

    def __str__(self) -> str:
        return f"{self.account}/{self.container}/{self.name}"

    @property
    def hash(self) -> str:
        """Where the ring puts it, and the first part of its file's name."""
        return rings.hash_name(self.account, self.container, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRecord:
    """What is known of one object besides its bytes.

    `written` names the data file; `timestamp` is that, or the tick of a later change of metadata.
    `delete_at` is in seconds since 1970; an object past it is not there any more.
    """

    name: str
    written: int
    timestamp: int
    size_bytes: int
    etag: str
    xxh3: str
    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict)
    delete_at: int | None = None


class ObjectFiles:
    """The data files below one root, spread over the ring's devices."""

    def __init__(self, root: Path, ring: rings.Ring) -> None:
        self._ring = ring
        self._devices = [root / device.directory / "objects" for device in ring.devices]

    def prepare(self) -> None:
        """Make the devices' directories. Raises StoreUnusable if they cannot hold attributes."""
        for objects in self._devices:
            blobs.make_directory(objects)
            blobs.make_directory(_quarantine(objects))
            blobs.sweep_drafts(objects)
            _check_attributes(objects)

    def draft(self, name: ObjectName) -> blobs.Draft:
        """Begin a version; its bytes go to the device where its name will be."""
        return blobs.Draft(self._device(self._ring.partition(name.hash)))

    def publish(self, draft: blobs.Draft, name: ObjectName, record: ObjectRecord) -> None:
        """Make the version durable under its name. On an OSError there is no such file."""
        _describe(draft.fd, name, record)
        target = self.path(name, record.written)
        blobs.make_directory(target.parent)
        draft.publish(target)

    def open(self, name: ObjectName, record: ObjectRecord) -> int:
        """Return a descriptor of the version's bytes, readable even after it is removed.

        Raises FileNotFoundError, OSError, or ObjectDamaged if it is not as long as was recorded.
        """
        path = self.path(name, record.written)
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        size_bytes = os.fstat(fd).st_size
        if size_bytes != record.size_bytes:
            os.close(fd)
            raise ObjectDamaged(
                f"object {name}: {path} has {size_bytes} bytes, {record.size_bytes} were written"
            )
        return fd

    def remove(self, name: ObjectName, written: int) -> None:
        """Remove the file of a version that no row points at any more.

        One that cannot be removed is logged and left to the auditor: the change was made.
        """
        path = self.path(name, written)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("object %s: %s not removed: %s", name, path, error.strerror)

    def path(self, name: ObjectName, written: int) -> Path:
        """Return where a version's file is, whether it exists or not."""
        name_hash = name.hash
        part = self._ring.partition(name_hash)
        file_name = f"{name_hash}-{timestamps.format_ticks(written)}{SUFFIX}"
        return self._device(part) / str(part) / file_name

    def walk(self) -> Iterator[Path]:
        """Yield every data file on every device."""
        for objects in self._devices:
            for partition in sorted(objects.iterdir()):
                yield from sorted(partition.glob(f"*{SUFFIX}"))

    def quarantine(self, path: Path) -> Path:
        """Move a file out of the store's sight but keep it for a person; return where it went."""
        target = _quarantine(path.parent.parent) / path.name
        path.replace(target)
        blobs.sync_directory(target.parent)
        return target

    def _device(self, partition: int) -> Path:
        return self._devices[self._ring.part_to_device[partition]]


def description(path: Path) -> tuple[ObjectName, ObjectRecord]:
    """Read what a data file says of itself. Raises OSError, or ValueError if it says nothing."""
    try:
        said = json.loads(_attribute(path))
        name = ObjectName(said.pop("account"), said.pop("container"), said["name"])
        return name, ObjectRecord(**said)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} does not describe itself: {error!r}") from error


def _attribute(path: Path) -> bytes:
    try:
        return os.getxattr(path, ATTRIBUTE)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise
        return b"null"


def checksum(path: Path) -> str:
    """Read a file whole and return its xxh3 (128 bits, hexadecimal)."""
    digest = xxhash.xxh3_128()
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _describe(fd: int, name: ObjectName, record: ObjectRecord) -> None:
    """Write the attribute; a description with too much metadata goes without it."""
    try:
        os.setxattr(fd, ATTRIBUTE, _description(name, record))
    except OSError as error:
        if error.errno not in _NO_ROOM_FOR_ATTRIBUTE:
            raise
        os.setxattr(fd, ATTRIBUTE, _description(name, replace(record, metadata={})))


def _description(name: ObjectName, record: ObjectRecord) -> bytes:
    said = {
        "account": name.account,
        "container": name.container,
        "name": name.name,
        "written": record.written,
        "timestamp": record.timestamp,
        "size_bytes": record.size_bytes,
        "etag": record.etag,
        "xxh3": record.xxh3,
        "content_type": record.content_type,
        "metadata": dict(record.metadata),
        "delete_at": record.delete_at,
    }
    return json.dumps(said, ensure_ascii=False).encode()


def _quarantine(objects: Path) -> Path:
    """Return where a device keeps the files that left the store's sight."""
    return objects.with_name("quarantined")


def _check_attributes(directory: Path) -> None:
    with blobs.Draft(directory) as draft:
        try:
            os.setxattr(draft.fd, ATTRIBUTE, b"{}")
        except OSError as error:
            raise StoreUnusable(
                f"file system of {directory} has no user extended attributes ({error.strerror}): "
                "put the object store on ext4, xfs, btrfs or zfs"
            ) from error
