"""Threads that run blocking functions for an event loop, cheaper than one wake-up a call.

What is done while the loop is busy is handed back to it in one go. It refuses to know what the
functions do.
"""

import asyncio
import collections
import queue
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

import anyio

LOOK_EVERY_S: Final = 60.0  # an idle thread looks this often whether its loop is still there

T = TypeVar("T")


class Threads:
    """At most `count` threads, started as they are needed; they last as long as the loop."""

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._count = count
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], asyncio.Future[Any]]]
        self._jobs = queue.SimpleQueue()
        self._done: collections.deque[_Outcome] = collections.deque()
        self._is_called = False  # whether the loop will come for what is done
        self._under_way = 0
        self._yielding = 0  # of them, those that were told to end for others
        self._started = 0

    async def run(self, function: Callable[[], T]) -> T:
        """What `function` returns or raises; it runs to its end whoever gives up waiting."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._under_way += 1
        if self._started < min(self._under_way, self._count):
            self._start_one()
        self._jobs.put((function, future))
        with anyio.CancelScope(shield=True):
            await future
        return future.result()

    def must_yield(self) -> bool:
        """Whether a function waits for a thread, and its caller shall end its own: each time this
        is true, one more is counted on to end. On the event loop.
        """
        is_short = self._under_way - self._yielding > self._count
        self._yielding += is_short
        return is_short

    def _start_one(self) -> None:
        name = f"{self._name} {self._started}"
        threading.Thread(target=self._work, name=name, daemon=True).start()
        self._started += 1

    def _work(self) -> None:
        while True:
            try:
                function, future = self._jobs.get(timeout=LOOK_EVERY_S)
            except queue.Empty:
                if self._loop.is_closed():
                    return
                continue
            result, error = None, None
            try:
                result = function()
            except BaseException as raised:  # noqa: BLE001 - it is the caller's to handle
                error = raised
            self._done.append((future, result, error))
            del function, future, result, error  # nothing is kept while the thread waits
            self._call_loop()

    def _call_loop(self) -> None:
        # The loop clears the mark before it looks: what is appended after that is seen or called.
        if not self._is_called:
            self._is_called = True
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:  # the loop is closed: nobody waits any more
                self._done.clear()

    def _deliver(self) -> None:
        self._is_called = False
        while self._done:
            future, result, error = self._done.popleft()
            self._under_way -= 1
            self._yielding = max(0, self._yielding - 1)
            if future.cancelled():
                continue
            if error is None:
                future.set_result(result)
            elif isinstance(error, StopIteration):  # a future takes anything but this
                future.set_exception(RuntimeError(f"a function in a thread raised {error!r}"))
            else:
                future.set_exception(error)


_Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]
