"""Functions run in a few threads, and what comes of them gets back to the loop that asked."""

import asyncio
import contextlib
import functools
import threading
from collections.abc import Awaitable, Callable

import pytest

from services.http import threads
from services.http.threads import SHARED_MAX, Threads, alone, waiting


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

        future = pool.run(function)
        await asyncio.to_thread(begun.wait, 20)
        future.cancel()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await future
        return await pool.run(lambda: bool(done))

    assert on_a_loop(work) is True


def test_what_computes_is_done_by_one_thread(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(threads, "LOOK_S", 60.0)  # on a busy machine it could seem to wait

    async def work() -> set[str]:
        pool = Threads("test", 8)
        return set(await asyncio.gather(*(pool.run(name_of_thread) for _ in range(100))))

    assert on_a_loop(work) == {"test 0"}


def test_others_join_one_that_waits_and_share_what_it_waits_for():
    async def work() -> int:
        pool, met = Threads("test", 8), threading.Barrier(8, timeout=20)

        def function() -> str:
            with waiting():
                met.wait()
            return name_of_thread()

        return len(set(await asyncio.gather(*(pool.run(function) for _ in range(8)))))

    assert on_a_loop(work) == 8


def test_what_is_done_is_handed_back_while_the_next_takes_its_time():
    async def work() -> str:
        pool, go = Threads("test", 1), threading.Event()
        first = asyncio.ensure_future(pool.run(name_of_thread))
        second = asyncio.ensure_future(pool.run(lambda: go.wait(20)))
        done = await asyncio.wait_for(first, 10)
        assert not second.done()
        go.set()
        assert await second is True
        return done

    assert on_a_loop(work) == "test 0"


def test_what_is_brief_waits_together_in_one_thread():
    async def work() -> list[str]:
        pool, told = Threads("test", 1), []

        def function(name: str) -> str:
            told.append(f"{name} begins")
            with waiting():
                told.append(f"{name} waits")
            return name

        names = ["a", "b", "c"]
        runs = (pool.run(functools.partial(function, name), is_brief=True) for name in names)
        assert await asyncio.gather(*runs) == names
        return told

    assert on_a_loop(work) == [
        "a begins", "b begins", "c begins", "c waits", "b waits", "a waits",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("holds", "is_brief", "is_next_brief"),
    [(True, True, True), (False, False, True), (False, True, False)],
)
def test_else_nothing_begins_while_another_is_under_way(
    holds: bool,
    is_brief: bool,
    is_next_brief: bool,
) -> None:
    async def work() -> list[str]:
        pool, told = Threads("test", 1), []

        def first() -> None:
            with alone() if holds else contextlib.nullcontext(), waiting():
                told.append("the first waits")

        await asyncio.gather(
            pool.run(first, is_brief=is_brief),
            pool.run(lambda: told.append("the second begins"), is_brief=is_next_brief),
        )
        return told

    assert on_a_loop(work) == ["the first waits", "the second begins"]


def test_what_waits_several_times_begins_one_other():
    async def work() -> list[int]:
        pool, ends = Threads("test", 1), []

        def function(number: int) -> None:
            for _ in range(3):
                with waiting():
                    pass
            ends.append(number)

        jobs = (pool.run(functools.partial(function, i), is_brief=True) for i in range(100))
        await asyncio.gather(*jobs)
        return ends

    ends = on_a_loop(work)
    assert (
        list(range(SHARED_MAX - 1, -1, -1)) == ends[:SHARED_MAX]
    )  # the first ends with those that it waited with


def test_an_error_in_a_wait_is_its_own():
    async def work() -> str:
        pool = Threads("test", 1)

        def function() -> str:
            with waiting():
                return name_of_thread()

        first = asyncio.ensure_future(pool.run(function, is_brief=True))
        with pytest.raises(KeyError, match="why"):
            await pool.run(lambda: {}["why"], is_brief=True)
        return await first

    assert on_a_loop(work) == "test 0"


def test_in_no_pools_thread_nobody_waits_for_who_waits():
    with waiting():
        assert threading.current_thread() is threading.main_thread()


def name_of_thread() -> str:
    return threading.current_thread().name
