"""The topic `dead`: messages whose step failed for good, and those that somebody put aside.

Nobody consumes it. A failed step is kept with its error until the same step goes well, is retried
or dropped; that stops nothing: what its row says is due is rung again. What a person put aside is
not rung again until it is retried or dropped: that is what putting aside is for.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import huey.registry

from appliance import ids
from appliance.queue import messages
from appliance.queue.messages import Message
from appliance.queue.storage import Error, Stored
from appliance.queue.topic import Topic

log = logging.getLogger(__name__)

DEAD: Final = "dead"
KEPT_MAX: Final = 500  # dead messages; the oldest go first
_ERROR_CHARS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """The dead messages of a cloud. `find` answers their topic, None while there never was one."""

    find: Callable[[], Topic | None]
    make: Callable[[], Topic]

    def ended(
        self, topic: str, step: str, object_id: str, fields: dict[str, str], error: Exception | None
    ) -> None:
        """A step came to its end: remember the error, or forget an earlier one."""
        try:
            if error is not None:
                self._failed(topic, step, object_id, fields, error)
            else:
                for known in self._of(topic, step, object_id):
                    self.remove(known.id)
        except Error:  # a full disk stops no step, and its fault is in the row
            log.exception("topic %s: %s %s is not kept among the dead", topic, step, object_id)

    def bury(self, topic: str, message: Message, *, by: str) -> Message:
        """Put a message aside for a person."""
        return self._add(
            topic, message.step, message.object_id, message.payload, error="", by=by, failures=0
        )

    def put_aside(self, topic: str) -> frozenset[tuple[str, str]]:
        """Steps and ids of `topic` that a person put aside: not to be rung again."""
        return frozenset(
            (one.step, one.object_id) for one in self.all() if one.topic == topic and one.dead_by
        )

    def remove(self, message_id: str) -> None:
        """One less."""
        found = self.find()
        if found is not None:
            found.file.remove(message_id)

    def all(self) -> list[Message]:
        """All of them, oldest first."""
        found = self.find()
        kept = found.file.stored(limit=KEPT_MAX) if found else []
        return [messages.decode(one) for one in kept]

    def _failed(
        self, topic: str, step: str, object_id: str, fields: dict[str, str], error: Exception
    ) -> None:
        before = self._of(topic, step, object_id)
        self._add(
            topic, step, object_id, fields, error=f"{type(error).__name__}: {error}", by="",
            failures=1 + sum(one.failures for one in before),
        )  # fmt: skip
        for one in before:
            self.remove(one.id)

    def _of(self, topic: str, step: str, object_id: str) -> list[Message]:
        """Earlier failures of that step; what a person put aside is that person's."""
        found = self.find()
        kept = found.file.stored(limit=KEPT_MAX, mentioning=object_id) if found else []
        wanted = (topic, step, object_id, "")
        return [
            one
            for one in map(messages.decode, kept)
            if (one.topic, one.step, one.object_id, one.dead_by) == wanted
        ]

    def _add(
        self,
        topic: str,
        step: str,
        object_id: str,
        fields: dict[str, str],
        *,
        error: str,
        by: str,
        failures: int,
    ) -> Message:
        known = fields | {
            messages.TOPIC: topic,
            messages.ERROR: error[:_ERROR_CHARS],
            messages.BY: by,
            messages.FAILURES: str(failures),
        }
        raw = huey.registry.Message(
            ids.new_uuid(), "take", args=[step, object_id, known, False], kwargs={}
        )
        data: bytes = messages.Json().serialize(raw)
        file = self.make().file
        file.enqueue(data)
        file.trim(keep=KEPT_MAX)
        return messages.decode(Stored(data=data, is_released=False, is_raised=False))
