"""One topic as huey has it: a task that finds the step by its name, and what consumes it."""

import logging
import signal
from collections.abc import Callable
from typing import Any, Final

import huey
import huey.constants
import huey.consumer
import huey.registry

from appliance import clock, context, errors, trace
from appliance.queue import messages
from appliance.queue.storage import Storage

log = logging.getLogger(__name__)

Step = Callable[[str], Any]  # takes the row's id; runs with the message's context as current
# hears how a step that nobody waits for ended: its message's fields, and the error or None
Ended = Callable[[str, str, dict[str, str], Exception | None], None]

_STOP_CHECK_S: Final = 1.0  # huey's default of 0.1 s costs ten wake-ups a second, for nothing


class Topic(huey.Huey):  # type: ignore[misc]  # huey is untyped
    """One topic: a huey with one task, `take`, that finds the step by its name."""

    def __init__(self, name: str, *, on_end: Ended, **options: Any) -> None:
        super().__init__(name, storage_class=Storage, serializer=messages.Json(), **options)
        self.steps: dict[str, Step] = {}
        self.take = self.task(name="take")(self._run)
        self._on_end = on_end

    @property
    def file(self) -> Storage:
        """Its file."""
        kept: Storage = self.storage
        return kept

    def is_revoked(self, *_: Any, **__: Any) -> bool:
        """Nothing is revoked: whether a step is due, its row says."""
        return False

    def delete(self, key: str) -> bool:
        """There is no mark of a revocation to delete: one commit less after each step."""
        return False

    def _run(
        self, step: str, object_id: str, message: dict[str, str], wants_reply: bool
    ) -> dict[str, Any] | None:
        """The worker's outermost frame: a failure is traced, logged and given to a caller.

        A step that nobody waits for tells how it ended; one that the host could not take now
        (Unavailable) has not: its row is due, and the sweep rings it again.
        """
        request = context.RequestContext.from_message(message)
        token = context.current.set(request)
        waited_us = int((clock.now() - float(message["queued_at"])) * 1e6)
        try:
            with trace.hop(
                "taken", step, target=self.name, source="queue",
                object_id=object_id, waited_us=waited_us,
            ):  # fmt: skip
                value = self.steps[step](object_id)
            if wants_reply:
                return {"value": value}
            self._on_end(step, object_id, message, None)
        except Exception as error:  # the outermost frame
            log.exception("topic %s: step %s %s failed", self.name, step, object_id)
            if wants_reply:
                return {"error": f"{type(error).__name__}: {error}"}
            if not isinstance(error, errors.Unavailable):
                self._on_end(step, object_id, message, error)
        finally:
            context.current.reset(token)
        return None


class Consumer(huey.consumer.Consumer):  # type: ignore[misc]  # huey is untyped
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
        """End: no message is taken any more."""
        self.stop_flag.set()
        self._on_stop()
        super().stop(graceful)
