"""A container: one small SQLite file with a row for each object, and their number and bytes.

The row is the truth: an object exists if it has one, and the row names the data file that counts.
It refuses to know where data files are.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from storage.objects import listing
from storage.objects.database import Database
from storage.objects.errors import (
    ContainerDamaged,
    ContainerNotEmpty,
    ContainerNotFound,
    ObjectNotFound,
)
from storage.objects.object_file import ObjectRecord

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
GET: Final = (
    "SELECT name, written, timestamp, size_bytes, etag, xxh3, content_type, metadata, delete_at"
    " FROM objects WHERE name = ?"
)
LIST: Final = (
    "SELECT name, timestamp, size_bytes, etag, content_type"
    " FROM objects WHERE name >= ? AND name < ? ORDER BY name LIMIT ?"
)
LIST_REVERSE: Final = LIST.replace("ORDER BY name", "ORDER BY name DESC")
EXPIRED: Final = "SELECT name FROM objects WHERE delete_at <= ? ORDER BY delete_at LIMIT ?"
PUT: Final = "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
COUNT: Final = "UPDATE container SET object_count = object_count + ?, bytes_used = bytes_used + ?"


class Listed(NamedTuple):
    """An object as a listing shows it (a tuple: a page holds ten thousand)."""

    name: str
    timestamp: int
    size_bytes: int
    etag: str
    content_type: str


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

    def __init__(self, path: Path) -> None:
        self._db = Database(path)
        self._is_retired = False

    @staticmethod
    def create(
        path: Path, account: str, *, name: str, timestamp: int, records: Iterable[ObjectRecord] = ()
    ) -> None:
        """Write a new container's file, which nothing refers to yet, with these objects in it."""

        def fill(db: sqlite3.Connection) -> None:
            insert = "INSERT INTO container (account, name, timestamp) VALUES (?, ?, ?)"
            db.execute(insert, (account, name, timestamp))
            for record in records:
                db.execute(PUT, _values(record))
                _count(db, 1, record.size_bytes)

        with contextlib.closing(Database(path, schema=SCHEMA)) as file:
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
        row = self._db.row(
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
        row = self._db.row(GET, (name,))
        return _record(row) if row else None

    def put(self, record: ObjectRecord) -> int | None:
        """Make `record` the object, unless a later version already is.

        Returns the `written` of the version whose data file is not needed any more, if any.
        """

        def work(db: sqlite3.Connection) -> int | None:
            old = _find(db, record.name)
            if old and old.written > record.written:
                return record.written
            db.execute(PUT, _values(record))
            _count(db, 1 - bool(old), record.size_bytes - (old.size_bytes if old else 0))
            return old.written if old else None

        return self._change(work)

    def update(self, record: ObjectRecord) -> None:
        """Change the metadata of a version. Raises ObjectNotFound if it is not the object now."""

        def work(db: sqlite3.Connection) -> None:
            old = _find(db, record.name)
            if not old or old.written != record.written:
                raise ObjectNotFound(f"object {record.name} was replaced or deleted meanwhile")
            db.execute(PUT, _values(record))

        self._change(work)

    def delete(self, name: str, *, written: int | None = None) -> ObjectRecord:
        """Remove an object's row and return it; with `written`, only if that version is the object.

        Raises ObjectNotFound.
        """

        def work(db: sqlite3.Connection) -> ObjectRecord:
            old = _find(db, name)
            if not old or written not in {None, old.written}:
                raise ObjectNotFound(f"object {name} is not in the container")
            db.execute("DELETE FROM objects WHERE name = ?", (name,))
            _count(db, -1, -old.size_bytes)
            return old

        return self._change(work)

    def page(self, query: listing.Query) -> list[Listed | listing.Subdir]:
        """Return one page of the objects' names and facts."""
        sql = LIST_REVERSE if query.is_reverse else LIST

        def fetch(lower: str, upper: listing.Bound, limit: int) -> Generator[Listed, None, None]:
            with self._db.rows(sql, (lower, upper, limit)) as rows:
                yield from map(Listed._make, rows)

        return listing.page(fetch, query)

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

    def _change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def unless_retired(db: sqlite3.Connection) -> T:
            if self._is_retired:
                raise ContainerNotFound("the container was deleted or rebuilt meanwhile")
            return work(db)

        return self._db.change(unless_retired)


def _find(db: sqlite3.Connection, name: str) -> ObjectRecord | None:
    row = db.execute(GET, (name,)).fetchone()
    return _record(row) if row else None


def _count(db: sqlite3.Connection, objects: int, size_bytes: int) -> None:
    db.execute(COUNT, (objects, size_bytes))


def _values(record: ObjectRecord) -> tuple[object, ...]:
    return (
        record.name,
        record.written,
        record.timestamp,
        record.size_bytes,
        record.etag,
        record.xxh3,
        record.content_type,
        json.dumps(dict(record.metadata)),
        record.delete_at,
    )


def _record(row: tuple[Any, ...]) -> ObjectRecord:
    name, written, timestamp, size_bytes, etag, xxh3, content_type, metadata, delete_at = row
    return ObjectRecord(
        name=name,
        written=written,
        timestamp=timestamp,
        size_bytes=size_bytes,
        etag=etag,
        xxh3=xxh3,
        content_type=content_type,
        metadata=json.loads(metadata),
        delete_at=delete_at,
    )
