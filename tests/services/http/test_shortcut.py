"""What is quick is done on the event loop, together with what comes at the same time."""

import asyncio
import threading
import time

import pytest
import uvloop

from services.http import shortcut
from services.http.shortcut import Shortcut


def test_what_comes_together_is_done_in_one_go_on_the_loop():
    told = []

    async def work(way: Shortcut, number: int) -> None:
        name = await way.take(lambda: told.append(number) or threading.current_thread().name)
        told.append(name)

    async def run() -> None:
        way = Shortcut()
        await asyncio.gather(*(work(way, number) for number in range(3)))

    uvloop.run(run())
    assert told == [0, 1, 2, *[threading.main_thread().name] * 3]


def test_an_error_is_its_own_and_who_gave_up_is_told_nothing():
    async def run() -> int:
        way = Shortcut()
        with pytest.raises(KeyError, match="why"):
            await way.take(lambda: {}["why"])
        with pytest.raises(RuntimeError, match="StopIteration"):
            await way.take(lambda: next(iter(())))
        given_up = asyncio.ensure_future(way.take(lambda: 1))
        await asyncio.sleep(0)
        given_up.cancel()
        return await way.take(lambda: 2)

    assert uvloop.run(run()) == 2


def test_what_was_slow_closes_the_way_for_long(monkeypatch: pytest.MonkeyPatch):
    async def run() -> list[bool]:
        way = Shortcut()
        seen = [way.is_open]
        await way.take(lambda: time.sleep(2 * shortcut.SLOW_S))
        seen.append(way.is_open)
        monkeypatch.setattr(shortcut, "CLOSED_TIMES", 0)
        await way.take(lambda: time.sleep(2 * shortcut.SLOW_S))
        return [*seen, way.is_open]

    assert uvloop.run(run()) == [True, False, True]
