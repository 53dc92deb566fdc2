"""How often a login may fail: a sliding window by address and one for all; knows no passwords."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

WINDOW_S: Final = 60.0
PER_ADDRESS: Final = 5  # a person who mistypes needs three
ALTOGETHER: Final = 60  # a hundred addresses guess no faster than this
_ADDRESSES_MAX: Final = 4096  # what a flood may cost in memory; the oldest are forgotten


class Attempts:
    """Failed logins of the last minute. An attempt counts before it is known how it ends."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._by_address: OrderedDict[str, deque[float]] = OrderedDict()
        self._all: deque[float] = deque()

    def begin(self, address: str) -> float:
        """Count an attempt and return 0, or return for how many seconds there must be none."""
        own = self._by_address.setdefault(address, deque())
        self._by_address.move_to_end(address)
        while len(self._by_address) > _ADDRESSES_MAX:
            self._by_address.popitem(last=False)
        wait_s = max(self._wait_s(own, PER_ADDRESS), self._wait_s(self._all, ALTOGETHER))
        if not wait_s:
            own.append(self._now_s())
            self._all.append(self._now_s())
        return wait_s

    def succeeded(self, address: str) -> None:
        """Take the last attempt of ``address`` back: it was no failure."""
        if own := self._by_address.get(address):
            own.pop()
        if self._all:
            self._all.pop()

    def _wait_s(self, times: deque[float], limit: int) -> float:
        since = self._now_s() - WINDOW_S
        while times and times[0] <= since:
            times.popleft()
        return times[0] - since if len(times) >= limit else 0.0
