"""The cloud's own parts: processes, queues and what waits in them, requests and their hops."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tui.client.nouns.moment import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One process of the cloud and its last sign of life."""

    name: str
    topic: str | None = None
    host: str | None = None
    pid: int | None = None
    state: str = ""
    trouble: str = ""
    started_at: Time = None
    seen_at: Time = None
    pss_kib: int | None = None
    cpu_percent: float | None = None

    @property
    def key(self) -> str:
        """The topic it serves, or its name."""
        return self.topic or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The last seconds of a queue, a number each, the oldest first."""

    sent: tuple[int, ...] = ()
    taken: tuple[int, ...] = ()
    depth: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One queue: a worker kind on a host, or those of all whose step failed (``dead``)."""

    name: str
    depth: int = 0
    is_paused: bool = False
    paused_at: Time = None
    paused_until: Time = None
    paused_by: str | None = None
    oldest_age_s: float | None = None
    last_step: str | None = None
    consumers: tuple[str, ...] = ()
    in_per_s: float = 0.0
    out_per_s: float = 0.0
    history: History = field(default_factory=History)

    @property
    def is_dead(self) -> bool:
        """Whether nobody takes from it: messages lie there until a person says."""
        return self.name == "dead"

    @property
    def key(self) -> str:
        """Its name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One note waiting in a topic.

    ``queue`` and ``is_held`` are of the topic where it waits. Of a dead one, ``topic`` is where it
    was, ``error`` why its step failed, ``dead_by`` who put it aside.
    """

    id: str | int
    step: str = ""
    object_id: str | None = None
    request_id: str | None = None
    queued_at: Time = None
    size_bytes: int | None = None
    is_released: bool = False
    is_raised: bool = False
    wants_reply: bool = False
    payload: dict[str, Any] = field(default_factory=dict)
    topic: str | None = None
    error: str | None = None
    failures: int = 0
    dead_by: str | None = None
    queue: str = ""
    is_held: bool = False

    @property
    def key(self) -> str:
        """Its id."""
        return str(self.id)

    @property
    def is_dead(self) -> bool:
        """Whether nobody takes it: its step failed for good, or somebody put it aside."""
        return self.topic is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Lines of a process's log, and where the next ones begin."""

    name: str = ""
    lines: tuple[str, ...] = ()
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One crossing of a request; times in microseconds, order in ``parent_id``."""

    id: str
    request_id: str
    parent_id: str | None = None
    kind: str = ""
    source: str = ""
    target: str = ""
    name: str = ""
    status: str = "ok"
    started_at: int = 0
    duration_us: int | None = None
    bytes: int | None = None
    detail: dict[str, Any] | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as the list of traces shows it."""

    id: str
    name: str = ""
    started_at: int = 0
    duration_us: int | None = None
    hops: int = 0
    status: str = ""
    user: str | None = None

    @property
    def key(self) -> str:
        """Its id."""
        return self.id
