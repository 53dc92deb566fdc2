"""Which accounts and containers there are, each container's open file, and their counts.

It refuses to know objects' bytes.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from storage import blobs
from storage.objects import database
from storage.objects.account import Accounts, Trashed
from storage.objects.container import Container
from storage.objects.database import Waiting
from storage.objects.errors import ContainerDamaged, ContainerNotFound
from storage.objects.object_file import ObjectRecord
from storage.objects.object_rows import Stored
from storage.objects.open_containers import Borrowed, OpenContainers
from storage.objects.timestamps import TimestampSource
from storage.objects.trash import Trash

log = logging.getLogger(__name__)


class Counts(NamedTuple):
    """How many objects a container holds, and of how many bytes."""

    objects: int
    size_bytes: int


class Catalog:
    """The accounts file and the containers it points at; any thread may call."""

    def __init__(
        self, root: Path, timestamps: TimestampSource, *, is_new: bool, waiting: Waiting
    ) -> None:
        self._directory = root / "containers"
        blobs.make_directory(self._directory)
        self.accounts = Accounts(root / "accounts.sqlite", is_new=is_new)
        self._containers = OpenContainers(self._open)
        self._timestamps = timestamps
        self._waiting = waiting
        self._making = threading.Lock()
        self._counting = threading.Lock()
        self._counts: dict[str, dict[str, Counts]] = {}  # account → container → as last counted
        self._stale: dict[str, set[str]] = {}  # account → containers changed since, once counted

    def close(self) -> None:
        """Let go of everything; no other call may be under way."""
        self._containers.close()
        self.accounts.close()

    def borrow(self, account: str, container: str) -> Borrowed:
        """Lend an open container. Raises ContainerNotFound, StoreError if its file is damaged."""
        return self._containers.borrow(account, container)

    def is_at_hand(self, account: str, container: str) -> bool:
        """Return whether a container is open, so that a row of it is read in no time."""
        return self._containers.is_at_hand(account, container)

    def make(self, account: str, container: str) -> bool:
        """Make a container; return False if it is there already."""
        with self._making:
            if self.accounts.find_file(account, container):
                return False
            timestamp = self._timestamps.next()
            with self._new_file(account, container, timestamp=timestamp) as file:
                self.accounts.add(account, container, file=file, timestamp=timestamp)
            self.note_change(account, container)
            return True

    def remove(self, account: str, container: str, *, to: Trash | None = None) -> None:
        """Remove an empty container, or put it aside with what is in its own trash.

        Raises ContainerNotFound, ContainerNotEmpty.
        """
        with self.borrow(account, container) as opened:
            with opened.deletion():
                self.accounts.remove(account, container, to=to)
            self._containers.forget(account, container)
            self.note_change(account, container)
            if to is None:
                database.remove(opened.path)

    def restore_container(self, account: str, container: str, entry: str, *, until_s: int) -> None:
        """Bring a container back from the trash. Raises AlreadyThere."""
        with self._making:
            self.accounts.restore(entry, until_s=until_s)
            self.note_change(account, container)

    @contextlib.contextmanager
    def opened_trash(self, trashed: Trashed) -> Iterator[Container | None]:
        """Open the file of a container in the trash; None if it is lost."""
        path = self._directory / trashed.file
        if not path.exists():
            yield None
            return
        with contextlib.closing(Container(path)) as opened:
            yield opened

    def drop_file(self, trashed: Trashed) -> None:
        """Remove the file of a container that left the trash."""
        database.remove(self._directory / trashed.file)

    def is_kept(self, account: str, container: str, *, name: str, written: int) -> bool:
        """Return whether that version of an object is in the trash, or in a container there."""
        with contextlib.suppress(ContainerNotFound), self.borrow(account, container) as opened:
            if opened.is_kept(name, written):
                return True
        for trashed in self.accounts.trashed(account, container):
            with self.opened_trash(trashed) as aside:
                if not trashed.is_back and aside is not None and aside.is_kept(name, written):
                    return True
        return False

    def file(self, account: str, container: str) -> Path | None:
        """Return where a container's file is, or should be; None if there is no such container."""
        file = self.accounts.find_file(account, container)
        return self._directory / file if file else None

    @contextlib.contextmanager
    def frozen(self, account: str, container: str) -> Iterator[None]:
        """Refuse changes to a damaged container during the block."""
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(ContainerDamaged):
                stack.enter_context(self.borrow(account, container)).retire()
            yield

    def restore(
        self,
        account: str,
        container: str,
        *,
        records: Iterable[ObjectRecord | Stored],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Put a new file with these objects in the place of a frozen container's damaged one.

        The damaged file stays beside it, renamed, for a person. Raises ContainerNotFound.
        """
        with (
            self._making,
            self._new_file(
                account,
                container,
                timestamp=self._timestamps.next(),
                records=records,
                metadata=metadata,
            ) as file,
        ):
            damaged = self.accounts.find_file(account, container)
            self.accounts.move(account, container, file=file)
        self._containers.forget(account, container)
        self.note_change(account, container)
        if damaged is not None and (path := self._directory / damaged).exists():
            path.replace(path.with_suffix(".damaged"))
            database.remove(path)

    def remove_strays(self) -> int:
        """Remove container files that no account points at; return how many."""
        with self._making:
            known = self.accounts.files()
            strays = [p for p in self._directory.glob("*.sqlite") if p.name not in known]
            for path in strays:
                database.remove(path)
        return len(strays)

    def note_change(self, account: str, container: str) -> None:
        """Remember that a container's counts are out of date."""
        if (stale := self._stale.get(account)) is not None:
            stale.add(container)

    def counts(self, account: str) -> dict[str, Counts]:
        """Return objects and bytes of each container: only changed ones are looked into again.

        They are kept in memory: no reader waits for the disk, or fails when it is full.
        """
        with self._counting:
            if account not in self._stale:
                self._stale[account] = set()
                self._stale[account].update(self.accounts.names(account))
            stale, counts = self._stale[account], self._counts.setdefault(account, {})
            while stale:
                container = stale.pop()
                try:
                    counts[container] = self._count(account, container)
                except ContainerNotFound:
                    counts.pop(container, None)
                except BaseException:
                    stale.add(container)
                    raise
            return dict(counts)

    def _count(self, account: str, container: str) -> Counts:
        try:
            with self.borrow(account, container) as opened:
                info = opened.info()
        except ContainerDamaged as error:
            log.error("container %s/%s: counted as empty: %s", account, container, error)  # noqa: TRY400
            return Counts(0, 0)
        return Counts(info.object_count, info.bytes_used)

    def _open(self, account: str, container: str) -> Container:
        file = self.accounts.find_file(account, container)
        if file is None:
            raise ContainerNotFound(f"container {account}/{container} does not exist")
        path = self._directory / file
        if not path.exists() or path.stat().st_size == 0:
            raise ContainerDamaged(f"container {account}/{container}: its file {path} is lost")
        opened = Container(path, waiting=self._waiting)
        self._timestamps.next(after=opened.last_tick())  # whatever the clock says today
        return opened

    @contextlib.contextmanager
    def _new_file(
        self,
        account: str,
        container: str,
        *,
        timestamp: int,
        records: Iterable[ObjectRecord | Stored] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> Iterator[str]:
        """Write a container's file for the block to point at; if it fails, the file is gone."""
        path = self._directory / f"{secrets.token_hex(8)}.sqlite"
        try:
            Container.create(
                path,
                account,
                name=container,
                timestamp=timestamp,
                records=records,
                metadata=metadata,
            )
            blobs.sync_directory(path.parent)
            yield path.name
        except BaseException:
            database.remove(path)
            raise
