"""A message, and the form in which it is kept: JSON, which a person can read."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

import huey.registry
import huey.serializer

from appliance.queue.storage import Pause, Stored

# what a message carries besides its request when it is among the dead ones
TOPIC: Final = "dead_topic"
ERROR: Final = "dead_error"
BY: Final = "dead_by"
FAILURES: Final = "dead_failures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message that waits in a topic. `queued_at` in seconds since the epoch.

    The last four are a dead message's: where it was, its step's last error, how often it failed,
    and who put it aside (empty: nobody, its step failed for good).
    """

    id: str
    step: str
    object_id: str
    request_id: str
    queued_at: float
    size_bytes: int = 0
    is_released: bool = False
    is_raised: bool = False
    wants_reply: bool = False
    payload: dict[str, str] = field(default_factory=dict)
    topic: str | None = None
    error: str | None = None
    failures: int = 0
    dead_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicState:
    """What a topic looks like now; times in seconds since the epoch."""

    name: str
    depth: int
    is_paused: bool
    paused_at: float | None = None
    paused_until: float | None = None
    paused_by: str | None = None
    oldest_age_s: float | None = None


class Json(huey.serializer.Serializer):  # type: ignore[misc]  # huey is untyped
    """Messages and replies as JSON: they can be read by a person, and unpickle nothing."""

    def _serialize(self, data: Any) -> bytes:
        is_message = isinstance(data, huey.registry.Message)
        return json.dumps({"message": list(data)} if is_message else {"reply": data}).encode()

    def _deserialize(self, data: bytes) -> Any:
        document = json.loads(bytes(data))
        if "message" in document:
            return huey.registry.Message(*document["message"])
        return document["reply"]


def decode(stored: Stored) -> Message:
    """The message in its bytes."""
    raw = huey.registry.Message(*json.loads(stored.data)["message"])
    step, object_id, fields, wants_reply = raw.args
    is_dead = TOPIC in fields
    return Message(
        id=raw.id,
        step=step,
        object_id=object_id,
        request_id=fields["request_id"],
        queued_at=float(fields["queued_at"]),
        size_bytes=len(stored.data),
        is_released=stored.is_released,
        is_raised=stored.is_raised,
        wants_reply=wants_reply,
        payload=dict(fields),
        topic=fields.get(TOPIC),
        error=fields.get(ERROR),
        failures=int(fields.get(FAILURES, 0)),
        dead_by=fields[BY] if is_dead else None,
    )


def state(name: str, *, depth: int, pause: Pause | None, oldest_age_s: float | None) -> TopicState:
    """A topic in words."""
    return TopicState(
        name=name,
        depth=depth,
        is_paused=pause is not None,
        paused_at=pause.since if pause else None,
        paused_until=pause.until if pause else None,
        paused_by=pause.by if pause else None,
        oldest_age_s=oldest_age_s,
    )
