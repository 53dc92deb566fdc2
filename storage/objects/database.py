"""A small SQLite file of our own: one connection that writes, one that reads.

A commit is on the disk before it returns. Knows nothing of containers and accounts.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from storage.objects.errors import StoreError

# 512 KiB a connection: SQLite's 2 MiB times two times the open containers would fill the
# process's memory budget.
CACHE_KIB: Final = 512
_SUFFIXES: Final = ("", "-wal", "-shm")

KNOWN_MAX: Final = 256  # rows that are asked for again and again

T = TypeVar("T")
_Row = tuple[Any, ...] | None
Waiting = Callable[[], contextlib.AbstractContextManager[None]]
Work = Callable[[sqlite3.Connection], T]
Together = Callable[[sqlite3.Connection, Sequence[Any]], Sequence[T]]  # of works of one kind

log = logging.getLogger(__name__)


class Database:
    """Two connections to one file; every method may be called from any thread.

    Without `schema` (idempotent SQL) the file must exist: a lost database is never taken for an
    empty one. One of an older `version` is brought up to it by `changes`, SQL that may run again
    after a kill. `waiting` is entered where a change waits for others, or for the disk. Raises
    sqlite3.Error.
    """

    def __init__(
        self,
        path: Path,
        *,
        schema: str = "",
        version: int = 0,
        changes: str = "",
        waiting: Waiting = contextlib.nullcontext,
    ) -> None:
        self.path = path
        self._waiting = waiting
        self.lock = threading.RLock()  # held across a commit, so writers queue here
        self._jobs: deque[_Job] = deque()
        self._read_lock = threading.Lock()
        # how many were made; and of those, how many not together by that alone
        self._changes: dict[Together[Any] | None, int] = {None: 0}
        self._known: dict[tuple[str, tuple[object, ...]], tuple[int, _Row]] = {}
        self._writer = _connect(path, mode="rwc" if schema else "rw")
        self._writer.executescript(schema)
        self._bring_up(version, changes)
        self._reader = _connect(path, mode="rw")

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        with self.lock, self._read_lock:
            self._reader.close()
            self._writer.close()

    def change(self, work: Work[T], *, together: Together[T] | None = None) -> T:
        """Do `work`, all of it or nothing, durably, and return what it returns.

        Changes that wait for the disk together go to it together: whoever gets the lock first
        commits for all. Those that say the same `together` are done by that, in one go. Raises what
        `work` raises (StoreError or sqlite3.Error), or what the commit raises.
        """
        job = _Job(work, together)
        self._jobs.append(job)
        with self._waiting(), self.lock:
            if not job.is_done:
                self._commit([self._jobs.popleft() for _ in range(len(self._jobs))])
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def row(self, sql: str, values: Sequence[object] = ()) -> _Row:
        """Return the first row of a query, or None."""
        with self._read_lock:
            found: _Row = self._reader.execute(sql, values).fetchone()
        return found

    def known_row(self, sql: str, *values: object, despite: Together[Any] | None = None) -> _Row:
        """As `row`, for what is asked again and again: it is read once until something changes,
        `despite` changes that are done together by that.

        What another connection changes meanwhile is not seen.
        """
        # before it is read: what changes meanwhile makes it out of date
        changes = self._changes.setdefault(despite, 0)
        read_at, found = self._known.get((sql, values), (-1, None))
        if read_at != changes:
            found = self.row(sql, values)
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            self._known[sql, values] = changes, found
        return found

    @contextlib.contextmanager
    def rows(self, sql: str, values: Sequence[object] = ()) -> Iterator[sqlite3.Cursor]:
        """Walk the rows of a query, one moment's truth; other readers wait meanwhile."""
        with self._read_lock, contextlib.closing(self._reader.execute(sql, values)) as cursor:
            yield cursor

    def _note_change(self, kinds: set[Together[Any] | None]) -> None:
        for kind in list(self._changes):
            if kind is None or kinds != {kind}:
                self._changes[kind] += 1

    def _bring_up(self, version: int, changes: str) -> None:
        (found,) = self._writer.execute("PRAGMA user_version").fetchone()
        if found < version:
            self._writer.executescript(changes)
            self._writer.execute(f"PRAGMA user_version = {version}")

    def _commit(self, jobs: list[_Job]) -> None:
        if not self._try(jobs, _do_all) and len(jobs) > 1:
            self._try(jobs, _do_each)

    def _try(self, jobs: list[_Job], do: Callable[[list[_Job], sqlite3.Connection], None]) -> bool:
        """Do all of them and commit; whether that succeeded."""
        db = self._writer
        failure: StoreError | sqlite3.Error | None = StoreError("it failed beside another change")
        try:
            db.execute("BEGIN IMMEDIATE")
            do(jobs, db)
            db.execute("COMMIT")
            failure = None
        except (StoreError, sqlite3.Error) as error:
            failure = error
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
            self._note_change({job.together for job in jobs})
            for job in jobs:
                job.error = failure or job.error
                job.is_done = True
        return failure is None


@dataclass(slots=True)
class _Job:
    """A change on its way, and what became of it."""

    work: Work[Any]
    together: Together[Any] | None = None
    result: Any = None
    error: StoreError | sqlite3.Error | None = None
    is_done: bool = False


def _do_all(jobs: list[_Job], db: sqlite3.Connection) -> None:
    """Do changes of which none is expected to fail."""
    for _, alike in itertools.groupby(jobs, lambda job: job.together):
        _do(list(alike), db)


def _do(alike: Sequence[_Job], db: sqlite3.Connection) -> None:
    """Do changes that say the same `together`."""
    together, works = alike[0].together, [job.work for job in alike]
    results = together(db, works) if together else [work(db) for work in works]
    for job, result in zip(alike, results, strict=True):
        job.result = result


def _do_each(jobs: list[_Job], db: sqlite3.Connection) -> None:
    """Do changes of which some fail; the others do not notice."""
    for job in jobs:
        job.error = None
        db.execute("SAVEPOINT job")
        try:
            _do([job], db)
        except (StoreError, sqlite3.Error) as error:
            if not db.in_transaction:  # a full disk ends the whole of it
                raise
            job.error = error
            db.execute("ROLLBACK TO job")
        db.execute("RELEASE job")


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
