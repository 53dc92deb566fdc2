"""Uploads that say nothing: borne for a while, and for less while others wait."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from typing import Any

from services.http import stream

LONG_S = 60.0  # far more than a test takes


def stalled(over: asyncio.Event) -> Callable[[], Awaitable[dict[str, Any]]]:
    """A client that sends its first bytes, and then nothing more."""
    messages = [{"type": "http.request", "body": b"first", "more_body": True}]

    async def receive() -> dict[str, Any]:
        if not messages:
            await over.wait()
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


async def whole() -> dict[str, Any]:
    return {"type": "http.request", "body": b"whole", "more_body": False}


def upload(receive: Any, *, idle_s: float = LONG_S, crowded_s: float) -> asyncio.Task[bytes]:
    reader = stream.BodyReader(receive, length_bytes=None, idle_s=idle_s, crowded_s=crowded_s)
    reading = stream.in_thread(functools.partial(reader.read), is_stream=True)
    return asyncio.ensure_future(reading)


def test_an_upload_does_not_wait_for_all_that_are_silent() -> None:
    async def run() -> None:
        over = asyncio.Event()
        silent = [upload(stalled(over), crowded_s=0.2) for _ in range(stream.STREAMS_MAX)]
        quick = [upload(whole, crowded_s=0.2) for _ in range(2)]

        done = await asyncio.wait_for(asyncio.gather(*quick), LONG_S / 2)

        assert done == [b"whole", b"whole"]
        cut = [task.exception() for task in silent if task.done()]
        assert 1 <= len(cut) <= 2  # no more than had to make room
        assert all(isinstance(error, stream.Silent) for error in cut)
        assert str(cut[0]) == ("the client sent nothing for 0.2 s, and others waited after 5 bytes")
        over.set()
        await asyncio.gather(*silent, return_exceptions=True)

    asyncio.run(run())


def test_who_is_in_nobodys_way_may_be_silent_for_longer() -> None:
    async def run() -> None:
        over = asyncio.Event()
        silent = [upload(stalled(over), idle_s=0.5, crowded_s=0.01)
                  for _ in range(stream.STREAMS_MAX)]  # fmt: skip

        ended = await asyncio.gather(*silent, return_exceptions=True)

        assert {str(error) for error in ended} == {
            "the client sent nothing for 0.5 s after 5 bytes"
        }

    asyncio.run(run())
