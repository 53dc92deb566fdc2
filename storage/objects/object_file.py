"""One object version = one immutable file, `<hash of the name>-<timestamp>.data`, on its device.

The file describes itself in an extended attribute, so that a lost container can be built again
from its objects. Which version counts is the container's to say, not this module's.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from storage import blobs
from storage.objects import ring as rings
from storage.objects import timestamps
from storage.objects.devices import Folder
from storage.objects.errors import ObjectDamaged, StoreError

ATTRIBUTE: Final = "user.nbx.object"
SUFFIX: Final = ".data"
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

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self.delete_at is not None and self.delete_at <= time.time()


class ObjectFiles:
    """The data files below one root, spread over the ring's devices; any thread may call.

    A device that turns out to be gone is not asked again, and the next in the ring's order stands
    in for it; `on_loss` is told its folder, once.
    """

    def __init__(
        self,
        root: Path,
        ring: rings.Ring,
        *,
        store_id: str,
        on_loss: Callable[[Path], None] = lambda _: None,
    ) -> None:
        self._root = root
        self._store_id = store_id
        self._on_loss = on_loss
        self._placing: tuple[rings.Ring, list[Folder]] = (ring, [])
        self.use(ring)

    @property
    def ring(self) -> rings.Ring:
        """The ring that is used, with what was seen of its devices."""
        ring, folders = self._placing
        return replace(ring, devices=tuple(folder.device for folder in folders))

    @property
    def replicas(self) -> int:
        """On how many devices each object is to be."""
        return self._placing[0].replicas

    @property
    def folders(self) -> list[Folder]:
        """The devices that are there."""
        return [folder for folder in self._placing[1] if not folder.is_lost]

    @property
    def every_folder(self) -> list[Folder]:
        """The devices of the ring, lost ones too."""
        return list(self._placing[1])

    def know(self, ring: rings.Ring) -> None:
        """Remember what is new about the ring; its devices and partitions are as they were."""
        self._placing = ring, self._placing[1]

    def use(self, ring: rings.Ring) -> None:
        """Place by this ring from now on. Raises StoreUnusable, OSError."""
        folders = [Folder(self._root, d, store_id=self._store_id) for d in ring.devices]
        for folder in folders:
            folder.prepare(ATTRIBUTE)
        self._placing = ring, folders

    def drafts(self, name: ObjectName) -> list[blobs.Draft]:
        """Begin a version: a draft for each replica, on the devices where its name will be.

        Raises StoreError if none of the devices is there, OSError.
        """
        drafts: list[blobs.Draft] = []
        with contextlib.ExitStack() as undo:
            for folder in self._order(name):
                if len(drafts) == self.replicas or not folder.device.weight:
                    break
                with self._noticing(folder):
                    draft = blobs.Draft(folder.objects, is_summed=False)
                    drafts.append(undo.enter_context(draft))
            if not drafts:
                raise StoreError(f"object {name}: no device of the ring is there to take it")
            undo.pop_all()
        return drafts

    def publish(
        self, drafts: Sequence[blobs.Draft], name: ObjectName, record: ObjectRecord
    ) -> None:
        """Make the version durable under its name, on every device. On an error there is none."""
        published: list[Path] = []
        try:
            for draft in drafts:
                _describe(draft.fd, name, record)
                target = draft.directory / self._file_name(name, record.written)
                blobs.make_directory(target.parent)
                draft.publish(target)
                published.append(target)
        except BaseException:
            for path in published:
                path.unlink(missing_ok=True)
            raise

    def are_at_home(self, drafts: Sequence[blobs.Draft], name: ObjectName) -> bool:
        """Return whether drafts became files where an object belongs by now."""
        homes = [folder.objects for folder in self.takers(name)]
        return [draft.directory for draft in drafts] == homes

    def open(self, name: ObjectName, record: ObjectRecord) -> Iterator[int]:
        """Yield a descriptor of each replica of the version, as they are asked for.

        Each is as long as was recorded, readable even after it is removed, and the caller's. After
        the last one that could be read, raises what was wrong with the others: ObjectDamaged,
        OSError. Of a version that has no file, nothing.
        """
        failure: ObjectDamaged | OSError | None = None
        for folder in self._order(name):
            path = folder.objects / self._file_name(name, record.written)
            fd = -1
            try:
                with self._noticing(folder):
                    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            except OSError as error:
                failure = error
                continue
            if fd < 0:  # the device is gone
                continue
            if (size_bytes := os.fstat(fd).st_size) == record.size_bytes:
                yield fd
                continue
            os.close(fd)
            failure = ObjectDamaged(
                f"object {name}: {path} has {size_bytes} bytes, {record.size_bytes} were written"
            )
        if failure is not None:
            raise failure

    def remove(self, name: ObjectName, written: int) -> None:
        """Remove the files of a version that no row points at any more.

        One that cannot be removed is logged and left to the auditor: the change was made.
        """
        for folder in self.folders:
            path = folder.objects / self._file_name(name, written)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                log.warning("object %s: %s not removed: %s", name, path, error.strerror)

    def path(self, name: ObjectName, written: int) -> Path:
        """Return where a version's first replica is, whether it exists or not."""
        return next(self._order(name)).objects / self._file_name(name, written)

    def homes(self, name: ObjectName, written: int) -> list[Path]:
        """Return where each replica of a version belongs, of the devices that are there."""
        file_name = self._file_name(name, written)
        return [folder.objects / file_name for folder in self.takers(name)]

    def takers(self, name: ObjectName) -> list[Folder]:
        """Return the devices that an object goes to, of those that are there."""
        wanted = [folder for folder in self._order(name) if folder.device.weight]
        return wanted[: self.replicas]

    def copies(self, name: ObjectName, written: int) -> list[Path]:
        """Return where replicas of a version are, wherever they belong."""
        file_name = self._file_name(name, written)
        paths = [folder.objects / file_name for folder in self._order(name)]
        return [path for path in paths if path.exists()]

    def places(self, name: ObjectName, written: int) -> Iterator[tuple[Folder, Path, bool]]:
        """Yield each device with a version's place on it, and whether a replica belongs there."""
        ring, folders = self._placing
        partition, file_name = ring.partition(name.hash), self._file_name(name, written)
        for index in ring.preference(partition):
            is_home = index in ring.part_to_devices[partition]
            yield folders[index], folders[index].objects / file_name, is_home

    def walk(self) -> Iterator[Path]:
        """Yield every data file on every device that is there."""
        for folder in self.folders:
            for partition in sorted(folder.objects.iterdir()):
                yield from sorted(partition.glob(f"*{SUFFIX}"))

    def quarantine(self, path: Path) -> Path:
        """Move a file out of the store's sight but keep it for a person; return where it went."""
        folder = next(f for f in self._placing[1] if path.is_relative_to(f.objects))
        target = folder.quarantined / path.name
        path.replace(target)
        blobs.sync_directory(target.parent)
        return target

    def keep_rotten(self, name: ObjectName, written: int, data: bytes) -> Path:
        """Keep bytes that are no object any more for a person; return where."""
        target = self.folders[0].quarantined / Path(self._file_name(name, written)).name
        blobs.write_whole(target, data)
        return target

    def _file_name(self, name: ObjectName, written: int) -> str:
        """Return a version's path below a device's objects."""
        name_hash = name.hash
        part = self._placing[0].partition(name_hash)
        return f"{part}/{name_hash}-{timestamps.format_ticks(written)}{SUFFIX}"

    def _order(self, name: ObjectName) -> Iterator[Folder]:
        """Yield the devices that are there, as an object prefers them."""
        ring, folders = self._placing
        for index in ring.preference(ring.partition(name.hash)):
            if not folders[index].is_lost:
                yield folders[index]

    @contextlib.contextmanager
    def _noticing(self, folder: Folder) -> Iterator[None]:
        """Notice if a device turns out to be gone: that alone is no error of the block's."""
        try:
            yield
        except OSError as error:
            if len(self._placing[1]) == 1 or not folder.is_gone(error):
                raise
            folder.lose()
            log.error("device %s is lost: %s", folder.path, error.strerror)  # noqa: TRY400
            self._on_loss(folder.path)


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
