"""The line as a client has it: kept, live, boots, resumed, skipped, refused."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.tui.console.fake_consoles import FakeConsoles
from tui.client.errors import Refused
from tui.console.client import INPUT_BYTES_MAX
from tui.console.line import Booted, Heard, Lost, Output

MARK = b"=== novabox: boot 2026-11-27T10:57:03.000000Z ===\n"
BOOTED = Booted(at=1795777023.0)
DEADLINE_S = 10.0
Next = Callable[[], Awaitable[Heard]]


@contextlib.asynccontextmanager
async def listening(line) -> AsyncIterator[Next]:
    async with asyncio.timeout(DEADLINE_S), contextlib.aclosing(line.listen()) as heard:
        yield lambda: anext(heard)


def output(offset: int, data: bytes, *, is_live: bool = True) -> Output:
    return Output(offset=offset, data=data, is_live=is_live)


def test_what_was_kept_comes_first_and_each_boot_is_told_where_it_is():
    async def scenario() -> None:
        cloud = FakeConsoles()
        cloud.log = MARK + b"login: "
        line = cloud.line()
        async with listening(line) as following:
            assert await following() == BOOTED
            assert await following() == output(0, cloud.log, is_live=False)
            assert line.has_told_kept
            place = len(cloud.log)
            cloud.say(b"ro" + b"ot\r\n" + MARK[:20])
            assert await following() == output(place, b"root\r\n" + MARK[:20])
            cloud.say(MARK[20:] + b"again")
            assert await following() == BOOTED
            assert await following() == output(place + 26, MARK[20:] + b"again")
            assert line.offset == len(cloud.log)

    asyncio.run(scenario())


def test_a_stream_that_was_cut_goes_on_where_it_stopped():
    async def scenario() -> None:
        cloud = FakeConsoles()
        cloud.log = b"one"
        async with listening(cloud.line()) as following:
            assert await following() == output(0, b"one", is_live=False)
            cloud.cut()
            cloud.say(b"two")
            assert await following() == output(3, b"two")
        assert cloud.asked[-1] == "GET /novabox/v1/consoles/i-1?since=3"

    asyncio.run(scenario())


def test_what_is_not_kept_any_more_is_seen_by_the_place():
    async def scenario() -> None:
        cloud = FakeConsoles()
        cloud.log = b"one"
        async with listening(cloud.line()) as following:
            await following()
            cloud.cut()
            cloud.log += b"x" * 50
            cloud.start = 40
            assert await following() == output(40, b"x" * 13)

    asyncio.run(scenario())


def test_a_cloud_that_is_away_is_asked_again_and_one_that_says_no_is_not():
    async def scenario() -> None:
        cloud = FakeConsoles()
        cloud.log = b"one"
        cloud.statuses = [503, 409, 200, 404]
        line = cloud.line()
        async with listening(line) as following:
            assert await following() == Lost(reason="not now", retry_s=0.2)
            assert await following() == Lost(reason="not now", retry_s=0.5)
            assert await following() == output(0, b"one", is_live=False)
            cloud.cut()
            assert await following() == Lost(reason="not now", retry_s=None)
            with pytest.raises(StopAsyncIteration):
                await following()

    asyncio.run(scenario())


def test_who_has_always_more_to_read_skips_to_the_end():
    async def scenario() -> None:
        cloud = FakeConsoles()
        cloud.log = b"kept"
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.send(b"more than can be read")
            async with listening(cloud.line()) as following:
                await following()
                cloud.connection, began_s = ours, time.monotonic()
                while not cloud.asked[-1].endswith("&tail=65536"):
                    cloud.say(b"x" * 99_999)
                    heard = await following()
                assert time.monotonic() - began_s >= 0.25
                assert heard == output(len(cloud.log) - 65536, b"x" * 65536, is_live=True)

    asyncio.run(scenario())


def test_keys_are_sent_in_pieces_that_the_api_takes_and_the_keyboard_is_given_back():
    async def scenario() -> None:
        cloud = FakeConsoles()
        line = cloud.line()
        data = bytes(range(256)) * 300
        cloud.log = b"login: "
        async with listening(line) as following:
            await following()
            await cloud.opened.wait()
            assert (cloud.typed, line.is_ours) == (b"", False)
            await line.send(data)
        posts = [asked for asked in cloud.asked if asked.startswith("POST")]
        assert len(posts) == 1 + -(-len(data) // INPUT_BYTES_MAX)
        assert cloud.typed == data

    asyncio.run(scenario())


def test_who_else_types_is_known_by_name_until_the_keyboard_is_taken():
    async def scenario() -> None:
        cloud = FakeConsoles()
        cloud.writer, cloud.log = "Ada L", b"x"
        line = cloud.line()
        async with listening(line) as following:
            await following()
            with pytest.raises(Refused) as raised:
                await line.send(b"a")
            assert (raised.value.status, line.writer, line.is_ours) == (409, "Ada L", False)
            await line.take_over()
            assert (line.writer, line.is_ours) == ("", True)
            await line.send(b"b")
            await line.send_break()
            await line.send_ctrl_alt_del()
        assert cloud.typed == b"b"
        assert cloud.asked[-3:] == [
            "POST /novabox/v1/consoles/i-1/break",
            "POST /novabox/v1/consoles/i-1/ctrl-alt-del",
            "DELETE /novabox/v1/consoles/i-1/input",
        ]

    asyncio.run(scenario())


def test_what_was_kept_alone_ends():
    async def scenario() -> None:
        cloud = FakeConsoles()
        assert [piece async for piece in cloud.line().kept()] == []
        cloud.log = b"one\n" + MARK + b"two"
        assert b"".join([piece async for piece in cloud.line().kept()]) == cloud.log

    asyncio.run(scenario())
