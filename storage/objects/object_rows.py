"""What a container's file keeps of one object: its row, its bytes or its blocks' sums, its count.

Everything here is inside somebody's change. It refuses to know who waits for that.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from storage.objects import trash
from storage.objects.errors import NotReplaced
from storage.objects.object_file import ObjectRecord
from storage.objects.trash import Trash

GET: Final = (
    "SELECT name, written, timestamp, size_bytes, etag, xxh3, content_type, metadata, delete_at"
    " FROM objects WHERE name = ?"
)
PUT: Final = "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
PUT_BODY: Final = "INSERT INTO bodies VALUES (?, ?)"
PUT_BLOCKS: Final = "INSERT OR REPLACE INTO blocks VALUES (?, ?)"
COUNT: Final = "UPDATE container SET object_count = object_count + ?, bytes_used = bytes_used + ?"

Replaced = tuple[ObjectRecord, int | None]


class Stored(NamedTuple):
    """An object as it is kept: `data` if its bytes are here, the sums of its file's blocks."""

    record: ObjectRecord
    data: bytes | None = None
    blocks: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """An object of bytes that are kept here, to be made; `make` gives its record, later than a
    tick. What it replaces may be put `aside`.
    """

    make: Callable[[int], ObjectRecord]
    name: str
    data: bytes
    may_replace: Callable[[ObjectRecord], bool]
    aside: Trash | None = None

    def __call__(self, db: sqlite3.Connection) -> Replaced:
        """Make it. Returns its record, and the `written` of the version whose data file is not
        needed any more. Raises NotReplaced.
        """
        old = find(db, self.name)
        if old and not self.may_replace(old):
            raise NotReplaced(f"object {self.name} is not to be replaced")
        record = self.make(old.timestamp if old else 0)
        return record, replace(db, old, Stored(record, self.data), self.aside)


def put_all(db: sqlite3.Connection, puts: Sequence[Put]) -> list[Replaced]:
    """Make objects, those that are new by one statement for all of them.

    For each statement SQLite's module lets go of the interpreter, and has to get it back from who
    prepares the next change.
    """
    names = {put.name for put in puts}
    if len(puts) == 1 or len(names) < len(puts) or _are_there(db, names):
        return [put(db) for put in puts]
    records = [put.make(0) for put in puts]
    bodies = [(record.written, put.data) for record, put in zip(records, puts, strict=True)]
    _execute(db, PUT, [values(record) for record in records])
    _execute(db, PUT_BODY, bodies)
    count(db, len(puts), sum(record.size_bytes for record in records))
    return [(record, None) for record in records]


def find(db: sqlite3.Connection, name: str) -> ObjectRecord | None:
    """Return an object's row, or None."""
    row = db.execute(GET, (name,)).fetchone()
    return record_of(row) if row else None


def replace(
    db: sqlite3.Connection, old: ObjectRecord | None, new: Stored, aside: Trash | None
) -> int | None:
    """Put an object in the place of another; return the tick of the data file that is left."""
    count(db, 1 - bool(old), new.record.size_bytes - (old.size_bytes if old else 0))
    if aside is not None:
        trash.put(db, new.record.name, aside)
    is_file_left = old is not None and aside is None and not forget_body(db, old.written)
    insert(db, new)
    return old.written if old and is_file_left else None


def insert(db: sqlite3.Connection, stored: Stored) -> None:
    """Keep an object, in place of one of its name."""
    db.execute(PUT, values(stored.record))
    if stored.data is not None:
        db.execute(PUT_BODY, (stored.record.written, stored.data))
    if stored.blocks:
        db.execute(PUT_BLOCKS, (stored.record.written, stored.blocks))


def forget_body(db: sqlite3.Connection, written: int) -> bool:
    """Forget the bytes of a version, or the sums of its file; return whether it was bytes."""
    if db.execute("DELETE FROM bodies WHERE written = ?", (written,)).rowcount:
        return True
    db.execute("DELETE FROM blocks WHERE written = ?", (written,))
    return False


def count(db: sqlite3.Connection, objects: int, size_bytes: int) -> None:
    """Add to what the container says that it holds."""
    db.execute(COUNT, (objects, size_bytes))


def values(record: ObjectRecord) -> tuple[object, ...]:
    """Return a record as a row."""
    return (
        record.name,
        record.written,
        record.timestamp,
        record.size_bytes,
        record.etag,
        record.xxh3,
        record.content_type,
        json.dumps(dict(record.metadata)) if record.metadata else "{}",
        record.delete_at,
    )


def record_of(row: tuple[Any, ...]) -> ObjectRecord:
    """Return a row of `GET` as a record."""
    name, written, timestamp, size_bytes, etag, xxh3, content_type, metadata, delete_at = row
    return ObjectRecord(
        name=name,
        written=written,
        timestamp=timestamp,
        size_bytes=size_bytes,
        etag=etag,
        xxh3=xxh3,
        content_type=content_type,
        metadata=json.loads(metadata) if metadata != "{}" else {},
        delete_at=delete_at,
    )


def _are_there(db: sqlite3.Connection, names: set[str]) -> bool:
    """Return whether there is an object of any of these names."""
    marks = ", ".join("?" * len(names))
    sql = f"SELECT 1 FROM objects WHERE name IN ({marks}) LIMIT 1"
    return db.execute(sql, tuple(names)).fetchone() is not None


def _execute(db: sqlite3.Connection, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Run an INSERT of one row for many at once."""
    marks = sql[sql.rindex("(") :]
    more = f", {marks}" * (len(rows) - 1)
    db.execute(sql + more, tuple(itertools.chain.from_iterable(rows)))
