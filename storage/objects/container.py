"""A container: one SQLite file with a row for each object, and their number and bytes.

The row is the truth: an object exists if it has one. The bytes of a small object are in the file
too, under the tick that the row names (`bodies`); those of any other are a data file of that tick.
It refuses to know where data files are.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from storage.objects import listing, object_rows, trash
from storage.objects.database import Database, Waiting, Work
from storage.objects.errors import (
    ContainerDamaged,
    ContainerNotEmpty,
    ContainerNotFound,
    ObjectNotFound,
)
from storage.objects.object_file import ObjectRecord
from storage.objects.object_rows import Stored, record_of
from storage.objects.trash import Due, Held, Kept, Trash

T = TypeVar("T")

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS container (
    account      TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    timestamp    INTEGER NOT NULL,
    object_count INTEGER NOT NULL DEFAULT 0 CHECK (object_count >= 0),
    bytes_used   INTEGER NOT NULL DEFAULT 0 CHECK (bytes_used >= 0),
    metadata     TEXT    NOT NULL DEFAULT '{}',
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
    name         TEXT    NOT NULL PRIMARY KEY,
    written      INTEGER NOT NULL,
    timestamp    INTEGER NOT NULL,
    size_bytes   INTEGER NOT NULL CHECK (size_bytes >= 0),
    etag         TEXT    NOT NULL,
    xxh3         TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    metadata     TEXT    NOT NULL,
    delete_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS objects_delete_at ON objects (delete_at) WHERE delete_at IS NOT NULL;
"""
# By tick, and not beside their rows: a page of names reads none of the bytes, and new ones go to
# the end. `sums` are those of the blocks of a data file that has more than one.
BODIES: Final = """
CREATE TABLE IF NOT EXISTS bodies (
    written INTEGER PRIMARY KEY,
    data    BLOB    NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS blocks (
    written INTEGER PRIMARY KEY,
    sums    BLOB    NOT NULL
) STRICT;
"""
VERSION: Final = 2  # of the file: 0 had no bodies, 1 no trash
CHANGES: Final = BODIES + trash.SCHEMA
READ: Final = (
    "SELECT name, objects.written, timestamp, size_bytes, etag, xxh3, content_type, metadata,"
    " delete_at, data, sums FROM objects"
    " LEFT JOIN bodies ON bodies.written = objects.written"
    " LEFT JOIN blocks ON blocks.written = objects.written WHERE name = ?"
)
RECORDS: Final = (
    "SELECT name, objects.written, timestamp, size_bytes, etag, xxh3, content_type, metadata,"
    " delete_at, bodies.written IS NOT NULL FROM objects"
    " LEFT JOIN bodies ON bodies.written = objects.written"
    " WHERE name > ? ORDER BY name LIMIT ?"
)
LIST: Final = (
    "SELECT name, timestamp, size_bytes, etag, content_type"
    " FROM objects WHERE name >= ? AND name < ? ORDER BY name LIMIT ?"
)
LIST_REVERSE: Final = LIST.replace("ORDER BY name", "ORDER BY name DESC")
EXPIRED: Final = "SELECT name FROM objects WHERE delete_at <= ? ORDER BY delete_at LIMIT ?"
LAST_TICK: Final = (
    "SELECT max(coalesce((SELECT max(written) FROM bodies), 0),"
    " coalesce((SELECT max(written) FROM blocks), 0))"
)
CONTENTS: Final = (
    "SELECT (SELECT count(*) FROM objects), (SELECT coalesce(sum(size_bytes), 0) FROM objects),"
    " (SELECT count(*) FROM objects JOIN bodies USING (written)),"
    " (SELECT count(*) FROM trash WHERE NOT is_back),"
    " (SELECT coalesce(sum(size_bytes), 0) FROM trash WHERE NOT is_back)"
)


class Listed(NamedTuple):
    """An object as a listing shows it (a tuple: a page holds ten thousand)."""

    name: str
    timestamp: int
    size_bytes: int
    etag: str
    content_type: str


class Contents(NamedTuple):
    """What is in a container's file, counted row by row."""

    objects: int
    size_bytes: int
    inline: int  # objects whose bytes are in the file too
    trashed: int
    trashed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerInfo:
    """What is known of a container besides its objects."""

    name: str
    timestamp: int
    object_count: int
    bytes_used: int
    metadata: Mapping[str, str]


class Container:
    """An open container. Any thread may call; changes queue up, reads do not wait for them."""

    def __init__(self, path: Path, *, waiting: Waiting = contextlib.nullcontext) -> None:
        self._db = Database(path, version=VERSION, changes=CHANGES, waiting=waiting)
        self._is_retired = False
        self._metadata: tuple[object, Mapping[str, str]] = (None, {})  # a row, and what it says

    @staticmethod
    def create(
        path: Path,
        account: str,
        *,
        name: str,
        timestamp: int,
        records: Iterable[ObjectRecord | Stored] = (),
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Write a new container's file, which nothing refers to yet, with these objects in it."""

        def fill(db: sqlite3.Connection) -> None:
            insert = (
                "INSERT INTO container (account, name, timestamp, metadata) VALUES (?, ?, ?, ?)"
            )
            db.execute(insert, (account, name, timestamp, json.dumps(dict(metadata or {}))))
            for each in records:
                stored = each if isinstance(each, Stored) else Stored(each)
                object_rows.insert(db, stored)
                object_rows.count(db, 1, stored.record.size_bytes)

        made = Database(path, schema=SCHEMA, version=VERSION, changes=CHANGES)
        with contextlib.closing(made) as file:
            file.change(fill)

    @property
    def path(self) -> Path:
        """The database's file."""
        return self._db.path

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def info(self) -> ContainerInfo:
        """Return name, counts and metadata."""
        row = self._db.known_row(
            "SELECT name, timestamp, object_count, bytes_used, metadata FROM container"
        )
        if row is None:
            raise ContainerDamaged(f"container file {self.path} has no container in it")
        name, timestamp, object_count, bytes_used, metadata = row
        return ContainerInfo(
            name=name,
            timestamp=timestamp,
            object_count=object_count,
            bytes_used=bytes_used,
            metadata=json.loads(metadata),
        )

    def metadata(self) -> Mapping[str, str]:
        """Return the metadata alone, which is known for as long as objects are put and no more."""
        row = self._db.known_row("SELECT metadata FROM container", despite=self._put_all)
        if row is None:
            raise ContainerDamaged(f"container file {self.path} has no container in it")
        read, metadata = self._metadata
        if row is not read:
            metadata = json.loads(row[0])
            self._metadata = row, metadata
        return metadata

    def contents(self) -> Contents:
        """Count the rows themselves, which takes a second for some million."""
        return Contents(*(self._db.row(CONTENTS) or (0, 0, 0, 0, 0)))

    def update_metadata(self, changes: Mapping[str, str | None]) -> None:
        """Set metadata; None removes a key."""

        def work(db: sqlite3.Connection) -> None:
            (text,) = db.execute("SELECT metadata FROM container").fetchone()
            merged = json.loads(text) | changes
            kept = {key: value for key, value in merged.items() if value is not None}
            db.execute("UPDATE container SET metadata = ?", (json.dumps(kept),))

        self._change(work)

    def get(self, name: str) -> ObjectRecord:
        """Return an object's row. Raises ObjectNotFound."""
        if (record := self.find(name)) is None:
            raise ObjectNotFound(f"object {name} is not in the container")
        return record

    def find(self, name: str) -> ObjectRecord | None:
        """Return an object's row, or None."""
        row = self._db.row(object_rows.GET, (name,))
        return record_of(row) if row else None

    def read(self, name: str) -> Stored:
        """Return an object as it is kept. Raises ObjectNotFound."""
        row = self._db.row(READ, (name,))
        if row is None:
            raise ObjectNotFound(f"object {name} is not in the container")
        return Stored(record_of(row[:9]), row[9], row[10] or b"")

    def put(
        self, record: ObjectRecord, *, blocks: bytes = b"", aside: Trash | None = None
    ) -> int | None:
        """Make `record`, whose bytes are a data file, the object, unless a later version is.

        What it replaces may be put `aside`. Returns the `written` of the version whose data file is
        not needed any more, if any.
        """

        def work(db: sqlite3.Connection) -> int | None:
            old = object_rows.find(db, record.name)
            if old and old.written > record.written:
                return record.written
            return object_rows.replace(db, old, Stored(record, None, blocks), aside)

        return self._change(work)

    def put_inline(
        self,
        make: Callable[[int], ObjectRecord],
        *,
        name: str,
        data: bytes,
        may_replace: Callable[[ObjectRecord], bool],
        aside: Trash | None = None,
    ) -> tuple[ObjectRecord, int | None]:
        """Make an object of bytes that are kept here; `make` gives its record, later than a tick.

        What it replaces may be put `aside`. Returns the record, and the `written` of the version
        whose data file is not needed any more. Raises NotReplaced.
        """
        put = object_rows.Put(make=make, name=name, data=data, may_replace=may_replace, aside=aside)
        return self._db.change(put, together=self._put_all)

    def keep_blocks(self, written: int, blocks: bytes) -> None:
        """Keep the sums of a data file's blocks."""
        self._change(lambda db: db.execute(object_rows.PUT_BLOCKS, (written, blocks)))

    def drop_body(self, written: int) -> None:
        """Forget bytes that rotted; the object stays listed, and is found damaged."""
        self._change(lambda db: db.execute("DELETE FROM bodies WHERE written = ?", (written,)))

    def update(self, record: ObjectRecord) -> None:
        """Change the metadata of a version. Raises ObjectNotFound if it is not the object now."""

        def work(db: sqlite3.Connection) -> None:
            old = object_rows.find(db, record.name)
            if not old or old.written != record.written:
                raise ObjectNotFound(f"object {record.name} was replaced or deleted meanwhile")
            db.execute(object_rows.PUT, object_rows.values(record))

        self._change(work)

    def delete(
        self, name: str, *, written: int | None = None, to: Trash | None = None
    ) -> tuple[ObjectRecord, bool]:
        """Remove an object, or put it aside; with `written`, only if that version is the object.

        Returns its row, and whether a data file is left to be removed. Raises ObjectNotFound.
        """

        def work(db: sqlite3.Connection) -> tuple[ObjectRecord, bool]:
            old = object_rows.find(db, name)
            if not old or written not in {None, old.written}:
                raise ObjectNotFound(f"object {name} is not in the container")
            if to is not None:
                trash.put(db, name, to)
            db.execute("DELETE FROM objects WHERE name = ?", (name,))
            object_rows.count(db, -1, -old.size_bytes)
            return old, to is None and not object_rows.forget_body(db, old.written)

        return self._change(work)

    def restore(
        self, entry: str, *, until_s: int, name: str | None = None, over: int | None = None
    ) -> int | None:
        """Bring back what an entry put aside, or one name of it, in place of the version `over`.

        It may be put aside again, under the same entry, until then. Returns the `written` of the
        version whose data file is not needed any more, if any. Raises AlreadyThere with nothing
        changed.
        """

        def work(db: sqlite3.Connection) -> int | None:
            old = object_rows.find(db, name) if name is not None and over is not None else None
            is_file_left = False
            if old is not None and old.written == over:
                db.execute("DELETE FROM objects WHERE name = ?", (name,))
                object_rows.count(db, -1, -old.size_bytes)
                is_file_left = not object_rows.forget_body(db, old.written)
            objects, size_bytes = trash.restore(db, entry, until_s=until_s, name=name)
            object_rows.count(db, objects, size_bytes)
            return over if is_file_left else None

        return self._change(work)

    def mark(self, name: str, to: Trash) -> None:
        """Let an object be one that `trash_again` puts aside under that entry."""
        self._change(lambda db: trash.put(db, name, to, is_back=True))

    def trash_again(self, entry: str, *, until_s: int) -> int:
        """Put aside again what an entry brought back, and what is still as it was; how many."""

        def work(db: sqlite3.Connection) -> int:
            found = trash.again(db, entry)
            for name, note in found:
                old = object_rows.find(db, name)
                trash.put(db, name, Trash(entry=entry, until_s=until_s, note=note))
                db.execute("DELETE FROM objects WHERE name = ?", (name,))
                object_rows.count(db, -1, -old.size_bytes if old else 0)
            return len(found)

        return self._change(work)

    def forget(self, due: Due) -> bool | None:
        """Let something leave the trash; whether a data file is left to be removed.

        What is back keeps its bytes. None: it was brought back or deleted again meanwhile, and
        stays as it is.
        """

        def work(db: sqlite3.Connection) -> bool | None:
            if not trash.forget(db, due):
                return None
            return not due.is_back and not object_rows.forget_body(db, due.written)

        return self._change(work)

    def kept(self) -> list[Kept]:
        """Return the entries of the trash."""
        with self._db.rows(trash.KEPT) as rows:
            return trash.kept(rows)

    def held(self, entry: str) -> list[Held]:
        """Return the objects of an entry that are in the trash, or are back by it."""
        with self._db.rows(trash.OF_ENTRY, (entry,)) as rows:
            return [Held(*row)._replace(is_back=bool(row[2])) for row in rows]

    def has_entry(self, entry: str, *, even_back: bool = False) -> bool:
        """Return whether something of an entry is in the trash, or is back by it."""
        return self._db.row(trash.HAS, (entry, even_back)) is not None

    def due(self, now_s: int, *, limit: int) -> list[Due]:
        """Return what is to leave the trash, longest ago first."""
        with self._db.rows(trash.DUE, (now_s, limit)) as rows:
            return [Due(*row)._replace(is_back=bool(row[3])) for row in rows]

    def is_kept(self, name: str, written: int) -> bool:
        """Return whether that version of an object is in the trash."""
        return self._db.row(trash.IS_KEPT, (name, written)) is not None

    def trashed(self, name: str, *, last: str = "") -> list[Stored]:
        """Return what is in the trash of a name (or from it to `last`), as it is kept."""
        with self._db.rows(trash.VERSIONS, (name, last or name)) as rows:
            records = [record_of(row) for row in rows]
        return [self._stored(record) for record in records]

    def _stored(self, record: ObjectRecord) -> Stored:
        data = self._db.row("SELECT data FROM bodies WHERE written = ?", (record.written,))
        blocks = self._db.row("SELECT sums FROM blocks WHERE written = ?", (record.written,))
        return Stored(record, data[0] if data else None, blocks[0] if blocks else b"")

    def page(self, query: listing.Query) -> list[Listed | listing.Subdir]:
        """Return one page of the objects' names and facts."""
        sql = LIST_REVERSE if query.is_reverse else LIST

        def fetch(lower: str, upper: listing.Bound, limit: int) -> Generator[Listed, None, None]:
            with self._db.rows(sql, (lower, upper, limit)) as rows:
                yield from map(Listed._make, rows)

        return listing.page(fetch, query)

    def records(self, after: str, *, limit: int) -> list[tuple[ObjectRecord, bool]]:
        """Return the next objects after a name, and whether their bytes are kept here."""
        with self._db.rows(RECORDS, (after, limit)) as rows:
            return [(record_of(row[:9]), bool(row[9])) for row in rows]

    def last_tick(self) -> int:
        """Return the latest tick that bytes or sums are kept under: no other may be given out."""
        row = self._db.row(LAST_TICK)
        return int(row[0]) if row else 0

    def check(self) -> None:
        """Read the whole file. Raises ContainerDamaged if SQLite finds it inconsistent."""
        self.info()
        if (found := self._db.row("PRAGMA quick_check(1)")) != ("ok",):
            raise ContainerDamaged(f"container file {self.path}: {found}")

    def expired(self, now_s: float, *, limit: int) -> list[str]:
        """Return names of objects whose `delete_at` has passed, longest ago first."""
        with self._db.rows(EXPIRED, (int(now_s), limit)) as rows:
            return [name for (name,) in rows]

    @contextlib.contextmanager
    def deletion(self) -> Iterator[None]:
        """Keep changes out while the block forgets the container; afterwards it takes none.

        Raises ContainerNotEmpty before the block.
        """
        with self._db.lock:
            if self.info().object_count:
                raise ContainerNotEmpty(f"container {self.info().name} still holds objects")
            yield
            self._is_retired = True

    def retire(self) -> None:
        """Take no changes from now on: another file is this container now."""
        with self._db.lock:
            self._is_retired = True

    def _change(self, work: Work[T]) -> T:
        def unless_retired(db: sqlite3.Connection) -> T:
            self._check_not_retired()
            return work(db)

        return self._db.change(unless_retired)

    def _put_all(
        self, db: sqlite3.Connection, puts: Sequence[object_rows.Put]
    ) -> list[object_rows.Replaced]:
        self._check_not_retired()
        return object_rows.put_all(db, puts)

    def _check_not_retired(self) -> None:
        if self._is_retired:
            raise ContainerNotFound("the container was deleted or rebuilt meanwhile")
