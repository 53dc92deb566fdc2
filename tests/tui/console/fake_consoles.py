"""One guest's console as novabox's API serves it: a transport, so no port and no thread."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import httpx2

from tests.tui.fake_cloud import ENVIRON, ROOT, FakeCloud
from tui.client import credentials
from tui.client.session import Session
from tui.console.client import ConsoleLine

GUEST = "i-1"


class FakeConsoles(FakeCloud):
    """Keeps a log of which `start` is the first byte that is kept; `writer` is another's name."""

    def __init__(self) -> None:
        super().__init__()
        self.log = b""
        self.start = 0
        self.typed = b""
        self.writer = ""
        self.asked: list[str] = []
        self.statuses: list[int] = []  # of the next answers to GET
        self.opened = asyncio.Event()
        self.has_typed = asyncio.Event()
        self.connection: socket.socket | None = None
        self._grown = asyncio.Event()
        self._cuts = 0

    def line(self) -> ConsoleLine:
        session = Session(credentials.find(ENVIRON), transport=self)
        return ConsoleLine(session, GUEST)

    def say(self, data: bytes) -> None:
        self.log += data
        self._grown.set()

    def cut(self) -> None:
        """End every stream."""
        self._cuts += 1
        self._grown.set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/novabox/v1/consoles/")
        if path == request.url.path:
            return await super().handle_async_request(request)
        self.asked.append(f"{request.method} {str(request.url).removeprefix(ROOT)}")
        if request.method == "GET":
            asked = request.url.params
            tail = int(asked["tail"]) if "tail" in asked else None
            return self._stream(int(asked.get("since", 0)), tail)
        return self._write(request, await request.aread())

    def _stream(self, since: int, tail: int | None) -> httpx2.Response:
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            return _refusal(status, "not now")
        place = since if self.start <= since <= len(self.log) else self.start
        if tail is not None:
            place = max(place, len(self.log) - tail)
        headers = {"X-Console-Offset": str(place), "X-Console-End": str(len(self.log))}
        return httpx2.Response(
            200, headers=headers, stream=_Stream(self, place), extensions={"network_stream": self}
        )

    def get_extra_info(self, name: str) -> socket.socket | None:
        """The connection of a stream, as httpcore shows it."""
        return self.connection if name == "socket" else None

    def _write(self, request: httpx2.Request, data: bytes) -> httpx2.Response:
        if request.url.params.get("force"):
            self.writer = ""
        if self.writer and data:
            said = f"{self.writer} writes on the console of instance i-1 (last 3 s ago)"
            return _refusal(
                409, f"Console of instance i-1: {said}; take it over by force, or wait."
            )
        self.typed += data
        self.has_typed.set()
        if not data:
            self.opened.set()
        return httpx2.Response(204)


class _Stream(httpx2.AsyncByteStream):
    def __init__(self, consoles: FakeConsoles, place: int) -> None:
        self._consoles = consoles
        self._place = place
        self._cuts = consoles._cuts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._cuts == self._consoles._cuts:
            self._consoles._grown.clear()
            data = self._consoles.log[self._place :]
            self._place += len(data)
            if data:
                yield data
            else:
                await self._consoles._grown.wait()


def _refusal(status: int, message: str) -> httpx2.Response:
    body: dict[str, Any] = {"error": {"code": status, "message": message}}
    headers = {"Content-Type": "application/json"}
    return httpx2.Response(status, headers=headers, content=json.dumps(body).encode())
