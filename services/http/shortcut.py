"""The way around the threads: what is quicker than they are is done on the event loop itself.

It refuses to know what that is: whoever calls says so.
"""

import asyncio
import functools
from collections.abc import Callable
from typing import Any, Final, TypeVar

from services.http import threads

SLOW_S: Final = 0.01  # nobody else is answered meanwhile
CLOSED_TIMES: Final = 100

T = TypeVar("T")


class Shortcut:
    """Runs functions that read a row or two, and block nobody for longer than that takes.

    What comes together is done in one go; nobody waits for that where one comes at a time. One that
    was slow all the same, as on a disk that others keep busy, closes the way for a hundred times as
    long.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[Callable[[], Any], asyncio.Future[Any]]] = []
        self._open_at_s = 0.0  # by the loop's clock
        self._crowd = threads.Crowd()

    @property
    def is_open(self) -> bool:
        """Whether what is quick may come this way now. On the event loop, as all of this."""
        return asyncio.get_running_loop().time() >= self._open_at_s

    async def take(self, function: Callable[[], T]) -> T:
        """What `function` returns or raises."""
        loop = asyncio.get_running_loop()
        if self._crowd.comes_alone(loop) and not self._waiting:
            return self.take_now(function)
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((function, future))
        if len(self._waiting) == 1:
            threads.when_no_more_come(loop, lambda: len(self._waiting), self._go)
        return await future

    def take_now(self, function: Callable[[], T]) -> T:
        """The same, without a look at who else comes."""
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            return function()
        finally:
            if (took_s := loop.time() - began_s) > SLOW_S:
                self._open_at_s = loop.time() + CLOSED_TIMES * took_s

    def _go(self) -> None:
        waiting, self._waiting = self._waiting, []
        for function, future in waiting:
            work = functools.partial(self.take_now, function)
            threads.hand_back(threads.outcome(work, future))
