"""A serial line in this process: what a test says is heard, what is typed is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from tui.client.errors import Refused
from tui.console.line import Heard, Output


class FakeLine:
    """A Line whose guest is a test."""

    def __init__(self, kept: bytes = b"") -> None:
        self.offset = 0
        self.writer = ""
        self.is_ours = False
        self.typed = b""
        self.breaks = 0
        self.reboots = 0
        self._queue: asyncio.Queue[Heard] = asyncio.Queue()
        self._has_typed = asyncio.Event()
        if kept:
            self.say(kept, is_live=False)

    def say(self, data: bytes, *, is_live: bool = True) -> None:
        """Let the guest say ``data``."""
        self.tell(Output(offset=self.offset, data=data, is_live=is_live))
        self.offset += len(data)

    def tell(self, heard: Heard) -> None:
        """Let the line say what is no output."""
        self._queue.put_nowait(heard)

    async def listen(self) -> AsyncGenerator[Heard, None]:
        while True:
            yield await self._queue.get()
            self._queue.task_done()

    async def all_heard(self) -> None:
        """Wait until whoever listens is done with all that was said."""
        await self._queue.join()

    async def send(self, data: bytes) -> None:
        if self.writer:
            raise Refused("another writes", status=409)
        self.is_ours = True
        self.typed += data
        self._has_typed.set()

    async def next_typed(self) -> None:
        """Wait until something is typed that was not when this was last asked."""
        await self._has_typed.wait()
        self._has_typed.clear()

    async def take_over(self) -> None:
        self.writer, self.is_ours = "", True

    async def send_break(self) -> None:
        self.breaks += 1

    async def send_ctrl_alt_del(self) -> None:
        self.reboots += 1
