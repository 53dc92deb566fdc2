"""How many writes a second an account or a container takes (Swift, common/middleware/ratelimit.py).

Swift lets a client wait; here it is told at once (498) and comes again, as its own library does.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.object.refusals import Refused
from storage.objects.object_file import ObjectName

BUFFER_S: Final = 5.0  # Swift's rate_buffer_seconds: what a quiet client may catch up
_KEYS_MAX: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Writes a second: of containers in an account, of objects in a container; 0: any number."""

    account_per_s: float = 0.0
    container_per_s: float = 0.0


class RateLimit:
    """Counts writes as they come. Any thread may call; `now_s` only rises."""

    def __init__(self, rates: Rates, now_s: Callable[[], float]) -> None:
        self.rates = rates
        self._now_s = now_s
        self._lock = threading.Lock()
        self._due_s: OrderedDict[str, float] = OrderedDict()  # when the next write is due

    @property
    def is_on(self) -> bool:
        """Whether anything is limited."""
        return bool(self.rates.account_per_s or self.rates.container_per_s)

    def count(self, name: ObjectName) -> None:
        """Count a container (without an object's name) or an object written or removed.

        Refuses one too many: 498.
        """
        if name.name:
            self._count(f"{name.account}/{name.container}", self.rates.container_per_s)
        else:
            self._count(name.account, self.rates.account_per_s)

    def _count(self, key: str, per_s: float) -> None:
        if not per_s:
            return
        with self._lock:
            now_s = self._now_s()
            due_s = max(self._due_s.pop(key, 0.0), now_s - BUFFER_S)
            if due_s > now_s:
                self._due_s[key] = due_s
                raise Refused(498, "Slow down")
            self._due_s[key] = due_s + 1 / per_s
            if len(self._due_s) > _KEYS_MAX:
                self._due_s.popitem(last=False)
