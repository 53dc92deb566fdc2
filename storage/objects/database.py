"""A small SQLite file of our own: one connection that writes, one that reads.

A commit is on the disk before it returns. Knows nothing of containers and accounts.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

# 512 KiB a connection: SQLite's 2 MiB times two times the open containers would fill the
# process's memory budget.
CACHE_KIB: Final = 512
_SUFFIXES: Final = ("", "-wal", "-shm")

log = logging.getLogger(__name__)


class Database:
    """Two connections to one file; every method may be called from any thread.

    Without `schema` (idempotent SQL) the file must exist: a lost database is never taken for an
    empty one. Raises sqlite3.Error.
    """

    def __init__(self, path: Path, *, schema: str = "") -> None:
        self.path = path
        self.lock = threading.RLock()  # held across a whole change, so writers queue here
        self._read_lock = threading.Lock()
        self._writer = _connect(path, mode="rwc" if schema else "rw")
        self._writer.executescript(schema)
        self._reader = _connect(path, mode="rw")

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        with self.lock, self._read_lock:
            self._reader.close()
            self._writer.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Make one change, all or nothing, durable at the end of the block."""
        with self.lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    def row(self, sql: str, values: Sequence[object] = ()) -> tuple[Any, ...] | None:
        """Return the first row of a query, or None."""
        with self._read_lock:
            found: tuple[Any, ...] | None = self._reader.execute(sql, values).fetchone()
        return found

    @contextlib.contextmanager
    def rows(self, sql: str, values: Sequence[object] = ()) -> Iterator[sqlite3.Cursor]:
        """Walk the rows of a query, one moment's truth; other readers wait meanwhile."""
        with self._read_lock, contextlib.closing(self._reader.execute(sql, values)) as cursor:
            yield cursor


def remove(path: Path) -> None:
    """Remove the files of a database that nothing points at any more.

    One that cannot be removed is logged and left to the auditor: the change was made.
    """
    for suffix in _SUFFIXES:
        try:
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            log.warning("database %s: not removed: %s", path, error.strerror)


def _connect(path: Path, *, mode: str) -> sqlite3.Connection:
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
