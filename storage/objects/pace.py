"""How fast background work may go, and whether it should go on at all.

It refuses to know what the work is: it is told of bytes.
"""

from __future__ import annotations

import threading
import time
from typing import Final

LEAST_WAIT_S: Final = 0.01  # shorter waits cost more than they are worth; they add up to one
MIB: Final = 1 << 20


class Stopped(Exception):
    """The work is to end now; what it did so far is whole."""


class Pace:
    """Lets `mib_per_s` go by (0: as much as can), until `is_over`; one thread at a time."""

    def __init__(self, mib_per_s: float = 0.0, is_over: threading.Event | None = None) -> None:
        self._bytes_per_s = mib_per_s * MIB
        self._is_over = is_over or threading.Event()
        self._due_s = 0.0

    def spend(self, size_bytes: int) -> None:
        """Wait for as long as so many bytes may take. Raises Stopped."""
        if self._is_over.is_set():
            raise Stopped
        if not self._bytes_per_s:
            return
        now_s = time.monotonic()
        self._due_s = max(self._due_s, now_s) + size_bytes / self._bytes_per_s
        if (wait_s := self._due_s - now_s) >= LEAST_WAIT_S and self._is_over.wait(wait_s):
            raise Stopped
