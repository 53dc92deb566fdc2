"""Hop records: every crossing of a request, with a parent link to the hop that caused it.

The shared libraries call `hop` around what crosses (HTTP, messages, state changes, driver calls,
streams); a thread writes the records to `trace.db`, many at once. Causal order comes from the
parent links, never from clocks. A hop that was running when its process was killed stays
`running`: the trace shows where it ended. Secrets never get here: details are named one by one.
"""

import contextlib
import itertools
import json
import logging
import queue
import sqlite3
import threading
import time
import zlib
from collections.abc import Sequence
from contextvars import Token
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, NamedTuple

from appliance import bell, clock, context, ids
from appliance.db import connection

log = logging.getLogger(__name__)

Kind = Literal["http", "sent", "taken", "state", "driver", "stream"]
Status = Literal["running", "ok", "error"]

HEADER: Final = "x-novabox-trace"  # `<request id>/<hop id>`, between our own processes
HOPS_BELL: Final = "hops"
DETAIL_CHARS_MAX: Final = 4096  # of one hop's JSON: what a screen shows, not what a disk can hold
PROGRESS_EVERY_S: Final = 0.1  # a stream that is over sooner needs no bar
_BATCH_S: Final = 0.02  # most hops begin and end within this; they are then written once
# a power cut may cost the newest hops, never the file: with OFF it would be corrupt (SQLite, WAL)
_SYNCHRONOUS: Final = "NORMAL"
_HOPS_A_REQUEST: Final = 8  # most have fewer
_TRIM_EVERY: Final = 2000  # hops written between two looks at how many there are

_SCHEMA: Final = (
    """CREATE TABLE hops (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, request_id TEXT NOT NULL,
    parent_id TEXT, kind TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
    name TEXT NOT NULL, status TEXT NOT NULL, started_at INTEGER NOT NULL,
    duration_us INTEGER, bytes INTEGER, project_id TEXT NOT NULL, detail TEXT NOT NULL
) STRICT""",
    # A request's hops lie on one page of the one, a project's newest on one of the other: an index
    # that begins with what is random costs a page of the disk for every hop.
    "CREATE UNIQUE INDEX hops_by_request ON hops (request_id, id)",
    "CREATE INDEX hops_by_project ON hops (project_id)",
)
_encode: Final = json.JSONEncoder(default=str).encode
_VERSION: Final = zlib.crc32("".join(_SCHEMA).encode()) >> 1  # another schema, another number
_WRITE: Final = """
INSERT OR REPLACE INTO hops (id, request_id, parent_id, kind, source, target, name, status,
                             started_at, duration_us, bytes, project_id, detail)
VALUES """
_ROW: Final = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
# For each statement SQLite's module lets go of the interpreter and has to get it back, from who
# answers requests: a row each would be a switch between threads each.
_ROWS_AT_ONCE: Final = (64, 16, 4, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One crossing. `started_at` in µs since the epoch; `duration_us` None while it runs.

    `project_id` is empty where nobody had been asked yet who they are: at the edge.
    """

    id: ids.HopId
    request_id: ids.RequestId
    parent_id: ids.HopId | None
    kind: Kind
    source: str
    target: str
    name: str
    status: Status
    started_at: int
    duration_us: int | None = None
    bytes: int | None = None
    project_id: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A message that went into a topic, or out of it; `at_s` in seconds since the epoch."""

    hop_id: ids.HopId
    topic: str
    is_sent: bool
    at_s: float


class Span:
    """A hop under way: what is learned while it runs is noted on it.

    It is the record itself, read by the recorder when it writes: most hops are over by then, and
    are written once.
    """

    def __init__(self, hop_id: ids.HopId, **detail: Any) -> None:
        self.id = hop_id
        self.bytes: int | None = None
        self.detail = detail
        self.error: str | None = None
        self.is_read = False  # by the recorder, which must be told of what changes after that
        self._begun: _Begun | None = None  # None where nothing is recorded
        self._status: Status = "running"
        self._duration_us: int | None = None
        self._total_bytes: int | None = None
        self._shown_s = 0.0

    def note(self, **detail: Any) -> None:
        """Add facts that a reader of the trace wants: names and numbers, never secrets."""
        self.detail.update(detail)

    def moved(self, size_bytes: int, *, total_bytes: int | None) -> None:
        """Count bytes of a stream, and now and then let followers see how many went by."""
        self.bytes = (self.bytes or 0) + size_bytes
        self._total_bytes = total_bytes
        now_s = time.monotonic()
        if now_s - self._shown_s >= PROGRESS_EVERY_S:
            self._shown_s = now_s
            self._tell()

    def rename(self, name: str) -> None:
        """Give the hop a truer name than its beginning could know."""
        if self._begun is not None:
            self._begun = self._begun._replace(name=name)
            self._tell()

    def fail(self, reason: str) -> None:
        """Mark the hop as failed though nothing is raised: an answer of 404, a step given up."""
        self.error = reason

    def begin(self, begun: "_Begun") -> None:
        """Record it from here on."""
        self._begun = begun
        self._shown_s = time.monotonic()
        if _recorder:
            _recorder.add(self)

    def end(self) -> None:
        """Record how it ended."""
        if self._begun is None:
            return
        if self.error:
            self.detail["error"] = self.error
        self._duration_us = clock.now_us() - self._begun.started_at
        self._status = "error" if self.error else "ok"  # last: see `row`
        self._tell()

    def row(self) -> tuple[Any, ...]:
        """What `trace.db` is to keep of it now."""
        self.is_read = True  # before the rest: what ends from here on is told again
        assert self._begun is not None  # noqa: S101  # only such spans are recorded
        status, detail = self._status, self.detail
        if status == "running" and self._total_bytes is not None:
            detail = detail | {"total_bytes": self._total_bytes}
        text = _encode(detail)
        if len(text) > DETAIL_CHARS_MAX:
            text = json.dumps({"cut": text[:DETAIL_CHARS_MAX]})
        request_id, parent_id, kind, source, target, name, started_at, project_id = self._begun
        return (
            self.id, request_id, parent_id, kind, source, target, name, status, started_at,
            self._duration_us, self.bytes, project_id, text,
        )  # fmt: skip

    def _tell(self) -> None:
        if self.is_read and _recorder is not None:
            self.is_read = False
            _recorder.add(self)


class _Begun(NamedTuple):
    """What is known of a hop from its beginning on."""

    request_id: ids.RequestId
    parent_id: ids.HopId | None
    kind: Kind
    source: str
    target: str
    name: str
    started_at: int
    project_id: str


class _Recorder:
    """Keeps hops for the writer thread of this process."""

    def __init__(self, home: Path, service: str, *, hops_max: int) -> None:
        self.service = service
        self._hops_max = hops_max
        self._since_trim = 0
        self._path = home / "trace.db"
        self._ringer = bell.Ringer(home / "run")
        self._queue: queue.SimpleQueue[Span | threading.Event] = queue.SimpleQueue()
        self._is_hurried = threading.Event()
        create(home)
        threading.Thread(target=self._write_forever, name="trace", daemon=True).start()

    def add(self, span: Span) -> None:
        self._queue.put(span)

    def flush(self, timeout_s: float) -> None:
        """Wait until all that was added before is written."""
        done = threading.Event()
        self._queue.put(done)
        self._is_hurried.set()
        done.wait(timeout_s)

    def _write_forever(self) -> None:
        db = connection.connect(self._path, synchronous=_SYNCHRONOUS)
        is_losing = False
        while True:
            batch, waiters = self._take()
            try:
                self._write(db, batch)
                is_losing = False
            except sqlite3.Error as error:  # a full disk stops no request
                if not is_losing:
                    text = "%s: hops are lost until it can be written: %s"
                    log.error(text, self._path, error)  # noqa: TRY400  # one line says it all
                is_losing = True
            self._ringer.ring(HOPS_BELL)
            for waiter in waiters:
                waiter.set()

    def _write(self, db: sqlite3.Connection, batch: dict[str, Span]) -> None:
        try:
            db.execute("BEGIN IMMEDIATE")
            _insert(db, [span.row() for span in batch.values()])
            self._since_trim += len(batch)
            if self._since_trim >= _TRIM_EVERY:
                self._since_trim = 0
                _trim(db, self._hops_max)
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")

    def _take(self) -> tuple[dict[str, Span], list[threading.Event]]:
        """The next batch: what came within a few milliseconds, each hop once.

        The time is slept through: a thread that is woken for every hop costs more than the hops.
        """
        batch: dict[str, Span] = {}
        waiters: list[threading.Event] = []
        item: Span | threading.Event = self._queue.get()
        self._is_hurried.wait(_BATCH_S)
        self._is_hurried.clear()
        with contextlib.suppress(queue.Empty):
            while True:
                if isinstance(item, threading.Event):
                    waiters.append(item)
                else:
                    batch[item.id] = item
                item = self._queue.get_nowait()
        return batch, waiters


def _insert(db: sqlite3.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    start = 0
    for count in _ROWS_AT_ONCE:
        while len(rows) - start >= count:
            values = itertools.chain.from_iterable(rows[start : start + count])
            db.execute(_WRITE + ", ".join([_ROW] * count), tuple(values))
            start += count


_recorder: _Recorder | None = None  # one a process, as logging's root is


def start(home: Path, service: str, *, hops_max: int) -> None:
    """Record this process's hops into the cloud in `home`, as coming from `service`."""
    global _recorder
    _recorder = _Recorder(home, service, hops_max=hops_max)


def flush(timeout_s: float = 2.0) -> None:
    """Wait until the hops recorded so far are in `trace.db`; a process calls it before it ends."""
    if _recorder:
        _recorder.flush(timeout_s)


class hop:  # noqa: N801 - it reads as what the block is
    """Record what happens inside as one hop, caused by the current one.

    Hops begun inside have it as their parent. An exception marks it `error` with its text and goes
    on. Outside a request, or in a process that records nothing, it costs next to nothing.
    """

    __slots__ = ("_begun", "_span", "_token")

    def __init__(
        self, kind: Kind, name: str, *, target: str, source: str = "", **detail: Any
    ) -> None:
        self._begun = kind, source, target, name
        self._span = Span(ids.new_hop_id(), **detail)
        self._token: Token[context.RequestContext | None] | None = None

    def __enter__(self) -> Span:
        request = context.current.get()
        if request is not None and _recorder is not None:
            kind, source, target, name = self._begun
            self._span.begin(
                _Begun(
                    request.request_id, request.hop_id, kind, source or _recorder.service, target,
                    name, clock.now_us(), request.project_id,
                )
            )  # fmt: skip
            self._token = context.current.set(request.under(self._span.id))
        return self._span

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        if self._token is None:
            return
        if error is not None:
            self._span.error = self._span.error or f"{type(error).__name__}: {error}"
        context.current.reset(self._token)
        self._span.end()


def header() -> dict[str, str]:
    """What a request to another of our processes carries, so that its hops join this trace."""
    request = context.current.get()
    if request is None or request.hop_id is None:
        return {}
    return {HEADER: f"{request.request_id}/{request.hop_id}"}


def event(kind: Kind, name: str, *, target: str, **detail: Any) -> ids.HopId | None:
    """Record a crossing that takes no time: a state change, a message sent. Its hop id."""
    with hop(kind, name, target=target, **detail) as span:
        return span.id


def create(home: Path) -> None:
    """Make `trace.db` in `home`. Hops of another version's schema go: no work depends on them."""
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(connection.connect(home / "trace.db")) as db:
        if _version(db) == _VERSION:
            return
        db.execute("BEGIN IMMEDIATE")
        if _version(db) != _VERSION:  # still: other processes start at the same time
            db.execute("DROP TABLE IF EXISTS hops")
            for statement in _SCHEMA:
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {_VERSION}")
        db.execute("COMMIT")


class Log:
    """Reads the hops of one cloud: for the event stream, `novabox trace` and the tests."""

    def __init__(self, home: Path) -> None:
        create(home)
        self._db = connection.Database(home / "trace.db")

    def request(self, request_id: str) -> list[Hop]:
        """The hops of one request in causal order: parents first, siblings by their start."""
        rows = self._db.rows("SELECT * FROM hops WHERE request_id = ?", (request_id,))
        return causal_order([_hop(row) for row in rows])

    def after(self, seq: int, *, limit: int) -> list[tuple[int, Hop]]:
        """Hops written or updated after `seq`, oldest first, each with its own seq."""
        rows = self._db.rows("SELECT * FROM hops WHERE seq > ? ORDER BY seq LIMIT ?", (seq, limit))
        return [(int(row["seq"]), _hop(row)) for row in rows]

    def crossings(self, seq: int) -> list[Crossing]:
        """Messages whose sending or taking was written after `seq`; some of them twice."""
        rows = self._db.rows(
            "SELECT id, kind, target, started_at FROM hops "
            "WHERE seq > ? AND kind IN ('sent', 'taken') ORDER BY seq",
            (seq,),
        )
        return [
            Crossing(
                hop_id=row["id"], topic=row["target"], is_sent=row["kind"] == "sent",
                at_s=row["started_at"] / 1e6,
            )
            for row in rows
        ]  # fmt: skip

    def last_seq(self) -> int:
        """The newest seq, 0 when nothing was traced."""
        row = self._db.row("SELECT coalesce(max(seq), 0) AS seq FROM hops")
        return int(row["seq"]) if row else 0

    def requests(self, *, limit: int, project_id: str | None = None) -> list[dict[str, Any]]:
        """The newest requests: id, name of the first hop, start, span in µs, hops, worst status.

        Of one project only those in which it was known who asks.
        """
        rows = self._db.rows(
            """
            SELECT h.request_id AS id, min(h.started_at) AS started_at, count(*) AS hops,
                   max(h.started_at + coalesce(h.duration_us, 0)) - min(h.started_at)
                       AS duration_us,
                   max(h.status = 'error') AS failed, max(h.status = 'running') AS running,
                   (SELECT name FROM hops f WHERE f.request_id = h.request_id
                    ORDER BY f.parent_id IS NOT NULL, f.started_at LIMIT 1) AS name
            FROM json_each(?) newest JOIN hops h ON h.request_id = newest.value
            GROUP BY newest.key ORDER BY newest.key
            """,
            (json.dumps(self._newest(limit, project_id)),),
        )
        return [_request(dict(row)) for row in rows]

    def _newest(self, limit: int, project_id: str | None) -> list[str]:
        """The requests with the newest hops, from the last on."""
        where = "" if project_id is None else "WHERE project_id = :project_id"
        hops = _HOPS_A_REQUEST * limit
        while True:
            rows = self._db.rows(
                f"SELECT request_id FROM hops {where} ORDER BY seq DESC LIMIT :hops",  # noqa: S608  # one of the two above
                {"hops": hops, "project_id": project_id},
            )
            found = list(dict.fromkeys(row["request_id"] for row in rows))
            if len(found) >= limit or len(rows) < hops:
                return found[:limit]
            hops *= _HOPS_A_REQUEST


def causal_order(hops: list[Hop]) -> list[Hop]:
    """Parents before children, siblings by their start; orphans count as roots."""
    known = {hop.id for hop in hops}
    children: dict[str | None, list[Hop]] = {}
    for item in sorted(hops, key=lambda item: item.started_at):
        children.setdefault(item.parent_id if item.parent_id in known else None, []).append(item)
    ordered: list[Hop] = []
    stack = children.get(None, [])[::-1]
    while stack:
        item = stack.pop()
        ordered.append(item)
        stack.extend(children.get(item.id, [])[::-1])
    return ordered


def orphans(hops: list[Hop]) -> list[Hop]:
    """Hops whose parent is not among `hops`: a link was lost."""
    known = {hop.id for hop in hops}
    return [item for item in hops if item.parent_id and item.parent_id not in known]


def _request(row: dict[str, Any]) -> dict[str, Any]:
    failed, running = row.pop("failed"), row.pop("running")
    return row | {"status": "error" if failed else "running" if running else "ok"}


def _hop(row: sqlite3.Row) -> Hop:
    values = dict(row)
    del values["seq"]
    return Hop(**values | {"detail": json.loads(values["detail"])})


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _trim(db: sqlite3.Connection, hops_max: int) -> None:
    db.execute("DELETE FROM hops WHERE seq <= (SELECT max(seq) FROM hops) - ?", (hops_max,))
