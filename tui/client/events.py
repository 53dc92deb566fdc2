"""What the event stream says, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from tui.client import nouns


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """The stream is open: what follows is live."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The stream broke; it is tried again in ``retry_s``."""

    reason: str
    retry_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All objects as of revision ``rev``; what is not in it is not in the cloud."""

    rev: int
    objects: dict[nouns.Kind, list[nouns.Noun]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One object after (``noun``) or, when it is None, without a change."""

    rev: int
    kind: nouns.Kind
    id: str
    noun: nouns.Noun | None


Event: TypeAlias = Connected | Lost | Snapshot | Change | nouns.Hop
