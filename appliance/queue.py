"""Topics: durable messages that say which step to take on which row. The only home of huey.

A message is a doorbell: a step's name, one id and the request context, never objects or secrets.
The sender commits first and rings after; huey keeps the message in the topic's own SQLite file
(fsynced), and a bell wakes the worker at once instead of huey's polling. Nothing is known only to
the queue: a worker killed with a message in hand loses that message, and its sweep rings the row
again.
"""

import json
import logging
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import huey
import huey.constants
import huey.consumer
import huey.exceptions
import huey.registry
import huey.serializer
import huey.storage

from appliance import bell, clock, config, context, errors, trace

log = logging.getLogger(__name__)

Step = Callable[[str], Any]  # takes the row's id; runs with the message's context as current
Due = tuple[str, str, context.RequestContext]  # a step, a row's id, and for which request
Sweep = Callable[[], Iterable[Due]]  # what the rows say is due and no claim holds

_PAUSED: Final = "paused"
_RELEASED: Final = "released"  # messages that may pass though the topic is paused
_TAKE: Final = (
    "DELETE FROM task WHERE id = (SELECT id FROM task WHERE queue = ? "
    "ORDER BY priority DESC, id LIMIT 1) RETURNING data"
)
_STOP_CHECK_S: Final = 1.0  # huey's default of 0.1 s costs ten wake-ups a second, for nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message that waits in a topic. `queued_at` in seconds since the epoch."""

    id: str
    step: str
    object_id: str
    request_id: str
    queued_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """What a topic looks like now."""

    name: str
    depth: int
    is_paused: bool
    oldest_age_s: float | None


class _Json(huey.serializer.Serializer):  # type: ignore[misc]  # huey is untyped
    """Messages and replies as JSON: they can be read by a person, and unpickle nothing."""

    def _serialize(self, data: Any) -> bytes:
        is_message = isinstance(data, huey.registry.Message)
        return json.dumps({"message": list(data)} if is_message else {"reply": data}).encode()

    def _deserialize(self, data: bytes) -> Any:
        document = json.loads(bytes(data))
        if "message" in document:
            return huey.registry.Message(*document["message"])
        return document["reply"]


class _Storage(huey.storage.SqliteStorage):  # type: ignore[misc]  # huey is untyped
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
        data = self._take()
        if data is None and self._bell and self._bell.wait(self._poll_s):
            data = self._take()
        return data

    def _take(self) -> Any:
        """The oldest message, gone from the topic: one statement, and no write where none waits."""
        passes = self._passes_one() if self.is_paused() else True
        taken = self.sql(_TAKE, (self.name,), results=True) if passes else None
        return taken[0][0] if taken else None

    def _passes_one(self) -> bool:
        """Whether one message was let through the pause, and none has used that yet."""
        with self.db(commit=True) as cursor:
            cursor.execute(
                "UPDATE counter SET value = value - 1 WHERE queue = ? AND key = ? AND value > 0",
                (self.name, _RELEASED),
            )
            return bool(cursor.rowcount == 1)

    def is_paused(self) -> bool:
        return bool(
            self.sql(
                "SELECT 1 FROM kv WHERE queue = ? AND key = ?", (self.name, _PAUSED), results=True
            )
        )

    def pause(self) -> None:
        self.sql(
            "INSERT OR REPLACE INTO kv (queue, key, value) VALUES (?, ?, x'31')",
            (self.name, _PAUSED),
            commit=True,
        )

    def resume(self) -> None:
        with self.db(commit=True) as cursor:
            cursor.execute("DELETE FROM kv WHERE queue = ? AND key = ?", (self.name, _PAUSED))
            cursor.execute(
                "DELETE FROM counter WHERE queue = ? AND key = ?", (self.name, _RELEASED)
            )

    def release(self) -> None:
        self.sql(
            "INSERT INTO counter (queue, key, value) VALUES (?, ?, 1) "
            "ON CONFLICT (queue, key) DO UPDATE SET value = value + 1",
            (self.name, _RELEASED),
            commit=True,
        )


class Queue:
    """All topics of one cloud, as seen by one process."""

    def __init__(self, settings: config.Settings) -> None:
        self._settings = settings
        self._folder = settings.home / "queue"
        self._folder.mkdir(parents=True, exist_ok=True)
        settings.run_dir.mkdir(parents=True, exist_ok=True)
        self._ringer = bell.Ringer(settings.run_dir)
        self._topics: dict[str, huey.Huey] = {}
        self._lock = threading.Lock()

    def ring(self, topic: str, step: str, object_id: str) -> None:
        """Ask `topic`'s worker to take `step` on `object_id`, for the current request.

        Call it after the commit that made the step due. When this process dies between the two,
        the worker's sweep finds the row.
        """
        self._send(topic, step, object_id, wants_reply=False)

    def call(self, topic: str, step: str, object_id: str, *, timeout_s: float = 10.0) -> Any:
        """Like `ring`, and wait for what the step returns.

        Raises Unavailable when no answer came in time or the step failed.
        """
        result = self._send(topic, step, object_id, wants_reply=True)
        try:
            reply = result.get(blocking=True, timeout=timeout_s, backoff=1.2, max_delay=0.1)
        except huey.exceptions.HueyException as error:
            raise errors.Unavailable(
                f"{topic} did not answer {step} {object_id} within {timeout_s:g} s: {error}"
            ) from error
        if "error" in reply:
            raise errors.Unavailable(f"{topic}: {step} {object_id}: {reply['error']}")
        return reply["value"]

    def _send(self, topic: str, step: str, object_id: str, *, wants_reply: bool) -> Any:
        with trace.hop("sent", step, target=topic, object_id=object_id) as span:
            sender = (context.current.get() or context.RequestContext()).under(span.id)
            message = sender.to_message() | {"queued_at": f"{clock.now():.6f}"}
            result = self._topic(topic).take(step, object_id, message, wants_reply)
        self._ringer.ring(topic)
        return result

    def work(
        self, topic: str, steps: Mapping[str, Step], *, sweep: Sweep, beat: Callable[[], None]
    ) -> None:
        """Serve `topic` until SIGTERM or SIGINT: take messages; sweep and beat now and then.

        A step that is under way when the signal comes is finished first.
        """
        served = self._topic(topic)
        served.steps = dict(steps)
        served.storage.listen()
        stop = threading.Event()
        sweeper = threading.Thread(
            target=self._sweep_forever, args=(topic, sweep, beat, stop), name="sweep", daemon=True
        )
        consumer = _Consumer(
            served, workers=self._settings.queue.workers, on_stop=self._wake(topic)
        )
        sweeper.start()
        consumer.run()
        stop.set()
        trace.flush()

    def once(self, topic: str, steps: Mapping[str, Step], *, sweep: Sweep) -> int:
        """One round in this thread: sweep, then take messages until none waits. How many."""
        served = self._topic(topic)
        served.steps = dict(steps)
        self._ring_again(topic, sweep)
        taken = 0
        while (task := served.dequeue()) is not None:
            served.execute(task)
            taken += 1
        trace.flush()
        return taken

    def _sweep_forever(
        self, topic: str, sweep: Sweep, beat: Callable[[], None], stop: threading.Event
    ) -> None:
        while not stop.is_set():
            try:
                beat()
                self._ring_again(topic, sweep)
            except Exception:  # the worker's outermost frame: the next sweep tries again
                log.exception("topic %s: sweep failed", topic)
            stop.wait(self._settings.queue.sweep_s)

    def _ring_again(self, topic: str, sweep: Sweep) -> None:
        """Ring what the rows say is due, unless messages wait: those come first, or are paused."""
        if self._topic(topic).storage.queue_size() == 0:
            for step, object_id, request in sweep():
                token = context.current.set(request)
                try:
                    self.ring(topic, step, object_id)
                finally:
                    context.current.reset(token)

    def _wake(self, topic: str) -> Callable[[], None]:
        def wake() -> None:
            for _ in range(self._settings.queue.workers):
                self._ringer.ring(topic)

        return wake

    def topics(self) -> list[TopicState]:
        """Every topic there is, by name."""
        names = sorted(path.stem for path in self._folder.glob("*.db"))
        return [self.state(name) for name in names]

    def state(self, topic: str) -> TopicState:
        """Depth, pause and age of the oldest message. Raises NotFound."""
        storage = self._existing(topic).storage
        oldest = self.peek(topic, limit=1)
        age_s = clock.now() - oldest[0].queued_at if oldest else None
        return TopicState(
            name=topic,
            depth=storage.queue_size(),
            is_paused=storage.is_paused(),
            oldest_age_s=age_s,
        )

    def peek(self, topic: str, *, limit: int = 100) -> list[Message]:
        """The oldest messages that wait, without taking them. Raises NotFound."""
        topic_huey = self._existing(topic)
        items = topic_huey.storage.enqueued_items(limit)
        return [_message(topic_huey.serializer.deserialize(item)) for item in items]

    def pause(self, topic: str) -> None:
        """Let messages wait; a step under way goes on. Raises NotFound."""
        self._existing(topic).storage.pause()

    def resume(self, topic: str) -> None:
        """Let messages through again. Raises NotFound."""
        self._existing(topic).storage.resume()
        self._wake(topic)()

    def release_one(self, topic: str) -> None:
        """Let one message through a paused topic. Raises NotFound."""
        self._existing(topic).storage.release()
        self._ringer.ring(topic)

    def _existing(self, topic: str) -> "_Huey":
        if not (self._folder / f"{topic}.db").exists():
            raise errors.NotFound("topic", topic)
        return self._topic(topic)

    def _topic(self, name: str) -> "_Huey":
        with self._lock:
            if name not in self._topics:
                self._topics[name] = _Huey(
                    name,
                    filename=str(self._folder / f"{name}.db"),
                    run_dir=self._settings.run_dir,
                    poll_s=self._settings.queue.poll_s,
                )
            topic: _Huey = self._topics[name]
            return topic


class _Huey(huey.Huey):  # type: ignore[misc]  # huey is untyped
    """One topic: a huey with one task, `take`, that finds the step by its name."""

    def __init__(self, name: str, **options: Any) -> None:
        super().__init__(name, storage_class=_Storage, serializer=_Json(), **options)
        self.steps: dict[str, Step] = {}
        self.take = self.task(name="take")(self._run)

    def is_revoked(self, *_: Any, **__: Any) -> bool:
        """Nothing is revoked: whether a step is due, its row says."""
        return False

    def delete(self, key: str) -> bool:
        """There is no mark of a revocation to delete: one commit less after each step."""
        return False

    def _run(
        self, step: str, object_id: str, message: dict[str, str], wants_reply: bool
    ) -> dict[str, Any] | None:
        """The worker's outermost frame: a failure is traced, logged and given to a caller."""
        request = context.RequestContext.from_message(message)
        token = context.current.set(request)
        waited_us = int((clock.now() - float(message["queued_at"])) * 1e6)
        try:
            with trace.hop(
                "taken", step, target=self.name, source="queue",
                object_id=object_id, waited_us=waited_us,
            ):  # fmt: skip
                value = self.steps[step](object_id)
                return {"value": value} if wants_reply else None
        except Exception as error:  # the outermost frame
            log.exception("topic %s: step %s %s failed", self.name, step, object_id)
            return {"error": f"{type(error).__name__}: {error}"} if wants_reply else None
        finally:
            context.current.reset(token)


class _Consumer(huey.consumer.Consumer):  # type: ignore[misc]  # huey is untyped
    """huey's consumer, graceful on SIGTERM and SIGINT, whose waiting workers are woken to stop."""

    def __init__(self, topic: huey.Huey, *, workers: int, on_stop: Callable[[], None]) -> None:
        super().__init__(
            topic, workers=workers, periodic=False, scheduler_interval=60, graceful_signal="TERM",
            health_check_interval=60, shutdown_timeout=30,
        )  # fmt: skip
        self._stop_flag_timeout = _STOP_CHECK_S
        self._on_stop = on_stop
        self._signal_actions[signal.SIGINT] = (False, True)

    def stop(self, graceful: bool = False) -> None:
        self.stop_flag.set()
        self._on_stop()
        super().stop(graceful)


def _message(raw: Any) -> Message:
    step, object_id, fields, _ = raw.args
    return Message(
        id=raw.id, step=step, object_id=object_id, request_id=fields["request_id"],
        queued_at=float(fields["queued_at"]),
    )  # fmt: skip
