"""The terminal around a guest's console: raw while it lasts, restored whatever ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import termios
import tty
from collections.abc import Awaitable
from types import TracebackType
from typing import Any, Final, Self

from tui import plain
from tui.client.errors import ClientError
from tui.console.client import ConsoleLine
from tui.console.line import Lost, Output

ESCAPE: Final = 0x1D  # ^], as telnet and virsh have it
SHOWN_BYTES: Final = 8 << 10  # of what was kept: a screen or two; `l` shows all
LAST_WORDS_S: Final = 1.0  # what is still heard when there is nothing more to type: a pipe's end
_LEAVE: Final = ("q", ".")
_READ_BYTES: Final = 16 << 10
_HELP: Final = (
    "^] and: q leave, l log since boot, w take the keyboard, b send break, k send "
    "Ctrl+Alt+Del, ] send ^], ? this"
)
# What asks a terminal who and where it is: asked again from the log, it would type its answer.
_QUESTIONS: Final = re.compile(rb"\x1b(?:\[[?>=]?[0-9;]*[cn]|\[[0-9;]*t|Z|\[[?>]?[0-9;]*\$p)")
_SCREENS: Final = re.compile(rb"\x1b\[\?(?:1049|1047|47)([hl])")
_RESET: Final = b"\x1b[!p\x1b[?25h\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l\x1b[0m"
_LEAVE_SCREEN: Final = b"\x1b[?1049l"


class Screen:
    """Runs one console between two descriptors. Made in the event loop that it runs in."""

    def __init__(self, line: ConsoleLine, *, name: str, stdin: int, stdout: int) -> None:
        self._line = line
        self._name = name
        self._stdin, self._stdout = stdin, stdout
        self._before: list[int | list[bytes | int]] | None = None
        self._typed: asyncio.Queue[bytes | str] = asyncio.Queue()  # in order: keys, and letters
        self._is_escaped = False
        self._is_other_screen = False
        self._said = ""
        self._status: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def __enter__(self) -> Self:
        if os.isatty(self._stdin):
            self._before = termios.tcgetattr(self._stdin)
            tty.setraw(self._stdin)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._before is None:
            return
        termios.tcsetattr(self._stdin, termios.TCSANOW, self._before)
        with contextlib.suppress(OSError):
            left = _LEAVE_SCREEN if self._is_other_screen else b""
            os.write(self._stdout, left + _RESET + b"\r\n")

    def end(self, status: int) -> None:
        """Leave with this status."""
        if not self._status.done():
            self._status.set_result(status)

    async def run(self) -> int:
        """Show and type until the user leaves; the exit status. Raises ClientError."""
        loop = asyncio.get_running_loop()
        tasks = {loop.create_task(work()) for work in (self._show, self._type)}
        loop.add_reader(self._stdin, self._read)
        try:
            ends: list[asyncio.Future[Any]] = [self._status, *tasks]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
            return self._status.result() if self._status.done() else 0
        finally:
            loop.remove_reader(self._stdin)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _read(self) -> None:
        """Take what was typed: bytes for the guest, and letters after `^]` for us."""
        try:
            data = os.read(self._stdin, _READ_BYTES)
        except OSError:  # the terminal is gone
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self._stdin)
            self._typed.put_nowait("")
            return
        typed = bytearray()
        for byte in data:
            if not self._is_escaped and byte == ESCAPE:
                self._is_escaped = True
            elif self._is_escaped and byte not in (ESCAPE, ord("]")):
                self._is_escaped = False
                self._put(typed)
                self._ask(chr(byte).lower())
            else:
                typed.append(ESCAPE if self._is_escaped else byte)
                self._is_escaped = False
        self._put(typed)

    def _put(self, typed: bytearray) -> None:
        if typed:
            self._typed.put_nowait(bytes(typed))
            typed.clear()

    def _ask(self, letter: str) -> None:
        self._typed.put_nowait(letter)
        if letter in _LEAVE:  # a guest that takes no keys must not keep the user
            asyncio.get_running_loop().call_later(LAST_WORDS_S, self.end, 0)

    async def _show(self) -> None:
        """Write what the guest says; returns when it can say nothing any more."""
        kept, place, is_lost = b"", None, False
        await self._say(f"console of {self._name}; ^] q leaves, ^] ? tells more")
        async with contextlib.aclosing(self._line.listen()) as heard:
            async for item in heard:
                match item:
                    case Lost():
                        is_lost = True
                        await self._say(item.reason)
                    case Output(is_live=False):
                        kept = (kept + item.data)[-SHOWN_BYTES:]
                    case Output():
                        if place is not None and item.offset > place:
                            skipped_kib = (item.offset - place) >> 10
                            await self._say(f"{skipped_kib} KiB skipped: they came too fast")
                        elif is_lost:
                            await self._say("here again")
                        is_lost, place = False, item.offset + len(item.data)
                        await self._write(item.data)
                if kept and self._line.has_told_kept:
                    await self._write(_replayed(kept))
                    kept, place = b"", self._line.offset

    async def _type(self) -> None:
        """Send keys and do what letters ask for, in their order; returns when it is to end."""
        while True:
            item = await self._typed.get()
            if isinstance(item, bytes):
                await self._tell(self._line.send(item))
            elif not item:
                await asyncio.sleep(LAST_WORDS_S)
                return
            elif item in _LEAVE:
                return
            else:
                await self._obey(item)

    async def _obey(self, letter: str) -> None:
        match letter:
            case "b":
                await self._tell(self._line.send_break())
            case "k":
                await self._tell(self._line.send_ctrl_alt_del())
            case "w":
                await self._tell(self._line.take_over())
            case "l":
                await self._tell(self._replay())
            case _:
                self._said = ""
                await self._say(_HELP)

    async def _replay(self) -> None:
        """Write all that is kept, from the last boot on."""
        again = self._line.again()
        kept = b"".join([piece async for piece in again.kept()])
        await self._write(_replayed(kept[max(0, kept.rfind(b"=== novabox: boot ")) :]))

    async def _tell(self, asked: Awaitable[None]) -> None:
        """Do it, and say why not when it is refused; the same once, however much is typed."""
        try:
            await asked
        except ClientError as error:
            if self._line.writer:
                await self._say(f"{self._line.writer} has the keyboard: ^] w takes it")
            else:
                await self._say(error.reason)
        else:
            self._said = ""

    async def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            await self._write(f"\r\n[novabox: {plain.clean(text)}]\r\n".encode())

    async def _write(self, data: bytes) -> None:
        for found in _SCREENS.finditer(data):
            self._is_other_screen = found[1] == b"h"
        await asyncio.to_thread(self._write_all, data)

    def _write_all(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._stdout, rest) :]


def _replayed(kept: bytes) -> bytes:
    """Old output from a whole line on, without what a terminal would answer."""
    first, end, rest = kept.partition(b"\n")
    is_whole = first.startswith(b"=== novabox: boot ") or not end
    return _QUESTIONS.sub(b"", kept if is_whole else rest)
