"""What was computed from the database, for as long as nothing is written to it.

It refuses to know what is computed: only that the same again comes to the same, until any process
commits anything.
"""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Remembered(Generic[V]):
    """At most `entries_max` values by key; `version` is the database's. Safe for threads."""

    def __init__(self, version: Callable[[], int], *, entries_max: int) -> None:
        self._version = version
        self._entries_max = entries_max
        self._at = -1
        self._values: dict[Hashable, V] = {}
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> tuple[int, V | None]:
        """The database's version now, and the value of `key` if one is known for it."""
        now = self._version()
        with self._lock:
            if now != self._at:
                self._values.clear()
                self._at = now
            return now, self._values.get(key)

    def keep(self, key: Hashable, value: V, *, version: int) -> None:
        """Know a value that was computed after `find` had said `version`."""
        with self._lock:
            if version != self._at:
                return  # something was written meanwhile: it may be of before or after
            if len(self._values) >= self._entries_max:
                self._values.clear()
            self._values[key] = value
