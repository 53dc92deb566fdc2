"""The accounts, the containers of each, their numbers and bytes: one SQLite file for all.

A container exists if it has a row here; the row names the container's own file. An account exists
while it has a row, made with its first container. It refuses to know what a container holds.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from storage.objects import listing
from storage.objects.database import Database
from storage.objects.errors import AccountNotEmpty, AlreadyThere, ContainerNotFound
from storage.objects.trash import Trash

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS accounts (
    name      TEXT    NOT NULL PRIMARY KEY,
    timestamp INTEGER NOT NULL,
    metadata  TEXT    NOT NULL DEFAULT '{}'
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS containers (
    account   TEXT    NOT NULL REFERENCES accounts (name),
    name      TEXT    NOT NULL,
    file      TEXT    NOT NULL UNIQUE,
    timestamp INTEGER NOT NULL,
    PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;
"""
VERSION: Final = 2
# A bucket is looked for by its name alone; stores of before S3 get it when they are opened. A
# container in the trash keeps its file; one that is back again may be deleted again.
CHANGES: Final = """
CREATE INDEX IF NOT EXISTS containers_name ON containers (name);
CREATE TABLE IF NOT EXISTS trash (
    entry     TEXT    NOT NULL PRIMARY KEY,
    account   TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    file      TEXT    NOT NULL,
    timestamp INTEGER NOT NULL,
    until_s   INTEGER NOT NULL,
    is_back   INTEGER NOT NULL DEFAULT 0,
    note      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
"""
LIST: Final = (
    "SELECT name, timestamp FROM containers"
    " WHERE account = ? AND name >= ? AND name < ? ORDER BY name LIMIT ?"
)
LIST_REVERSE: Final = LIST.replace("ORDER BY name", "ORDER BY name DESC")


class Entry(NamedTuple):
    """A container in an account."""

    name: str
    timestamp: int


class Trashed(NamedTuple):
    """A container in the trash, or one that `is_back` from it."""

    entry: str
    account: str
    name: str
    file: str
    until_s: int
    is_back: bool
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account's own row; of one that nobody has used yet, zeros."""

    timestamp: int = 0
    container_count: int = 0
    metadata: Mapping[str, str]


class Accounts:
    """The open accounts file, made if `is_new`. Any thread may call."""

    def __init__(self, path: Path, *, is_new: bool) -> None:
        self._db = Database(path, schema=SCHEMA if is_new else "", version=VERSION, changes=CHANGES)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def get(self, account: str) -> Account:
        """Return an account's row; of an account that does not exist, zeros."""
        sql = (
            "SELECT timestamp, (SELECT count(*) FROM containers WHERE account = accounts.name),"
            " metadata FROM accounts WHERE name = ?"
        )
        if (row := self._db.row(sql, (account,))) is None:
            return Account(metadata={})
        return Account(timestamp=row[0], container_count=row[1], metadata=json.loads(row[2]))

    def metadata(self, account: str) -> Mapping[str, str]:
        """Return an account's metadata alone; of an account that does not exist, none."""
        row = self._db.known_row("SELECT metadata FROM accounts WHERE name = ?", account)
        found: dict[str, str] = json.loads(row[0]) if row else {}
        return found

    def update_metadata(
        self, account: str, changes: Mapping[str, str | None], *, timestamp: int
    ) -> None:
        """Set metadata, making the account if need be; None removes a key."""

        def work(db: sqlite3.Connection) -> None:
            _make_account(db, account, timestamp=timestamp)
            row = db.execute("SELECT metadata FROM accounts WHERE name = ?", (account,)).fetchone()
            merged = json.loads(row[0]) | changes
            kept = {key: value for key, value in merged.items() if value is not None}
            sql = "UPDATE accounts SET metadata = ? WHERE name = ?"
            db.execute(sql, (json.dumps(kept), account))

        self._db.change(work)

    def delete(self, account: str) -> None:
        """Forget an account. Raises AccountNotEmpty."""

        def work(db: sqlite3.Connection) -> None:
            sql = "SELECT 1 FROM containers WHERE account = ? LIMIT 1"
            if db.execute(sql, (account,)).fetchone():
                raise AccountNotEmpty(f"account {account} still holds containers")
            db.execute("DELETE FROM accounts WHERE name = ?", (account,))

        self._db.change(work)

    def find_file(self, account: str, container: str) -> str | None:
        """Return the file name of a container, or None if there is no such container."""
        sql = "SELECT file FROM containers WHERE account = ? AND name = ?"
        row = self._db.row(sql, (account, container))
        return row[0] if row else None

    def add(self, account: str, container: str, *, file: str, timestamp: int) -> None:
        """Make a container exist, and its account with it."""

        def work(db: sqlite3.Connection) -> None:
            _make_account(db, account, timestamp=timestamp)
            sql = "INSERT INTO containers (account, name, file, timestamp) VALUES (?, ?, ?, ?)"
            db.execute(sql, (account, container, file, timestamp))

        self._db.change(work)

    def move(self, account: str, container: str, *, file: str) -> None:
        """Let another file be the container. Raises ContainerNotFound."""
        sql = "UPDATE containers SET file = ? WHERE account = ? AND name = ?"
        self._change_one(sql, (file, account, container))

    def remove(self, account: str, container: str, *, to: Trash | None = None) -> None:
        """Make a container not exist, or put it aside with its file. Raises ContainerNotFound."""
        sql = "DELETE FROM containers WHERE account = ? AND name = ?"
        keep = (
            "INSERT OR REPLACE INTO trash SELECT ?, account, name, file, timestamp, ?, 0, ?"
            " FROM containers WHERE account = ? AND name = ?"
        )

        def work(db: sqlite3.Connection) -> None:
            if to is not None:
                db.execute(keep, (to.entry, to.until_s, to.note, account, container))
            if db.execute(sql, (account, container)).rowcount == 0:
                raise ContainerNotFound(f"container {account}/{container} does not exist")

        self._db.change(work)

    def restore(self, entry: str, *, until_s: int) -> None:
        """Bring a container back. Raises AlreadyThere when there is another of its name by now."""

        def work(db: sqlite3.Connection) -> None:
            row = db.execute(
                "SELECT account, name, file, timestamp FROM trash WHERE entry = ? AND NOT is_back",
                (entry,),
            ).fetchone()
            if row is None:
                return
            account, name, file, timestamp = row
            sql = "SELECT 1 FROM containers WHERE account = ? AND name = ?"
            if db.execute(sql, (account, name)).fetchone():
                raise AlreadyThere(f"there is another container {name} by now")
            _make_account(db, account, timestamp=timestamp)
            sql = "INSERT INTO containers (account, name, file, timestamp) VALUES (?, ?, ?, ?)"
            db.execute(sql, (account, name, file, timestamp))
            sql = "UPDATE trash SET is_back = 1, until_s = ? WHERE entry = ?"
            db.execute(sql, (until_s, entry))

        self._db.change(work)

    def trashed(self, account: str | None = None, container: str | None = None) -> list[Trashed]:
        """Return the containers in the trash, and those that came back from it; of one name."""
        sql = (
            "SELECT entry, account, name, file, until_s, is_back, note FROM trash"
            " WHERE ? IS NULL OR (account = ? AND name = ?)"
        )
        with self._db.rows(sql, (account, account, container)) as rows:
            return [Trashed(*row)._replace(is_back=bool(row[5])) for row in rows]

    def forget(self, entry: str, *, is_back: bool) -> bool:
        """Forget a container of the trash, if it is as it was; its file is the caller's."""

        def work(db: sqlite3.Connection) -> bool:
            sql = "DELETE FROM trash WHERE entry = ? AND is_back = ?"
            return bool(db.execute(sql, (entry, int(is_back))).rowcount)

        return self._db.change(work)

    def page(self, account: str, query: listing.Query) -> list[Entry | listing.Subdir]:
        """Return one page of an account's containers."""
        sql = LIST_REVERSE if query.is_reverse else LIST

        def fetch(lower: str, upper: listing.Bound, limit: int) -> Generator[Entry, None, None]:
            with self._db.rows(sql, (account, lower, upper, limit)) as rows:
                yield from map(Entry._make, rows)

        return listing.page(fetch, query)

    def containers(self) -> list[tuple[str, str]]:
        """Return account and name of every container there is."""
        with self._db.rows("SELECT account, name FROM containers ORDER BY 1, 2") as rows:
            return [(account, name) for account, name in rows]

    def owners(self, container: str) -> list[str]:
        """Return the accounts that have a container of that name, the oldest first."""
        sql = "SELECT account FROM containers WHERE name = ? ORDER BY timestamp, account"
        with self._db.rows(sql, (container,)) as rows:
            return [account for (account,) in rows]

    def files(self) -> set[str]:
        """Return the file names of every container there is, those in the trash too."""
        sql = "SELECT file FROM containers UNION SELECT file FROM trash WHERE NOT is_back"
        with self._db.rows(sql) as rows:
            return {file for (file,) in rows}

    def names(self, account: str) -> list[str]:
        """Return the names of all containers of an account."""
        with self._db.rows("SELECT name FROM containers WHERE account = ?", (account,)) as rows:
            return [name for (name,) in rows]

    def _change_one(self, sql: str, values: tuple[str, ...]) -> None:
        """Change a container's row, whose account and name are the last two values."""

        def work(db: sqlite3.Connection) -> None:
            if db.execute(sql, values).rowcount == 0:
                raise ContainerNotFound(f"container {'/'.join(values[-2:])} does not exist")

        self._db.change(work)


def _make_account(db: sqlite3.Connection, account: str, *, timestamp: int) -> None:
    sql = "INSERT OR IGNORE INTO accounts (name, timestamp) VALUES (?, ?)"
    db.execute(sql, (account, timestamp))
