"""The SQLite file of one topic: messages, and whether they must wait. Knows no step and no row."""

import json
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import huey.storage

from appliance import bell, clock

# where a message stands: above all others it passes a pause; a raised one is before the rest
_PASSES: Final = 1e9
_PAUSED: Final = "paused"
_CLOCK_BACK_S: Final = 1.0  # a clock set back by more than this ends a pause: it fails open
_TAKE: Final = (
    "DELETE FROM task WHERE id = (SELECT id FROM task WHERE queue = ? AND priority >= ? "
    "ORDER BY priority DESC, id LIMIT 1) RETURNING data"
)
# huey keeps a message as JSON, whose second level is `[id, name, eta, …]`
_IS: Final = "queue = ? AND json_extract(CAST(data AS TEXT), '$.message[0]') = ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Messages wait: since when, until when (seconds since the epoch), and who said so."""

    since: float
    until: float
    by: str

    def is_over(self, now: float) -> bool:
        """Whether it has expired; a clock that was set back ends it too."""
        return not self.since - _CLOCK_BACK_S <= now < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One message as it lies in the file."""

    data: bytes
    is_released: bool
    is_raised: bool


class Storage(huey.storage.SqliteStorage):  # type: ignore[misc]  # huey is untyped
    """huey's SQLite storage whose `dequeue` waits for a bell, and which can be paused."""

    blocking = True  # huey's worker then never sleeps by itself

    def __init__(self, name: str, *, run_dir: Path, poll_s: float, **options: Any) -> None:
        super().__init__(name, fsync=True, strict_fifo=True, cache_mb=1, **options)
        self._run_dir = run_dir
        self._poll_s = poll_s
        self._bell: bell.Bell | None = None

    def listen(self) -> None:
        """Hear the topic's bell from now on; a worker does, senders do not.

        Taking a message need not reach the disk at once, as sending it must: after a power failure
        it is taken again, and a step may run twice.
        """
        self.sql("PRAGMA synchronous=NORMAL")
        self._bell = bell.Bell(self._run_dir, self.name)

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        """Keep a message: one statement, which is its own transaction."""
        self.sql("INSERT INTO task (queue, data) VALUES (?, ?)", (self.name, data))

    def dequeue(self) -> Any:
        """The next message; waits for the bell, and no longer than a pause lasts."""
        data = self._take()
        if data is None and self._bell and self._bell.wait(self._patience_s()):
            data = self._take()
        return data

    def _patience_s(self) -> float:
        pause = self.pause_now()
        return min(self._poll_s, max(pause.until - clock.now(), 0.0)) if pause else self._poll_s

    def _take(self) -> Any:
        """The next message, gone from the topic: one statement, and no write where none waits."""
        least = 0.0 if self.pause_now() is None else _PASSES
        taken = self.sql(_TAKE, (self.name, least), results=True)
        return taken[0][0] if taken else None

    def pause_now(self) -> Pause | None:
        """The pause that holds now. Nobody must end one: it is over when its time is."""
        found = self.sql(
            "SELECT value FROM kv WHERE queue = ? AND key = ?", (self.name, _PAUSED), results=True
        )
        document = json.loads(bytes(found[0][0])) if found else None
        if not isinstance(document, dict):  # none, or one of before pauses had an end
            return None
        pause = Pause(**document)
        return None if pause.is_over(clock.now()) else pause

    def pause(self, pause: Pause) -> None:
        """Let messages wait from now on, instead of a pause that there may be."""
        self.sql(
            "INSERT OR REPLACE INTO kv (queue, key, value) VALUES (?, ?, ?)",
            (self.name, _PAUSED, json.dumps(asdict(pause)).encode()),
            commit=True,
        )

    def resume(self) -> None:
        """Let all messages through."""
        self.sql(
            "DELETE FROM kv WHERE queue = ? AND key = ?", (self.name, _PAUSED), commit=True
        )  # fmt: skip

    def stored(self, *, limit: int, mentioning: str = "") -> list[Stored]:
        """Messages in the order in which they will be taken; those that have a text in them."""
        rows = self.sql(
            "SELECT data, priority FROM task WHERE queue = ? AND instr(CAST(data AS TEXT), ?) > 0 "
            "ORDER BY priority DESC, id LIMIT ?",
            (self.name, mentioning, limit),
            results=True,
        )
        return [_stored(*row) for row in rows]

    def oldest(self) -> Stored | None:
        """The message that has waited longest, whatever will be taken next."""
        rows = self.sql(
            "SELECT data, priority FROM task WHERE queue = ? ORDER BY id LIMIT 1",
            (self.name,),
            results=True,
        )
        return _stored(*rows[0]) if rows else None

    def find(self, message_id: str) -> Stored | None:
        """One message that waits."""
        rows = self.sql(
            f"SELECT data, priority FROM task WHERE {_IS}",  # noqa: S608  # a constant
            (self.name, message_id),
            results=True,
        )
        return _stored(*rows[0]) if rows else None

    def release(self, message_id: str | None = None) -> bool:
        """Let a message (none named: the next one) pass a pause; False when none waits."""
        which = _IS if message_id else (
            "id = (SELECT id FROM task WHERE queue = ? AND priority < ? "
            "ORDER BY priority DESC, id LIMIT 1)"
        )  # fmt: skip
        return self._changed(
            f"UPDATE task SET priority = ? WHERE {which}",  # noqa: S608  # two constants
            (_PASSES, self.name, message_id or _PASSES),
        )

    def raise_to_front(self, message_id: str) -> bool:
        """Have a message be the next that is taken; False when it does not wait."""
        return self._changed(
            "UPDATE task SET priority = 1 + (SELECT max(priority) FROM task "  # noqa: S608
            f"WHERE queue = ? AND priority < ?) WHERE {_IS} AND priority < ?",
            (self.name, _PASSES, self.name, message_id, _PASSES),
        )

    def remove(self, message_id: str) -> bytes | None:
        """Take a message away; it, or None when it does not wait."""
        with self.db(commit=True) as cursor:
            cursor.execute(
                f"DELETE FROM task WHERE {_IS} RETURNING data",  # noqa: S608  # a constant
                (self.name, message_id),
            )
            taken = cursor.fetchall()
        return bytes(taken[0][0]) if taken else None

    def trim(self, *, keep: int) -> None:
        """Forget the oldest messages over `keep`."""
        self.sql(
            "DELETE FROM task WHERE queue = ? AND id <= (SELECT id FROM task WHERE queue = ? "
            "ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (self.name, self.name, keep),
            commit=True,
        )

    def _changed(self, statement: str, params: tuple[Any, ...]) -> bool:
        with self.db(commit=True) as cursor:
            cursor.execute(statement, params)
            return bool(cursor.rowcount >= 1)


def _stored(data: bytes, rank: float) -> Stored:
    return Stored(data=bytes(data), is_released=rank >= _PASSES, is_raised=0 < rank < _PASSES)


Error = sqlite3.Error  # what a full disk, or a file that is no database, raises
