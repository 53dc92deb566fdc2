"""From the JSON of the journal to values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tui.client.decode import convert
from tui.client.nouns.journal import Deed


def entries(body: Any) -> list[Deed]:
    """Read ``GET /journal``. Raises Unreadable."""
    return convert(body, _Entries).entries


def entry(body: Any) -> Deed:
    """Read ``POST /journal/{id}/undo`` or ``redo``. Raises Unreadable."""
    return convert(body, _Entry).entry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entries:
    entries: list[Deed]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    entry: Deed
