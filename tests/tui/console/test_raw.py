"""A console in a terminal: what is shown, what is typed, what is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import termios
from collections.abc import AsyncIterator

import httpx2

from tests.tui.console.fake_consoles import FakeConsoles
from tui.console.raw import SHOWN_BYTES, Screen

DEADLINE_S = 10.0
MARK = b"=== novabox: boot 2026-11-27T10:57:03.000000Z ===\r\n"


class Sitter:
    """One at the other end of the terminal."""

    def __init__(self, cloud: FakeConsoles, master: int, running: asyncio.Task[int]) -> None:
        self.cloud = cloud
        self.said = b""
        self._master = master
        self._running = running

    def type(self, keys: bytes) -> None:
        os.write(self._master, keys)

    async def sees(self, text: bytes) -> bytes:
        """Wait until the terminal was told `text`; what it was told until then."""
        while text not in self.said:
            is_over = self._running.done()
            try:
                self.said += os.read(self._master, 65536)
            except BlockingIOError:
                assert not is_over, f"it ended before {text!r}: {self.said[-500:]!r}"
                await asyncio.sleep(0.001)
        before, _, self.said = self.said.partition(text)
        return before

    async def typed(self, keys: bytes) -> None:
        """Wait until the guest got `keys`."""
        while keys not in self.cloud.typed:
            self.cloud.has_typed.clear()
            await self.cloud.has_typed.wait()

    async def left(self) -> int:
        """Wait for the end; the exit status."""
        return await self._running


@contextlib.asynccontextmanager
async def sitting(cloud: FakeConsoles) -> AsyncIterator[Sitter]:
    """Somebody at a console whose terminal is as before in the end."""
    master, slave = pty.openpty()
    os.set_blocking(master, False)
    before = termios.tcgetattr(slave)

    async def run() -> int:
        with Screen(cloud.line(), name="web", stdin=slave, stdout=slave) as screen:
            assert not termios.tcgetattr(slave)[3] & (termios.ECHO | termios.ISIG)
            return await screen.run()

    try:
        async with asyncio.timeout(DEADLINE_S):
            running = asyncio.get_running_loop().create_task(run())
            yield Sitter(cloud, master, running)
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
            assert termios.tcgetattr(slave) == before
    finally:
        os.close(master)
        os.close(slave)


def test_keys_reach_the_guest_and_its_output_the_terminal():
    async def scenario() -> None:
        cloud = FakeConsoles()
        cloud.log = MARK + b"login: "
        async with sitting(cloud) as sitter:
            await sitter.sees(b"console of web; ^] q leaves")
            await sitter.sees(MARK + b"login: ")
            sitter.type(b"root\r\x03\x1a\x1d\x1dx\x1d]")
            await sitter.typed(b"root\r\x03\x1a\x1dx\x1d")
            cloud.say(b"Password: ")
            await sitter.sees(b"Password: ")
            sitter.type(b"\x1dq")
            assert await sitter.left() == 0

    asyncio.run(scenario())


def test_old_output_is_a_screen_or_two_and_asks_the_terminal_nothing():
    async def scenario() -> None:
        cloud = FakeConsoles()
        cloud.log = MARK + b"0123456\n" * SHOWN_BYTES + b"$ \x1b[6n\x1b[c\x1b[31m"
        async with sitting(cloud) as sitter:
            shown = await sitter.sees(b"$ \x1b[31m")
            assert shown.count(b"0123456") == SHOWN_BYTES // 8 - 2
            cloud.say(b"\x1b[6n")
            await sitter.sees(b"\x1b[6n")
            sitter.type(b"\x1dl")
            shown = await sitter.sees(b"$ \x1b[31m")
            assert shown.startswith(MARK)
            assert shown.count(b"0123456") == SHOWN_BYTES

    asyncio.run(scenario())


def test_letters_and_keys_are_done_in_their_order_and_a_refusal_is_said_once():
    async def scenario() -> None:
        cloud = FakeConsoles()
        cloud.writer, cloud.log = "Ada", b"$ "
        async with sitting(cloud) as sitter:
            await sitter.sees(b"$ ")
            sitter.type(b"a")
            await sitter.sees(b"[novabox: Ada has the keyboard: ^] w takes it]")
            sitter.type(b"b")
            sitter.type(b"c\x1dwd\x1db\x1dke\x1d?")
            assert b"Ada" not in await sitter.sees(b"q leave, l log since boot")
            assert cloud.typed == b"de"
        posts = [asked.partition("consoles/i-1/")[2] for asked in cloud.asked]
        expected = ["input?force=yes", "input", "break", "ctrl-alt-del", "input", "input"]
        assert posts[-6:] == expected

    asyncio.run(scenario())


def test_what_was_skipped_and_lost_is_said():
    async def scenario() -> None:
        cloud = FakeConsoles()
        cloud.log = b"one"
        async with sitting(cloud) as sitter:
            await sitter.sees(b"one")
            cloud.cut()
            cloud.log += b"x" * 5000
            cloud.start = 4096
            cloud.statuses = [503]
            await sitter.sees(b"[novabox: not now]")
            await sitter.sees(b"[novabox: 3 KiB skipped: they came too fast]")
            cloud.statuses = [404]
            cloud.cut()
            await sitter.sees(b"[novabox: not now]")
            assert await sitter.left() == 0

    asyncio.run(scenario())


def test_a_full_screen_program_is_left_with_its_screen():
    async def scenario() -> None:
        cloud = FakeConsoles()
        cloud.log = b"$ "
        async with sitting(cloud) as sitter:
            await sitter.sees(b"$ ")
            cloud.say(b"\x1b[?1049hvi")
            await sitter.sees(b"vi")
            sitter.type(b"\x1dq")
            assert await sitter.left() == 0
            await asyncio.sleep(0)
            sitter.said += os.read(sitter._master, 999)
            assert sitter.said.startswith(b"\x1b[?1049l\x1b[!p")

    asyncio.run(scenario())


class _Deaf(FakeConsoles):
    """Whose guest takes no keys."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST" and request.url.path.endswith("/input"):
            await asyncio.sleep(DEADLINE_S * 2)
        return await super().handle_async_request(request)


def test_one_can_leave_a_guest_that_takes_no_keys():
    async def scenario() -> None:
        cloud = _Deaf()
        cloud.log = b"$ "
        async with sitting(cloud) as sitter:
            await sitter.sees(b"$ ")
            sitter.type(b"x\x1dq")
            assert await sitter.left() == 0

    asyncio.run(scenario())
