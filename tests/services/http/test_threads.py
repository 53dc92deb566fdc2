"""Functions run in a few threads, and what comes of them gets back to the loop that asked."""

import asyncio
import threading
from collections.abc import Awaitable, Callable

import pytest

from services.http.threads import Threads


def on_a_loop(work: Callable[[], Awaitable[object]]) -> object:
    async def run() -> object:
        return await work()

    return asyncio.run(run())


def test_results_and_errors_come_back():
    async def work() -> int:
        pool = Threads("test", 2)
        with pytest.raises(KeyError, match="why"):
            await pool.run(lambda: {}["why"])
        with pytest.raises(RuntimeError, match="StopIteration"):
            await pool.run(lambda: next(iter(())))
        return sum(await asyncio.gather(*(pool.run(lambda n=n: n) for n in range(100))))

    assert on_a_loop(work) == sum(range(100))


def test_there_are_no_more_threads_than_allowed_and_as_many_as_are_needed():
    async def work() -> int:
        pool, met = Threads("test", 3), threading.Barrier(3, timeout=20)
        names = await asyncio.gather(
            *(pool.run(lambda: (met.wait(), threading.current_thread().name)[1]) for _ in range(9))
        )
        return len(set(names))

    assert on_a_loop(work) == 3


def test_a_function_runs_to_its_end_though_nobody_waits_any_more():
    async def work() -> bool:
        pool, begun, go = Threads("test", 1), threading.Event(), threading.Event()
        done = []

        def function() -> None:
            begun.set()
            go.wait(20)
            done.append(True)

        task = asyncio.get_running_loop().create_task(pool.run(function))
        await asyncio.to_thread(begun.wait, 20)
        task.cancel()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        return await pool.run(lambda: bool(done))

    assert on_a_loop(work) is True
