"""The cloud's own parts: processes, queues and what waits in them, requests and their hops."""

from __future__ import annotations

from dataclasses import dataclass
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
    started_at: Time = None
    seen_at: Time = None
    pss_kib: int | None = None
    cpu_percent: float | None = None

    @property
    def key(self) -> str:
        """The topic it serves, or its name."""
        return self.topic or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One queue: a worker kind on a host."""

    name: str
    depth: int = 0
    is_paused: bool = False
    oldest_age_s: float | None = None
    last_step: str | None = None

    @property
    def key(self) -> str:
        """Its name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One note waiting in a topic."""

    id: str | int
    step: str = ""
    object_id: str | None = None
    request_id: str | None = None
    queued_at: Time = None


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
