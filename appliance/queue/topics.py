"""All topics of one cloud as a process has them: ring, call, serve, and sweep what was lost."""

import functools
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import huey.exceptions

from appliance import bell, clock, config, context, errors, trace
from appliance.queue import messages
from appliance.queue.dead import DEAD, Dead
from appliance.queue.messages import Message
from appliance.queue.topic import Consumer, Step, Topic

log = logging.getLogger(__name__)

Due = tuple[str, str, context.RequestContext]  # a step, a row's id, and for which request
Sweep = Callable[[], Iterable[Due]]  # what the rows say is due and no claim holds


class Queue:
    """All topics of one cloud, as seen by one process."""

    def __init__(self, settings: config.Settings) -> None:
        self._settings = settings
        self._folder = settings.home / "queue"
        self._folder.mkdir(parents=True, exist_ok=True)
        settings.run_dir.mkdir(parents=True, exist_ok=True)
        self._ringer = bell.Ringer(settings.run_dir)
        self._topics: dict[str, Topic] = {}
        self._lock = threading.Lock()
        self.dead = Dead(find=lambda: self.find(DEAD), make=lambda: self.topic(DEAD))

    def ring(self, topic: str, step: str, object_id: str) -> None:
        """Ask `topic`'s worker to take `step` on `object_id`, for the current request.

        Call it after the commit that made the step due. When this process dies between the two,
        the worker's sweep finds the row.
        """
        self._send(topic, step, object_id, wants_reply=False)

    def call(self, topic: str, step: str, object_id: str, *, timeout_s: float = 10.0) -> Any:
        """Like `ring`, and wait for what the step returns.

        Raises Unavailable when no answer came in time or the step failed; Paused when the topic is.
        A message that was not taken by then is taken back: nobody waits for what it would answer.
        """
        result = self._send(topic, step, object_id, wants_reply=True)
        try:
            reply = result.get(blocking=True, timeout=timeout_s, backoff=1.2, max_delay=0.1)
        except huey.exceptions.HueyException as error:
            said = f"{topic} did not answer {step} {object_id} within {timeout_s:g} s"
            file = self.topic(topic).file
            was_taken = file.remove(result.id) is None
            pause = file.pause_now()
            if pause and not was_taken:
                raise errors.Paused(
                    f"{said}: {pause.by or 'somebody'} paused it until {clock.stamp(pause.until)}"
                ) from error
            raise errors.Unavailable(f"{said}: {error}") from error
        if "error" in reply:
            raise errors.Unavailable(f"{topic}: {step} {object_id}: {reply['error']}")
        return reply["value"]

    def _send(self, topic: str, step: str, object_id: str, *, wants_reply: bool) -> Any:
        with trace.hop("sent", step, target=topic, object_id=object_id) as span:
            sender = (context.current.get() or context.RequestContext()).under(span.id)
            message = sender.to_message() | {"queued_at": f"{clock.now():.6f}"}
            result = self.topic(topic).take(step, object_id, message, wants_reply)
        self.wake(topic)
        return result

    def work(
        self, topic: str, steps: Mapping[str, Step], *, sweep: Sweep, beat: Callable[[], None]
    ) -> None:
        """Serve `topic` until SIGTERM or SIGINT: take messages; sweep and beat now and then.

        A step that is under way when the signal comes is finished first.
        """
        served = self.topic(topic)
        served.steps = dict(steps)
        served.file.listen()
        stop = threading.Event()
        sweeper = threading.Thread(
            target=self._sweep_forever, args=(topic, sweep, beat, stop), name="sweep", daemon=True
        )
        consumer = Consumer(
            served,
            workers=self._settings.queue.workers,
            on_stop=lambda: self.wake(topic, everybody=True),
        )
        sweeper.start()
        consumer.run()
        stop.set()
        trace.flush()

    def once(self, topic: str, steps: Mapping[str, Step], *, sweep: Sweep) -> int:
        """One round in this thread: sweep, then take messages until none waits. How many."""
        served = self.topic(topic)
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
        """Ring what the rows say is due, unless messages wait: those come first, or are paused.

        Nor is rung what a person put aside among the dead ones.
        """
        if self.topic(topic).file.queue_size() == 0:
            aside = self.dead.put_aside(topic)
            for step, object_id, request in sweep():
                if (step, object_id) in aside:
                    continue
                token = context.current.set(request)
                try:
                    self.ring(topic, step, object_id)
                finally:
                    context.current.reset(token)

    def wake(self, topic: str, *, everybody: bool = False) -> None:
        """Ring the topic's bell for one of its worker's threads, or for each of them."""
        for _ in range(self._settings.queue.workers if everybody else 1):
            self._ringer.ring(topic)

    def names(self) -> list[str]:
        """Every topic there is."""
        return sorted(path.stem for path in self._folder.glob("*.db"))

    def get(self, topic: str) -> Topic:
        """A topic that is there. Raises NotFound."""
        found = self.find(topic)
        if found is None:
            raise errors.NotFound("topic", topic)
        return found

    def find(self, topic: str) -> Topic | None:
        """A topic if it is there."""
        return self.topic(topic) if (self._folder / f"{topic}.db").exists() else None

    def topic(self, name: str) -> Topic:
        """A topic, made when it is not there."""
        with self._lock:
            if name not in self._topics:
                self._topics[name] = Topic(
                    name,
                    on_end=functools.partial(self.dead.ended, name),
                    filename=str(self._folder / f"{name}.db"),
                    run_dir=self._settings.run_dir,
                    poll_s=self._settings.queue.poll_s,
                )
            return self._topics[name]

    def peek(self, topic: str, *, limit: int = 100) -> list[Message]:
        """The next messages that wait, without taking them. Raises NotFound."""
        return [messages.decode(one) for one in self.get(topic).file.stored(limit=limit)]
