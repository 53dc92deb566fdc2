"""What was deleted and may come back: rows that a container, or the accounts' file, keeps aside.

An object in the trash is in no listing and counts for nothing; its bytes lie where they lay, under
the tick that they were written at, so deleting and bringing back move no bytes and are one commit.
Once it is back its row stays (`is_back`), so that it can be deleted again under the same entry. Who
deleted it, and in which words, is the caller's to know: `note` is only kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from storage.objects.errors import AlreadyThere

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS trash (
    entry        TEXT    NOT NULL,
    name         TEXT    NOT NULL,
    written      INTEGER NOT NULL,
    timestamp    INTEGER NOT NULL,
    size_bytes   INTEGER NOT NULL,
    etag         TEXT    NOT NULL,
    xxh3         TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    metadata     TEXT    NOT NULL,
    delete_at    INTEGER,
    until_s      INTEGER NOT NULL,
    is_back      INTEGER NOT NULL DEFAULT 0,
    note         TEXT    NOT NULL,
    PRIMARY KEY (entry, name, written)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS trash_name ON trash (name, written);
CREATE INDEX IF NOT EXISTS trash_until ON trash (until_s);
"""
_RECORD: Final = (
    "name, written, timestamp, size_bytes, etag, xxh3, content_type, metadata, delete_at"
)
_PUT: Final = (
    f"INSERT OR REPLACE INTO trash (entry, {_RECORD}, until_s, is_back, note)"
    f" SELECT ?, {_RECORD}, ?, ?, ? FROM objects WHERE name = ?"
)
_AWAY: Final = "entry = ? AND NOT is_back AND trash.name = coalesce(?, trash.name)"
_TAKEN: Final = (
    "SELECT objects.name FROM trash JOIN objects ON objects.name = trash.name"
    f" WHERE {_AWAY} LIMIT 1"
)
_BACK: Final = f"INSERT INTO objects ({_RECORD}) SELECT {_RECORD} FROM trash WHERE {_AWAY}"
_COUNTS: Final = f"SELECT count(*), coalesce(sum(size_bytes), 0) FROM trash WHERE {_AWAY}"
_TURN: Final = f"UPDATE trash SET is_back = 1, until_s = ? WHERE {_AWAY}"
_AGAIN: Final = (
    "SELECT trash.name, note FROM trash JOIN objects"
    " ON objects.name = trash.name AND objects.written = trash.written"
    " WHERE entry = ? AND is_back"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trash:
    """Where a deletion puts what it deletes: under this entry, until then (seconds since 1970)."""

    entry: str
    until_s: int
    note: str = ""


class Bin(Protocol):
    """Decides what becomes of what is deleted."""

    def trash(
        self, account: str, container: str, name: str = "", *, is_mark: bool = False
    ) -> Trash | None:
        """Where an object, or (without a name) a container goes; None: it is gone for good.

        With `is_mark` the object is what a deletion made, and goes when that is taken back.
        """
        ...

    def make_room(self) -> bool:
        """Let go, elsewhere, of what takes room on the store's disks; whether anything was."""
        ...

    def emptied(self, entries: set[str]) -> None:
        """Hear that all that these entries deleted is gone for good."""
        ...


class NoBin:
    """Keeps nothing."""

    def trash(
        self, account: str, container: str, name: str = "", *, is_mark: bool = False
    ) -> Trash | None:
        """Nothing is kept."""
        return None

    def make_room(self) -> bool:
        """There is nothing."""
        return False

    def emptied(self, entries: set[str]) -> None:
        """Nobody asks."""


class Kept(NamedTuple):
    """One entry of a container's trash, in sum."""

    entry: str
    objects: int
    name: str  # of one of its objects
    until_s: int
    is_back: bool
    note: str


class Due(NamedTuple):
    """One object that leaves the trash."""

    entry: str
    name: str
    written: int
    is_back: bool


class Held(NamedTuple):
    """One object of an entry: in the trash, or back from it."""

    name: str
    written: int
    is_back: bool
    note: str
    metadata: str  # JSON


def put(db: sqlite3.Connection, name: str, trash: Trash, *, is_back: bool = False) -> None:
    """Put the object of that name aside; its row and its counts are the caller's to remove.

    With `is_back` it stays, as one that came back: `again` is what puts it aside.
    """
    db.execute(_PUT, (trash.entry, trash.until_s, is_back, trash.note, name))


def restore(
    db: sqlite3.Connection, entry: str, *, until_s: int, name: str | None = None
) -> tuple[int, int]:
    """Bring back what an entry deleted (of one name), all or nothing; how many objects and bytes
    come with it.

    What is back already is no matter. Raises AlreadyThere where a name was taken since.
    """
    if taken := db.execute(_TAKEN, (entry, name)).fetchone():
        raise AlreadyThere(f"there is another object {taken[0]} by now")
    objects, size_bytes = db.execute(_COUNTS, (entry, name)).fetchone()
    db.execute(_BACK, (entry, name))
    db.execute(_TURN, (until_s, entry, name))
    return int(objects), int(size_bytes)


def again(db: sqlite3.Connection, entry: str) -> list[tuple[str, str]]:
    """Names (and the note of each) of what an entry brought back, as far as it still is so."""
    return list(db.execute(_AGAIN, (entry,)))


def forget(db: sqlite3.Connection, due: Due) -> bool:
    """Forget an object of the trash, if it is as it was; its bytes are the caller's to remove."""
    done = db.execute(
        "DELETE FROM trash WHERE entry = ? AND name = ? AND written = ? AND is_back = ?",
        (due.entry, due.name, due.written, int(due.is_back)),
    )
    return done.rowcount == 1


KEPT: Final = (
    "SELECT entry, count(*), min(name), max(until_s), min(is_back), min(note)"
    " FROM trash GROUP BY entry"
)
DUE: Final = (
    "SELECT entry, name, written, is_back FROM trash WHERE until_s <= ? ORDER BY until_s LIMIT ?"
)
HAS: Final = "SELECT 1 FROM trash WHERE entry = ? AND (NOT is_back OR ?) LIMIT 1"
OF_ENTRY: Final = "SELECT name, written, is_back, note, metadata FROM trash WHERE entry = ?"
IS_KEPT: Final = "SELECT 1 FROM trash WHERE name = ? AND written = ? AND NOT is_back"
VERSIONS: Final = f"SELECT {_RECORD} FROM trash WHERE name >= ? AND name <= ? AND NOT is_back"


def kept(rows: Iterator[tuple[Any, ...]]) -> list[Kept]:
    """Rows of `KEPT` as values."""
    return [Kept(*row)._replace(is_back=bool(row[4])) for row in rows]
