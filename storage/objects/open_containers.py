"""The containers that are open now: borrowed by requests, a few idle ones kept for the next.

It refuses to know how a container is found and opened: it is given a function for that.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from storage.objects.container import Container
from storage.objects.errors import translated

# Two connections of up to 512 KiB each: 16 idle containers cost at most 16 MiB.
IDLE_MAX: Final = 16

Key = tuple[str, str]  # account, container


@dataclass(slots=True)
class Loan:
    """An open container, and how many use it now."""

    container: Container
    users: int = 0


class OpenContainers:
    """Opens a container when first asked for it and closes those unused longest."""

    def __init__(self, open_one: Callable[[str, str], Container]) -> None:
        self._open_one = open_one
        self._lock = threading.Lock()
        self._loans: dict[Key, Loan] = {}  # least recently borrowed first

    def borrow(self, account: str, name: str) -> Borrowed:
        """Lend the container for a block. Raises ContainerNotFound, StoreError: see `translated`,
        of what happens in the block too.
        """
        return Borrowed(self, (account, name))

    def lend(self, key: Key) -> Loan:
        """Lend a container until it is given back; raises what the opening function raises."""
        with self._lock:
            loan = self._loans.pop(key, None) or Loan(self._open_one(*key))
            self._loans[key] = loan
            loan.users += 1
        return loan

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

    def give_back(self, key: Key, loan: Loan) -> None:
        """Take back what was lent; too many idle ones are closed."""
        with self._lock:
            loan.users -= 1
            done = [] if loan.users or self._loans.get(key) is loan else [loan]
            if len(self._loans) > IDLE_MAX:
                done += self._take_idle()
        for loan in done:
            loan.container.close()

    def _take_idle(self) -> list[Loan]:
        idle = [key for key, loan in self._loans.items() if not loan.users]
        return [self._loans.pop(key) for key in idle[: len(self._loans) - IDLE_MAX]]


class Borrowed:
    """A container that is lent for a block; what the disk says meanwhile is said of it."""

    __slots__ = ("_containers", "_key", "_loan", "_translated")

    def __init__(self, containers: OpenContainers, key: Key) -> None:
        self._containers = containers
        self._key = key
        self._translated = translated("container {}/{}", *key)

    def __enter__(self) -> Container:
        try:
            self._loan = self._containers.lend(self._key)
        except (OSError, sqlite3.Error) as error:
            self._translated.__exit__(type(error), error, None)
            raise
        return self._loan.container

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._containers.give_back(self._key, self._loan)
        self._translated.__exit__(kind, error, trace)
