"""Swift's timestamps: hundred-thousandths of a second since 1970, as integers called ticks.

They order the versions of an object and name its files, so no two may be equal.
"""

from __future__ import annotations

import threading
import time
from typing import Final

TICKS_PER_SECOND: Final = 100_000
_NANOSECONDS_PER_TICK: Final = 10_000


class TimestampSource:
    """Hands out ticks that only rise, whatever the machine's clock does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self, *, after: int = 0) -> int:
        """Return a tick later than any before and than `after`; the present one if it can be."""
        with self._lock:
            self._last = max(now_ticks(), self._last + 1, after + 1)
            return self._last


def now_ticks() -> int:
    """Return the present time in ticks."""
    return time.time_ns() // _NANOSECONDS_PER_TICK


def format_ticks(ticks: int) -> str:
    """Write ticks as Swift does in X-Timestamp and file names: 1285951234.56789."""
    return f"{ticks // TICKS_PER_SECOND:010d}.{ticks % TICKS_PER_SECOND:05d}"
