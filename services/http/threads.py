"""Threads that run blocking functions for an event loop, cheaper than one wake-up a call.

What waits together is done by one thread and handed back in one go. It refuses to know what the
functions do.
"""

import asyncio
import collections
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeVar

LOOK_S: Final = 0.004  # a commit that takes so long is worth sharing; a shorter one is not
STALLED_LOOKS: Final = 3  # so often nothing was begun: whatever they do, it is no computing
LOOK_EVERY_S: Final = 60.0  # an idle thread looks this often whether its loop is still there

SHARED_MAX: Final = 32  # brief jobs that one thread has under way: seventeen frames each, of 1,000

ALONE_ROUNDS: Final = 16  # of the loop, with one that came in each: more are not waited for

T = TypeVar("T")


class _Own(threading.local):
    """What a thread knows of itself."""

    pool: "Threads | None" = None
    under_way = 0  # brief jobs that wait, the later ones inside the earlier ones' wait
    is_free = False  # whether what it does is brief, holds nothing, and has begun no other


_own = _Own()


class Threads:
    """At most `count` threads, started as they are needed; they last as long as the loop.

    Threads that compute at the same time fight for the one interpreter, which costs more than most
    requests do. So one works off what there is to do. Others join in when it has begun nothing for
    a while: a short one if it says that it waits (`waiting`), as for a slow disk: who joins then
    waits for the same commit. With `is_eager` they join in at once.

    Before a brief job waits, its thread begins the next one, if that is brief too: so they come to
    one commit without the threads that would cost more than it does. Each begins one at most: if
    one that waits several times did so each time, so would those, and the first would never end.
    """

    def __init__(self, name: str, count: int, *, is_eager: bool = False) -> None:
        self._name = name
        self._count = count
        self._is_eager = is_eager
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()  # of the next six
        self._jobs: collections.deque[_Job] = collections.deque()
        self._begun = 0  # jobs so far
        self._started = 0  # threads so far
        # of them, those that wait to be called: who worked last is called first, as it is warm
        self._idle: list[queue.SimpleQueue[None]] = []
        self._coming = 0  # those that were called, and do not work yet
        self._active: set[int] = set()  # those that work, and were not found waiting
        self._waiting: set[int] = set()  # those that say so
        self._done: collections.deque[Outcome] = collections.deque()
        self._is_called = False  # whether the loop will come for what is done
        self._is_watching = False
        self._is_gathering = False
        self._crowd = Crowd()
        self._under_way = 0
        self._yielding = 0  # of them, those that were told to end for others

    def run(self, function: Callable[[], T], *, is_brief: bool = False) -> "asyncio.Future[T]":
        """What `function` returns or raises; it runs to its end whoever gives up waiting.

        One that `is_brief` keeps nobody waiting for longer than a commit takes, and locks what it
        locks inside `alone`.
        """
        future: asyncio.Future[T] = self._loop.create_future()
        self._under_way += 1
        with self._lock:
            self._jobs.append(_Job(function, future, is_brief))
            if self._is_eager:
                self._call()
        if not (self._is_eager or self._is_gathering):
            if self._crowd.comes_alone(self._loop):
                self._call_one()
            else:
                self._is_gathering = True
                when_no_more_come(self._loop, lambda: len(self._jobs), self._call_one)
        if not self._is_watching:
            self._is_watching = True
            self._loop.call_later(LOOK_S, self._watch, self._begun, 0)
        return future

    def must_yield(self) -> bool:
        """Whether a function waits for a thread, and its caller shall end its own: each time this
        is true, one more is counted on to end. On the event loop.
        """
        is_short = self._under_way - self._yielding > self._count
        self._yielding += is_short
        return is_short

    def begin_to_wait(self) -> None:
        """Take it that this thread waits from now on; see to what is brief before that."""
        if _own.is_free and _own.under_way < SHARED_MAX and (job := self._next_brief()):
            _own.is_free = False
            self._do(job)
        self._waiting.add(threading.get_ident())

    def end_to_wait(self) -> None:
        """Take it that this thread waits no more."""
        self._waiting.discard(threading.get_ident())

    def _call_one(self) -> None:
        """Have one thread work off what came together, if none does yet."""
        self._is_gathering = False
        with self._lock:
            if self._jobs and not (self._active or self._coming):
                self._call()

    def _watch(self, begun: int, looks: int) -> None:
        """Take what is done, let threads join in if those at work begin nothing; look again while
        jobs wait.
        """
        self._deliver()
        self._is_watching = bool(self._jobs)
        if not self._is_watching:
            return
        with self._lock:
            looks = looks + 1 if begun == self._begun else 0
            if looks >= (1 if self._active <= self._waiting else STALLED_LOOKS):
                self._active.clear()
                for _ in range(len(self._jobs)):
                    self._call()
            begun = self._begun
        self._loop.call_later(LOOK_S, self._watch, begun, looks)

    def _call(self) -> None:
        """With the lock: have one more thread work, if there is one."""
        if self._idle:
            self._idle.pop().put(None)
        elif self._started < self._count:
            name = f"{self._name} {self._started}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
            self._started += 1
        else:
            return
        self._coming += 1

    def _work(self) -> None:
        _own.pool = self
        calls: queue.SimpleQueue[None] = queue.SimpleQueue()
        is_called = True
        while is_called or not self._loop.is_closed():
            if is_called:
                with self._lock:
                    self._coming -= 1
                while (job := self._next(calls)) is not None:
                    self._do(job)
                    del job  # nothing is kept while the thread waits
                    if not self._jobs:  # else soon: the loop has as much to do then as it can
                        self._call_loop()
            try:
                calls.get(timeout=LOOK_EVERY_S)
                is_called = True
            except queue.Empty:
                is_called = False

    def _next_brief(self) -> "_Job | None":
        """The next job, if it is brief."""
        with self._lock:
            if not (self._jobs and self._jobs[0].is_brief):
                return None
            self._begun += 1
            return self._jobs.popleft()

    def _do(self, job: "_Job") -> None:
        was_free, _own.is_free = _own.is_free, job.is_brief
        _own.under_way += 1
        self._done.append(outcome(job.function, job.future))
        _own.under_way -= 1
        _own.is_free = was_free

    def _next(self, calls: "queue.SimpleQueue[None]") -> "_Job | None":
        """The next job of this thread, which is idle if there is none, and called by `calls`."""
        me = threading.get_ident()
        with self._lock:
            if self._jobs:
                self._active.add(me)
                self._begun += 1
                return self._jobs.popleft()
            self._active.discard(me)
            self._idle.append(calls)
            return None

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
            self._under_way -= 1
            self._yielding = max(0, self._yielding - 1)
            hand_back(self._done.popleft())


class waiting:  # noqa: N801 - it reads as what the block does
    """What the block does is waiting: for a disk, or for others. In any thread."""

    __slots__ = ("_pool",)

    def __init__(self) -> None:
        self._pool = _own.pool

    def __enter__(self) -> None:
        if self._pool is not None:
            self._pool.begin_to_wait()

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.end_to_wait()


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """In the block this thread begins nothing else: it locks what that may want. In any thread."""
    was_free, _own.is_free = _own.is_free, False
    try:
        yield
    finally:
        _own.is_free = was_free


class Crowd:
    """Whether what comes to an event loop comes one at a time, so that nothing is worth waiting for
    more. On the loop.
    """

    def __init__(self) -> None:
        self._came = 0  # in this round of the loop
        self._rounds_alone = 0

    def comes_alone(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Take it that one comes; whether it and the last ones had a round of the loop each."""
        self._came += 1
        if self._came > 1:
            return False
        loop.call_soon(self._end_round)
        return self._rounds_alone >= ALONE_ROUNDS

    def _end_round(self) -> None:
        self._rounds_alone = self._rounds_alone + 1 if self._came == 1 else 0
        self._came = 0


def when_no_more_come(
    loop: asyncio.AbstractEventLoop, count: Callable[[], int], do: Callable[[], None]
) -> None:
    """Call `do` on the loop, once `count` has not grown from one of its rounds to the next.

    What comes together is begun together: else whoever begins the first would want the interpreter
    just when the next one comes.
    """

    def look(before: int) -> None:
        if (now := count()) > before:
            loop.call_soon(look, now)
        else:
            do()

    loop.call_soon(look, count())


class _Job(NamedTuple):
    function: Callable[[], Any]
    future: "asyncio.Future[Any]"
    is_brief: bool


Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]


def outcome(function: Callable[[], Any], future: "asyncio.Future[Any]") -> Outcome:
    """Run `function`; what came of it is `future`'s."""
    try:
        return future, function(), None
    except BaseException as error:  # noqa: BLE001 - it is the caller's to handle
        return future, None, error


def hand_back(done: Outcome) -> None:
    """Give a future what came of its function, if anybody still waits. On the event loop."""
    future, result, error = done
    if future.cancelled():
        return
    if error is None:
        future.set_result(result)
    elif isinstance(error, StopIteration):  # a future takes anything but this
        future.set_exception(RuntimeError(f"a function raised {error!r}"))
    else:
        future.set_exception(error)
