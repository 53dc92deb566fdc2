"""The object store: accounts, containers and objects under one directory.

    store-id    ring.json    accounts.sqlite    containers/<id>.sqlite
    <device>/objects/<partition>/<hash>-<timestamp>.data

A row is the truth. Small objects are in their container's file, and are made durable with their row
in one commit, which many share. A larger one is a file on each of its devices, made durable from
the bottom up (bytes, their name, the row) and removed from the top down, so a kill in between
leaves at most a file that nothing points at, which the auditor removes. One process opens a store
at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import secrets
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple, Protocol, Self

from storage import blobs
from storage.objects import container as containers
from storage.objects import listing, ring, sums, trashcan
from storage.objects.account import Entry
from storage.objects.catalog import Catalog
from storage.objects.ciphers import AS_KEPT, Ciphers
from storage.objects.container import ContainerInfo
from storage.objects.database import Waiting
from storage.objects.errors import (
    NotReplaced,
    ObjectDamaged,
    ObjectNotFound,
    StoreBusy,
    StoreError,
    StoreFull,
    StoreUnusable,
    translated,
)
from storage.objects.object_file import ObjectFiles, ObjectName, ObjectRecord
from storage.objects.space import Space
from storage.objects.timestamps import TimestampSource
from storage.objects.transfer import Attributes, Body, Download, May, Upload
from storage.objects.trash import Bin, NoBin, Trash

FIRST_DEVICE: Final = ring.Device(id=1, directory="d1", weight=1.0)
RING: Final = "ring.json"
INLINE_BYTES_MAX: Final = 64 << 10
SUSPECTS_MAX: Final = 10_000  # what a reader met; the auditor's round meets the rest
OPEN_ATTEMPTS: Final = 10  # a reader that loses this many races with writers reports damage


log = logging.getLogger(__name__)


class Tell(Protocol):
    """Hears what the store finds and does by itself: one word or two, and facts by name."""

    def __call__(self, what: str, /, **facts: str) -> None:
        """Take note; never raises."""


def untold(_what: str, /, **_facts: str) -> None:
    """Tell nobody."""


class ListedContainer(NamedTuple):
    """A container as an account's listing shows it."""

    name: str
    timestamp: int
    object_count: int
    bytes_used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountInfo:
    """What is known of an account; one that nobody has used yet has all zeros."""

    timestamp: int
    container_count: int
    object_count: int
    bytes_used: int
    metadata: Mapping[str, str]


class ObjectStore:
    """An open store; every method may be called from any thread.

    `part_power` counts only when the ring is made, at the first opening. `devices` are the folders
    that objects live in (none: one below the root), `replicas` on how many of them each; with more
    than one, no object lives in its container's file, which has no replica. Writes are refused when
    they would leave less than `reserve_bytes` on a disk. `tell` hears what the store finds and
    repairs; `ciphers` are those of objects that are kept encrypted; `rubbish` says what of the
    deleted is kept, and for how long; `waiting` is entered where a change waits. Raises StoreBusy,
    StoreUnusable, StoreFull; every verb below may raise StoreError besides what it says.
    """

    def __init__(
        self,
        root: Path,
        *,
        part_power: int = ring.PART_POWER_DEFAULT,
        devices: Sequence[ring.Wish] = (),
        replicas: int = 1,
        reserve_bytes: int = 0,
        inline_bytes_max: int = INLINE_BYTES_MAX,
        tell: Tell = untold,
        ciphers: Ciphers = AS_KEPT,
        rubbish: Bin | None = None,
        waiting: Waiting = contextlib.nullcontext,
    ) -> None:
        self.root = root
        self.bin = rubbish or NoBin()
        self.ciphers = ciphers
        self.tell = tell
        self._timestamps = TimestampSource()
        self._publishing: set[str] = set()  # names of data files whose rows are to follow
        self.unsettled = 0  # how often anything came to lie where it does not belong
        self._settling = threading.Lock()
        self._space = Space(reserve_bytes)
        self._inline_bytes_max = inline_bytes_max
        self._suspects: deque[ObjectName] = deque(maxlen=SUSPECTS_MAX)
        with contextlib.ExitStack() as undo, translated(f"object store {root}: open"):
            blobs.make_directory(root)
            root.chmod(0o700)  # whoever reads a file here reads past every policy
            self._lock_fd = _lock(root)
            undo.callback(os.close, self._lock_fd)
            blobs.sweep_drafts(root)
            is_new = _is_new(root)
            self.catalog = Catalog(root, self._timestamps, is_new=is_new, waiting=waiting)
            undo.callback(self.catalog.close)
            loaded = _ring(root, part_power, is_new=is_new)
            self._saved_ring = loaded
            store_id = _store_id(root)
            self.files = ObjectFiles(root, loaded, store_id=store_id, on_loss=self._on_loss)
            self.place(devices or [ring.Wish(directory=FIRST_DEVICE.directory)], replicas=replicas)
            self._forget_useless_devices()
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything; no other call may be under way."""
        self.catalog.close()
        os.close(self._lock_fd)

    # Devices

    def place(self, devices: Sequence[ring.Wish], *, replicas: int) -> None:
        """Let objects live on these devices; the auditor re-places what is elsewhere meanwhile.

        A device that is named no more is emptied, and forgotten at the next opening that finds it
        empty or lost. Raises StoreUnusable.
        """
        with translated(f"object store {self.root}: devices"):
            try:
                self.files.use(self.files.ring.with_devices(devices, replicas=replicas))
            except ValueError as error:
                raise StoreUnusable(f"object store {self.root}: devices: {error}") from error
            seen = self.files.ring
            if not seen.is_settled or _lost(seen) != _lost(self._saved_ring):
                self._unsettle()
            self._save(self.files.ring)

    def settle(self, *, since: int) -> None:
        """Remember that every object lies where it belongs, if `unsettled` still is `since`."""
        with self._settling:
            if self.unsettled == since:
                self._save(replace(self.files.ring, is_settled=True))

    @property
    def is_settled(self) -> bool:
        """Whether every object lies where it belongs."""
        return self.files.ring.is_settled

    def take_suspects(self) -> list[ObjectName]:
        """Return objects of which a reader met a rotten copy, each once, and forget them."""
        found = dict.fromkeys(self._suspects)
        self._suspects.clear()
        return list(found)

    def _on_loss(self, folder: Path) -> None:
        self.tell("device lost", path=str(folder))
        self._unsettle()

    def _unsettle(self) -> None:
        """Remember that an object may lie where it does not belong."""
        with self._settling:
            self.unsettled += 1
            self._save(replace(self.files.ring, is_settled=False))

    def _forget_useless_devices(self) -> None:
        """Take out of the ring what is to be emptied and is, while nobody writes to it yet."""
        useless = {
            folder.device.id
            for folder in self.files.every_folder
            if not folder.device.weight and (folder.is_lost or folder.is_empty())
        }
        if useless:
            self.files.use(self.files.ring.without(useless))
            self._save(self.files.ring)

    def _save(self, changed: ring.Ring) -> None:
        """Keep the ring as it is now. A full disk only makes the next start look again."""
        self.files.know(changed)
        if changed == self._saved_ring:
            return
        try:
            changed.save(self.root / RING)
            self._saved_ring = changed
        except OSError as error:
            log.warning("object store %s: ring not saved: %s", self.root, error.strerror)

    # Accounts

    def head_account(self, account: str) -> AccountInfo:
        """Return an account's counts and metadata; zeros if nobody used it yet."""
        with translated(f"account {account}: head"):
            found = self.catalog.accounts.get(account)
            counts = self.catalog.counts(account).values()
        return AccountInfo(
            timestamp=found.timestamp,
            container_count=found.container_count,
            object_count=sum(count.objects for count in counts),
            bytes_used=sum(count.size_bytes for count in counts),
            metadata=found.metadata,
        )

    def post_account(self, account: str, changes: Mapping[str, str | None]) -> None:
        """Set an account's metadata; None removes a key."""
        with translated(f"account {account}: post"):
            self.catalog.accounts.update_metadata(
                account, changes, timestamp=self._timestamps.next()
            )

    def account_metadata(self, account: str) -> Mapping[str, str]:
        """Return an account's metadata without counting anything; nothing if nobody used it yet."""
        with translated("account {}: head", account):
            return self.catalog.accounts.metadata(account)

    def list_account(
        self, account: str, query: listing.Query
    ) -> list[ListedContainer | listing.Subdir]:
        """Return one page of an account's containers."""
        with translated(f"account {account}: list"):
            counts = self.catalog.counts(account)
            page = self.catalog.accounts.page(account, query)
        return [
            ListedContainer(row.name, row.timestamp, *counts.get(row.name, (0, 0)))
            if isinstance(row, Entry)
            else row
            for row in page
        ]

    def accounts_with(self, container: str) -> list[str]:
        """Return the accounts that have a container of that name, the oldest first."""
        with translated(f"container {container}: find"):
            return self.catalog.accounts.owners(container)

    def delete_account(self, account: str) -> None:
        """Forget an account. Raises AccountNotEmpty."""
        with translated(f"account {account}: delete"):
            self.catalog.accounts.delete(account)

    # Containers

    def put_container(
        self, account: str, container: str, *, metadata: Mapping[str, str | None] | None = None
    ) -> bool:
        """Make a container, or change the metadata of one; return whether it is new."""
        with translated(f"container {account}/{container}: put"):
            is_new = self.catalog.make(account, container)
            if metadata:
                self.post_container(account, container, changes=metadata)
            return is_new

    def head_container(self, account: str, container: str) -> ContainerInfo:
        """Return a container's counts and metadata. Raises ContainerNotFound."""
        with self.catalog.borrow(account, container) as opened:
            return opened.info()

    def container_metadata(self, account: str, container: str) -> Mapping[str, str]:
        """Return a container's metadata without its counts. Raises ContainerNotFound."""
        with self.catalog.borrow(account, container) as opened:
            return opened.metadata()

    def post_container(
        self, account: str, container: str, *, changes: Mapping[str, str | None]
    ) -> None:
        """Set a container's metadata; None removes a key. Raises ContainerNotFound."""
        with self.catalog.borrow(account, container) as opened:
            opened.update_metadata(changes)

    def list_container(
        self, account: str, container: str, *, query: listing.Query
    ) -> list[containers.Listed | listing.Subdir]:
        """Return one page of a container's objects. Raises ContainerNotFound."""
        with self.catalog.borrow(account, container) as opened:
            return opened.page(query)

    def delete_container(self, account: str, container: str, *, to: Trash | None = None) -> None:
        """Remove an empty container and its trash, or put both aside.

        Raises ContainerNotFound, ContainerNotEmpty.
        """
        with translated(f"container {account}/{container}: delete"):
            if to is None and not self.head_container(account, container).object_count:
                with self.catalog.borrow(account, container) as opened:
                    self.bin.emptied(trashcan.empty_container(self, opened, account, container))
            self.catalog.remove(account, container, to=to)

    # Objects

    def put_object(
        self, name: ObjectName, *, size_bytes: int = 0, aside: Trash | None = None
    ) -> Upload:
        """Begin an object, of `size_bytes` if known; what it replaces may be put aside.

        Raises ContainerNotFound, StoreFull.
        """
        with self.catalog.borrow(name.account, name.container), translated("object {}: put", name):
            inline_bytes_max = self._inline_bytes_max if self.files.replicas == 1 else -1
            is_inline = size_bytes <= inline_bytes_max
            self._check_room(self.root, size_bytes if is_inline else 0)
            if not is_inline:
                self._check_space(name, size_bytes)
        return Upload(
            name,
            lambda body, said, may: self._commit(
                name, body, said=said, may_replace=may, aside=aside
            ),
            drafts=lambda: self.files.drafts(name),
            inline_bytes_max=inline_bytes_max,
            check_space=lambda size_bytes: self._check_space(name, size_bytes),
        )

    def is_at_hand(self, account: str, container: str) -> bool:
        """Return whether a container is open, so that a row of it is read in no time."""
        return self.catalog.is_at_hand(account, container)

    def head_object(self, name: ObjectName, *, even_expired: bool = False) -> ObjectRecord:
        """Return what is known of an object. Raises ObjectNotFound, ContainerNotFound."""
        with self.catalog.borrow(name.account, name.container) as opened:
            record = opened.get(name.name)
        if record.has_expired and not even_expired:
            raise ObjectNotFound(f"object {name} has expired")
        return record

    def get_object(
        self, name: ObjectName, *, even_expired: bool = False, ciphers: Ciphers | None = None
    ) -> Download:
        """Open an object's bytes, decrypted by these ciphers, or by the store's own.

        Raises ObjectNotFound, ContainerNotFound, ObjectDamaged, ObjectSealed.
        """
        for _ in range(OPEN_ATTEMPTS):
            with self.catalog.borrow(name.account, name.container) as opened:
                stored = opened.read(name.name)
                record, blocks = stored.record, stored.blocks
                if record.has_expired and not even_expired:
                    raise ObjectNotFound(f"object {name} has expired")
                if stored.data is None and record.size_bytes > sums.BLOCK_BYTES and not blocks:
                    blocks = self._sum_blocks(name, record, opened)
            cipher = (ciphers or self.ciphers).of(record)
            with translated("object {}: get", name):
                download = Download(
                    record,
                    self.files.open(name, record),
                    data=stored.data,
                    blocks=blocks,
                    on_rot=lambda: self._suspects.append(name),
                    cipher=cipher,
                )
            # Gone if replaced between the row and the file: then the row has another file.
            if download.is_found:
                return download
        raise ObjectDamaged(f"object {name}: its data file is missing: upload it again")

    def post_object(
        self,
        name: ObjectName,
        *,
        metadata: Mapping[str, str],
        content_type: str | None = None,
        delete_at: int | None = None,
        written: int | None = None,
    ) -> ObjectRecord:
        """Replace an object's metadata; its content type only if given. With `written`, only if
        that version is the object. Raises ObjectNotFound.
        """
        old = self.head_object(name)
        if written not in {None, old.written}:
            raise ObjectNotFound(f"object {name} was replaced meanwhile")
        record = replace(
            old,
            timestamp=self._timestamps.next(after=old.timestamp),
            metadata=dict(metadata),
            content_type=content_type or old.content_type,
            delete_at=delete_at,
        )
        with self.catalog.borrow(name.account, name.container) as opened:
            opened.update(record)
        return record

    def delete_object(
        self, name: ObjectName, *, written: int | None = None, to: Trash | None = None
    ) -> ObjectRecord:
        """Remove an object, or put it aside; with `written`, only if that version is the object.

        Raises ObjectNotFound, ContainerNotFound.
        """
        with self.catalog.borrow(name.account, name.container) as opened:
            record, is_file = opened.delete(name.name, written=written, to=to)
            self.catalog.note_change(name.account, name.container)
            if is_file:
                self.files.remove(name, record.written)
        return record

    def _check_room(self, folder: Path, size_bytes: int) -> None:
        """Raise StoreFull where there is no room, also after the trash was emptied for it."""
        try:
            self._space.check(folder, size_bytes)
        except StoreFull:
            emptied = trashcan.empty(self)
            self.bin.emptied(emptied)
            if not self.bin.make_room() and not emptied:
                raise
            log.warning("object store: %s had no room: the trash was emptied for it", folder)
            self._space.check(folder, size_bytes)

    def is_publishing(self, path: Path) -> bool:
        """Return whether a data file is being named now, its row to follow."""
        return path.name in self._publishing

    def _commit(
        self,
        name: ObjectName,
        body: Body,
        *,
        said: Attributes,
        may_replace: May,
        aside: Trash | None,
    ) -> ObjectRecord:
        with (
            self.catalog.borrow(name.account, name.container) as opened,
            translated("object {}: commit", name),
        ):
            if body.data is None:
                old = opened.find(name.name)
                if old and not may_replace(old):
                    raise NotReplaced(f"object {name} is not to be replaced")
                after = old.timestamp if old else 0
                record = self._record(name, body, said, after=after)
                obsolete = self._commit_file(name, body, record, opened=opened, aside=aside)
            else:
                record, obsolete = opened.put_inline(
                    lambda after: self._record(name, body, said, after=after),
                    name=name.name,
                    data=body.data,
                    may_replace=may_replace,
                    aside=aside,
                )
            self.catalog.note_change(name.account, name.container)
            if obsolete is not None:
                self.files.remove(name, obsolete)
        return record

    def _commit_file(
        self,
        name: ObjectName,
        body: Body,
        record: ObjectRecord,
        *,
        opened: containers.Container,
        aside: Trash | None,
    ) -> int | None:
        with self._while_publishing(self.files.path(name, record.written)):
            self.files.publish(body.drafts, name, record)
            try:
                obsolete = opened.put(record, blocks=body.blocks, aside=aside)
            except BaseException:
                self.files.remove(name, record.written)
                raise
        if not self.files.are_at_home(body.drafts, name):  # begun before the devices changed
            self._unsettle()
        return obsolete

    def _record(
        self, name: ObjectName, body: Body, said: Attributes, *, after: int
    ) -> ObjectRecord:
        written = self._timestamps.next(after=after)
        return ObjectRecord(
            name=name.name,
            written=written,
            timestamp=written,
            size_bytes=body.size_bytes,
            etag=body.etag,
            xxh3=body.xxh3,
            content_type=said.content_type,
            metadata=said.metadata,
            delete_at=said.delete_at,
        )

    def _sum_blocks(
        self, name: ObjectName, record: ObjectRecord, opened: containers.Container
    ) -> bytes:
        """Sum a file that was written before blocks had sums, once. Raises ObjectDamaged."""
        with translated(f"object {name}: sum its blocks"):
            for fd in self.files.open(name, record):
                with open(fd, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor
                    xxh3, blocks = sums.of_file(file)
                if xxh3 == record.xxh3:
                    with contextlib.suppress(StoreError, sqlite3.Error):  # the next reader will
                        opened.keep_blocks(record.written, blocks)
                    return blocks
                self._suspects.append(name)
        if self.files.copies(name, record.written):
            raise ObjectDamaged(f"object {name}: no copy has the bytes that were written")
        return b""

    def _check_space(self, name: ObjectName, size_bytes: int) -> None:
        """Raise StoreFull if so many bytes leave less than the reserve where an object goes."""
        for folder in self.files.takers(name):
            self._check_room(folder.path, size_bytes)

    @contextlib.contextmanager
    def _while_publishing(self, path: Path) -> Iterator[None]:
        self._publishing.add(path.name)
        try:
            yield
        finally:
            self._publishing.discard(path.name)


def _lost(one: ring.Ring) -> set[int]:
    return {device.id for device in one.devices if device.is_lost}


def _lock(root: Path) -> int:
    """Take the store for this process until the descriptor is closed, or the process ends."""
    fd = os.open(root / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise StoreBusy(f"object store {root} is open in another process: stop that one") from error
    return fd


def _store_id(root: Path) -> str:
    """Return what devices know this store by; made at the first opening."""
    path = root / "store-id"
    if not path.exists():
        blobs.write_whole(path, secrets.token_hex(16).encode())
    return path.read_text()


def _is_new(root: Path) -> bool:
    """Return whether nothing was ever stored here; refuse a store that lost a part of itself."""
    has_ring, has_accounts = (root / RING).exists(), (root / "accounts.sqlite").exists()
    if has_ring and not has_accounts:
        raise StoreUnusable(f"{root}/accounts.sqlite is lost: restore it, it names the containers")
    if has_accounts and not has_ring and any((root / "containers").glob("*.sqlite")):
        raise StoreUnusable(f"{root}/{RING} is lost: restore it, objects are found by it")
    return not has_ring


def _ring(root: Path, part_power: int, *, is_new: bool) -> ring.Ring:
    path = root / RING
    if is_new:
        ring.Ring.build([FIRST_DEVICE], part_power=part_power).save(path)
    try:
        return ring.Ring.load(path)
    except ValueError as error:
        raise StoreUnusable(f"{error}: restore it, objects are found by it") from error
