"""Moments as S3's documents have them: 2011-09-22T12:00:00.000Z."""

from __future__ import annotations

from datetime import UTC, datetime

from storage.objects import timestamps


def iso(ticks: int) -> str:
    """Ticks as text, to the second as headers have them: clients compare the two."""
    seconds = -(-ticks // timestamps.TICKS_PER_SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.000Z"
