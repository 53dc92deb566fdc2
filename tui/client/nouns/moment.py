"""A moment as the APIs write it."""

from __future__ import annotations

from typing import TypeAlias

Time: TypeAlias = str | int | float | None
"""ISO 8601 text, seconds or microseconds since the epoch; ``tui.quantities`` reads all three."""
