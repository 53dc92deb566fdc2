"""A guest's serial line over novabox's API: heard from its boot on, resumed, typed into.

A place in what the guest said names one byte for ever: a stream that broke is opened again where
it stopped, and what the cloud does not keep any more is seen by the place it goes on from.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import re
import secrets
import struct
import termios
import time
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime
from typing import Final

import httpx2

from tui.client.call import Call
from tui.client.errors import ClientError, Refused, Unreachable
from tui.client.session import Session
from tui.client.verbs import novabox
from tui.console.line import Booted, Heard, Lost, Output

INPUT_BYTES_MAX: Final = 64 << 10  # of one call; the API's limit
SILENCE_S: Final = (
    120.0  # a guest may say nothing: the stream is then opened anew, in case it hangs
)
_PAUSES_S: Final = (0.2, 0.5, 1.0, 2.0, 5.0)  # a restarted cloud is found again within 5 s
_SKIP_PAUSE_S: Final = 0.05
_RELEASE_S: Final = 2.0
_FINAL: Final = (400, 403, 404)  # asking again would be answered the same
_BUSY_S: Final = 0.25  # who had always more to read for so long is behind, by up to as much
_SKIP_TO_BYTES: Final = 64 << 10  # several screens
_SEAM: Final = 80  # a mark of a boot is shorter
_MARK: Final = re.compile(
    rb"^=== novabox: boot (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ===\r?\n", re.MULTILINE
)
_WRITER: Final = re.compile(r": (?P<name>.+) writes on the console of instance ")


class ConsoleLine:
    """One guest's line (`tui.console.line.Line`); each has its own name as a writer."""

    def __init__(self, session: Session, instance_id: str) -> None:
        self._session = session
        self._instance_id = instance_id
        self._headers = {"X-Console-Session": secrets.token_urlsafe(12)}
        self._tail = b""
        self._end = 0
        self._is_behind = False
        self.place: int | None = None
        self.writer = ""
        self.is_ours = False

    @property
    def offset(self) -> int:
        """The place after the last byte heard."""
        return self.place or 0

    @property
    def has_told_kept(self) -> bool:
        """Whether all was heard that had been kept."""
        return self.place is not None and self.place >= self._end

    def again(self) -> ConsoleLine:
        """The same guest's line from its beginning."""
        return ConsoleLine(self._session, self._instance_id)

    async def listen(self) -> AsyncGenerator[Heard, None]:
        """Yield what was kept, then what comes, until nothing can come any more.

        Whoever stops early closes the generator (``contextlib.aclosing``): it holds a connection.
        """
        failures = 0
        opening = asyncio.create_task(self._open())
        try:
            while True:
                opened_s, before = time.monotonic(), self.place
                reason = ""
                try:
                    async with contextlib.aclosing(self._hear()) as heard:
                        async for item in heard:
                            failures = 0
                            yield item
                except Refused as error:
                    reason = error.reason
                    if error.status in _FINAL:
                        yield Lost(reason=reason, retry_s=None)
                        return
                except Unreachable as error:
                    is_silence = time.monotonic() - opened_s >= SILENCE_S
                    reason = "" if is_silence and self.place == before else str(error)
                if self._is_behind:
                    continue
                if not reason:  # too slow, or the cloud's process goes; else it will say
                    await asyncio.sleep(_SKIP_PAUSE_S)
                    continue
                pause_s = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
                failures += 1
                yield Lost(reason=reason, retry_s=pause_s)
                await asyncio.sleep(pause_s)
        finally:
            opening.cancel()
            await self._release()

    async def kept(self) -> AsyncGenerator[bytes, None]:
        """Yield what was kept, and end. Raises ClientError."""
        async with contextlib.aclosing(self._hear(is_ended=True)) as heard:
            async for item in heard:
                if isinstance(item, Output):
                    yield item.data

    async def send(self, data: bytes) -> None:
        """Type ``data``. Raises Refused with status 409 while another has the keyboard."""
        for at in range(0, len(data), INPUT_BYTES_MAX):
            await self._type(data[at : at + INPUT_BYTES_MAX])
            self.is_ours, self.writer = True, ""

    async def take_over(self) -> None:
        """Take the keyboard from whoever has it. Raises ClientError."""
        await self._type(b"", is_forced=True)
        self.is_ours, self.writer = True, ""

    async def send_break(self) -> None:
        """Send a break. Raises ClientError."""
        await self._send(novabox.console_break(self._instance_id))

    async def send_ctrl_alt_del(self) -> None:
        """Press Ctrl+Alt+Del. Raises ClientError."""
        await self._send(novabox.console_ctrl_alt_del(self._instance_id))

    async def _open(self) -> None:
        """Have the line ready for the first key: QEMU takes a second to notice that it is open."""
        with contextlib.suppress(ClientError):  # the first key will say why
            await self._type(b"")

    async def _type(self, data: bytes, *, is_forced: bool = False) -> None:
        await self._send(novabox.console_input(self._instance_id, is_forced=is_forced), data)

    async def _send(self, call: Call, data: bytes | None = None) -> None:
        """Ask what only who writes may, and remember from a refusal who does."""
        try:
            await self._session.send_bytes(call, data, headers=self._headers)
        except Refused as error:
            found = _WRITER.search(error.reason)
            if found:
                self.is_ours, self.writer = False, found["name"]
            raise

    async def _release(self) -> None:
        """Let others type at once; the cloud would find out by itself in a minute."""
        if not self.is_ours:
            return
        self.is_ours = False
        with contextlib.suppress(ClientError, TimeoutError):
            async with asyncio.timeout(_RELEASE_S):
                call = novabox.release_console(self._instance_id)
                await self._session.send_bytes(call, None, headers=self._headers)

    async def _hear(self, *, is_ended: bool = False) -> AsyncGenerator[Heard, None]:
        """One stream, to its end; or with ``is_ended`` to the end of what was kept."""
        is_first = self.place is None
        since = "" if is_first else f"?since={self.place}"
        if self._is_behind:
            since, self._is_behind = f"{since}&tail={_SKIP_TO_BYTES}", False
        path = novabox.console(self._instance_id).path + since
        async with self._session.stream(
            "novabox", path, headers={}, silence_s=SILENCE_S
        ) as response:
            place = int(response.headers["X-Console-Offset"])
            if place != self.place:
                self._tail = b""
            self.place = place
            if is_first:
                self._end = int(response.headers["X-Console-End"])
            if is_ended and self.place >= self._end:
                return
            free_s = time.monotonic()
            async with contextlib.aclosing(response.aiter_raw()) as pieces:
                async for piece in pieces:
                    if self.offset < self._end or not _waiting_bytes(response):
                        free_s = time.monotonic()
                    for item in self._split(piece):
                        if not (is_ended and isinstance(item, Output) and item.is_live):
                            yield item
                    if is_ended and self.offset >= self._end:
                        return
                    if time.monotonic() - free_s >= _BUSY_S:
                        self._is_behind = True
                        return

    def _split(self, piece: bytes) -> Iterator[Heard]:
        """A piece as output, cut where a boot is marked and where what was kept ends."""
        start = len(self._tail)
        text = self._tail + piece
        at = start
        for mark in _MARK.finditer(text):
            if mark.end() > start:
                yield from self._output(text[at : max(at, mark.start())])
                at = max(at, mark.start())
                yield Booted(at=_moment(mark[1].decode()))
        yield from self._output(text[at:])
        self._tail = text[-_SEAM:]

    def _output(self, data: bytes) -> Iterator[Output]:
        kept_bytes = max(0, self._end - self.offset)
        for part, is_live in ((data[:kept_bytes], False), (data[kept_bytes:], True)):
            if part:
                place, self.place = self.offset, self.offset + len(part)
                yield Output(offset=place, data=part, is_live=is_live)


def _waiting_bytes(response: httpx2.Response) -> int:
    """What has come over the network and was not read yet."""
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream else None
    if connection is None:
        return 0
    (count,) = struct.unpack("i", fcntl.ioctl(connection.fileno(), termios.FIONREAD, bytes(4)))
    return int(count)


def _moment(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC).timestamp()
