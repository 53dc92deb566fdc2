"""The containers that are open now: borrowed by requests, a few idle ones kept for the next.

It refuses to know how a container is found and opened: it is given a function for that.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from storage.objects.container import Container

# Two connections of up to 512 KiB each: 16 idle containers cost at most 16 MiB.
IDLE_MAX: Final = 16

Key = tuple[str, str]  # account, container


@dataclass(slots=True)
class _Loan:
    container: Container
    users: int = 0


class OpenContainers:
    """Opens a container when first asked for it and closes those unused longest."""

    def __init__(self, open_one: Callable[[str, str], Container]) -> None:
        self._open_one = open_one
        self._lock = threading.Lock()
        self._loans: dict[Key, _Loan] = {}  # least recently borrowed first

    @contextlib.contextmanager
    def borrow(self, account: str, name: str) -> Iterator[Container]:
        """Lend the container for the block; raises what the opening function raises."""
        key = (account, name)
        with self._lock:
            loan = self._loans.pop(key, None) or _Loan(self._open_one(account, name))
            self._loans[key] = loan
            loan.users += 1
        try:
            yield loan.container
        finally:
            self._give_back(key, loan)

    def is_at_hand(self, account: str, name: str) -> bool:
        """Return whether the next borrower is lent it without waiting, most likely."""
        return (account, name) in self._loans and not self._lock.locked()

    def forget(self, account: str, name: str) -> None:
        """Let the next borrower open anew; the file is closed when its last user is done."""
        with self._lock:
            self._loans.pop((account, name), None)

    def close(self) -> None:
        """Close every container; nobody may be using one."""
        with self._lock:
            for loan in self._loans.values():
                loan.container.close()
            self._loans.clear()

    def _give_back(self, key: Key, loan: _Loan) -> None:
        with self._lock:
            loan.users -= 1
            done = [] if loan.users or self._loans.get(key) is loan else [loan]
            if len(self._loans) > IDLE_MAX:
                done += self._take_idle()
        for loan in done:
            loan.container.close()

    def _take_idle(self) -> list[_Loan]:
        idle = [key for key, loan in self._loans.items() if not loan.users]
        return [self._loans.pop(key) for key in idle[: len(self._loans) - IDLE_MAX]]
