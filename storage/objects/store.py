"""The object store: accounts, containers and objects under one directory.

    ring.json    accounts.sqlite    containers/<id>.sqlite
    <device>/objects/<partition>/<hash>-<timestamp>.data

A row points at a file and is the truth: what is written is made durable from the bottom up (bytes,
their name, the row) and removed from the top down, so a kill in between leaves at most a file
that nothing points at, which the auditor removes. One process opens a store at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, NamedTuple, Self

from storage import blobs
from storage.objects import container as containers
from storage.objects import listing, ring
from storage.objects.account import Entry
from storage.objects.catalog import Catalog
from storage.objects.container import ContainerInfo
from storage.objects.errors import (
    ObjectDamaged,
    ObjectNotFound,
    StoreBusy,
    StoreUnusable,
    translated,
)
from storage.objects.object_file import ObjectFiles, ObjectName, ObjectRecord
from storage.objects.timestamps import TimestampSource
from storage.objects.transfer import Attributes, Download, Upload

FIRST_DEVICE: Final = ring.Device(id=1, directory="d1", weight=1.0)
OPEN_ATTEMPTS: Final = 10  # a reader that loses this many races with writers reports damage


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

    `part_power` counts only when the ring is made, at the first opening. Raises StoreBusy,
    StoreUnusable, StoreFull; every verb below may raise StoreError besides what it says.
    """

    def __init__(self, root: Path, *, part_power: int = ring.PART_POWER_DEFAULT) -> None:
        self.root = root
        self._timestamps = TimestampSource()
        self._publishing: set[Path] = set()
        with contextlib.ExitStack() as undo, translated(f"object store {root}: open"):
            blobs.make_directory(root)
            root.chmod(0o700)  # whoever reads a file here reads past every policy
            self._lock_fd = _lock(root)
            undo.callback(os.close, self._lock_fd)
            blobs.sweep_drafts(root)
            is_new = _is_new(root)
            self.catalog = Catalog(root, self._timestamps, is_new=is_new)
            undo.callback(self.catalog.close)
            self.files = ObjectFiles(root, _ring(root, part_power, is_new=is_new))
            self.files.prepare()
            undo.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of everything; no other call may be under way."""
        self.catalog.close()
        os.close(self._lock_fd)

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

    def delete_container(self, account: str, container: str) -> None:
        """Remove an empty container. Raises ContainerNotFound, ContainerNotEmpty."""
        with translated(f"container {account}/{container}: delete"):
            self.catalog.remove(account, container)

    # Objects

    def put_object(self, name: ObjectName) -> Upload:
        """Begin an object. Raises ContainerNotFound."""
        with self.catalog.borrow(name.account, name.container), translated(f"object {name}: put"):
            draft = self.files.draft(name)
        return Upload(name, draft, lambda draft, said: self._commit(name, draft, said=said))

    def head_object(self, name: ObjectName) -> ObjectRecord:
        """Return what is known of an object. Raises ObjectNotFound, ContainerNotFound."""
        with self.catalog.borrow(name.account, name.container) as opened:
            record = opened.get(name.name)
        if record.delete_at is not None and record.delete_at <= time.time():
            raise ObjectNotFound(f"object {name} has expired")
        return record

    def get_object(self, name: ObjectName) -> Download:
        """Open an object's bytes. Raises ObjectNotFound, ContainerNotFound, ObjectDamaged."""
        for _ in range(OPEN_ATTEMPTS):
            record = self.head_object(name)
            # Gone if replaced between the row and the file: then the row has another file.
            with translated(f"object {name}: get"), contextlib.suppress(FileNotFoundError):
                return Download(record, self.files.open(name, record))
        raise ObjectDamaged(f"object {name}: its data file is missing: upload it again")

    def post_object(
        self,
        name: ObjectName,
        *,
        metadata: Mapping[str, str],
        content_type: str | None = None,
        delete_at: int | None = None,
    ) -> ObjectRecord:
        """Replace an object's metadata; its content type only if given. Raises ObjectNotFound."""
        old = self.head_object(name)
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

    def delete_object(self, name: ObjectName, *, written: int | None = None) -> ObjectRecord:
        """Remove an object; with `written`, only if that version still is the object.

        Raises ObjectNotFound, ContainerNotFound.
        """
        with self.catalog.borrow(name.account, name.container) as opened:
            record = opened.delete(name.name, written=written)
            self.catalog.note_change(name.account, name.container)
            self.files.remove(name, record.written)
        return record

    def is_publishing(self, path: Path) -> bool:
        """Return whether a data file is being named now, its row to follow."""
        return path in self._publishing

    def _commit(self, name: ObjectName, draft: blobs.Draft, *, said: Attributes) -> ObjectRecord:
        with (
            self.catalog.borrow(name.account, name.container) as opened,
            translated(f"object {name}: commit"),
        ):
            old = opened.find(name.name)
            written = self._timestamps.next(after=old.timestamp if old else 0)
            record = ObjectRecord(
                name=name.name,
                written=written,
                timestamp=written,
                size_bytes=draft.size_bytes,
                etag=draft.etag,
                xxh3=draft.xxh3,
                content_type=said.content_type,
                metadata=said.metadata,
                delete_at=said.delete_at,
            )
            with self._while_publishing(self.files.path(name, written)) as path:
                self.files.publish(draft, name, record)
                try:
                    obsolete = opened.put(record)
                except BaseException:
                    path.unlink()
                    raise
            self.catalog.note_change(name.account, name.container)
            if obsolete is not None:
                self.files.remove(name, obsolete)
        return record

    @contextlib.contextmanager
    def _while_publishing(self, path: Path) -> Iterator[Path]:
        self._publishing.add(path)
        try:
            yield path
        finally:
            self._publishing.discard(path)


def _lock(root: Path) -> int:
    """Take the store for this process until the descriptor is closed, or the process ends."""
    fd = os.open(root / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(fd)
        raise StoreBusy(f"object store {root} is open in another process: stop that one") from error
    return fd


def _is_new(root: Path) -> bool:
    """Return whether nothing was ever stored here; refuse a store that lost a part of itself."""
    has_ring, has_accounts = (root / "ring.json").exists(), (root / "accounts.sqlite").exists()
    if has_ring and not has_accounts:
        raise StoreUnusable(f"{root}/accounts.sqlite is lost: restore it, it names the containers")
    if has_accounts and not has_ring and any((root / "containers").glob("*.sqlite")):
        raise StoreUnusable(f"{root}/ring.json is lost: restore it, objects are found by it")
    return not has_ring


def _ring(root: Path, part_power: int, *, is_new: bool) -> ring.Ring:
    path = root / "ring.json"
    if is_new:
        ring.Ring.build([FIRST_DEVICE], part_power=part_power).save(path)
    try:
        return ring.Ring.load(path)
    except ValueError as error:
        raise StoreUnusable(f"{error}: restore it, objects are found by it") from error
