"""The control plane's one database: connections, reads, and transactions.

SQLite in WAL mode with `synchronous=FULL`: what was committed survives power loss. A transaction is
`BEGIN IMMEDIATE`, so two writers wait for each other and never fail half-way (a deferred BEGIN that
turns into a write fails at once with "database is locked", whatever the time-out).
"""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from appliance import bell, errors

# Each thread has a connection, and the kernel keeps the file's pages for all of them: SQLite's own
# 2 MiB times sixteen handlers would be more than the rest of the process.
CACHE_KIB: Final = 512
BUSY_TIMEOUT_S: Final = 10.0  # a writer holds the lock for milliseconds; ten seconds is a dead disk
EVENTS_BELL: Final = "events"

Row = sqlite3.Row
Params = Sequence[object] | Mapping[str, object]


class Rehearsed(Exception):
    """A transaction of a rehearsal got as far as its commit, and was taken back."""


class Reader(Protocol):
    """What a read needs: a Database outside a transaction, or a Transaction inside one."""

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a SELECT."""
        ...

    def row(self, sql: str, params: Params = ()) -> Row | None:
        """The first row of a SELECT, or None."""
        ...


class Transaction:
    """An open `BEGIN IMMEDIATE`; everything written through it is committed together."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a SELECT, this transaction's own writes included."""
        return self._connection.execute(sql, params).fetchall()

    def row(self, sql: str, params: Params = ()) -> Row | None:
        """The first row of a SELECT, or None."""
        found: Row | None = self._connection.execute(sql, params).fetchone()
        return found

    def execute(self, sql: str, params: Params = ()) -> int:
        """Run one INSERT, UPDATE or DELETE; how many rows it touched."""
        return self._connection.execute(sql, params).rowcount

    def insert(self, table: str, **columns: object) -> None:
        """Insert one row. Raises Conflict when a unique key or a reference refuses it."""
        names = ", ".join(columns)
        marks = ", ".join(f":{name}" for name in columns)
        try:
            self._connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", columns)
        except sqlite3.IntegrityError as error:
            raise errors.Conflict(f"{table}: {error}") from error


Look = Callable[[Transaction], None]


def _look_away(_: Transaction) -> None:
    """What looks at nothing."""


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    first: Look
    last: Look


_rehearsal: ContextVar[_Rehearsal | None] = ContextVar("rehearsal", default=None)


@contextlib.contextmanager
def rehearsal(*, first: Look = _look_away, last: Look = _look_away) -> Iterator[None]:
    """Commit nothing inside: the first transaction that would have is rolled back and raises
    Rehearsed. What is checked before a commit is checked for real; what comes after never runs.

    `first` is shown that transaction before anything is written, `last` with all that was.
    """
    token = _rehearsal.set(_Rehearsal(first, last))
    try:
        yield
    finally:
        _rehearsal.reset(token)


class Database:
    """One SQLite file, with one connection a thread; opened by `open_db`."""

    def __init__(self, path: Path, *, ringer: bell.Ringer | None = None) -> None:
        self.path = path
        self._ringer = ringer
        self._local = threading.local()
        self._watcher: sqlite3.Connection | None = None  # all threads', and it never writes
        self._watching = threading.Lock()

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = connect(self.path)
        return connection

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        """All rows of a SELECT."""
        return self._connection().execute(sql, params).fetchall()

    def row(self, sql: str, params: Params = ()) -> Row | None:
        """The first row of a SELECT, or None."""
        found: Row | None = self._connection().execute(sql, params).fetchone()
        return found

    def version(self) -> int:
        """A number that is another one after every commit, whoever made it (3 µs).

        Source: SQLite, "PRAGMA data_version": it counts what other connections commit.
        """
        with self._watching:
            if self._watcher is None:
                self._watcher = connect(self.path, check_same_thread=False)
            found: int = self._watcher.execute("PRAGMA data_version").fetchone()[0]
            return found

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Write atomically; the event stream is woken after the commit. Does not nest.

        What a handler wants to ring it rings after this block: commit first, ring after.
        """
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        rehearsed, tx = _rehearsal.get(), Transaction(connection)
        try:
            if rehearsed:
                rehearsed.first(tx)
            yield tx
            _commit(connection, tx, rehearsed)
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if self._ringer:
            self._ringer.ring(EVENTS_BELL)

    def close(self) -> None:
        """Close this thread's connection, and the one that watches."""
        with self._watching:
            if self._watcher is not None:
                self._watcher.close()
                self._watcher = None
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None


def _commit(connection: sqlite3.Connection, tx: Transaction, rehearsed: _Rehearsal | None) -> None:
    if rehearsed:
        rehearsed.last(tx)
        raise Rehearsed
    connection.execute("COMMIT")


def connect(
    path: Path, *, synchronous: str = "FULL", check_same_thread: bool = True
) -> sqlite3.Connection:
    """A connection set up as all of ours are; the caller closes it."""
    connection = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=check_same_thread
    )
    connection.row_factory = sqlite3.Row
    _enter_wal(connection)
    connection.execute(f"PRAGMA synchronous={synchronous}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    return connection


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Turn WAL on, waiting for others who do the same to a file that is new.

    SQLite's busy timeout does not cover this change of mode: of two processes that open a fresh
    file at once, one would fail with "database is locked".
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.002)
        else:
            return


def open_db(home: Path, *, ringer: bell.Ringer | None = None) -> Database:
    """The database of the cloud in `home`; `migrations.migrate` has made its tables."""
    return Database(home / "state.db", ringer=ringer)


def found(row: Row | None, noun: str, key: str) -> dict[str, Any]:
    """The row as a dict, or NotFound naming `noun` and `key`."""
    if row is None:
        raise errors.NotFound(noun, key)
    return dict(row)
