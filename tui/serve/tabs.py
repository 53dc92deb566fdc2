"""The tabs: one socket and one process each, what passes between them, and their end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from aiohttp import WSCloseCode, WSMsgType, web
from textual_serve.download_manager import DownloadManager

from tui.serve.logins import TABS_MAX, Login, Logins
from tui.serve.offer import Offer
from tui.serve.process import TuiProcess

MESSAGE_BYTES_MAX: Final = 1024 * 1024  # what is pasted comes in one message
LOGIN: Final = web.RequestKey("login", Login)
_CELLS_MAX: Final = 500  # a wall of screens has fewer


class Tabs:
    """The open tabs of all logins."""

    def __init__(self, offer: Offer, logins: Logins, *, homes: Path) -> None:
        self._offer = offer
        self._logins = logins
        self._homes = homes
        self._downloads = DownloadManager()

    async def socket(self, request: web.Request) -> web.WebSocketResponse:
        """Run the interface for as long as the socket is open."""
        socket = web.WebSocketResponse(heartbeat=15, max_msg_size=MESSAGE_BYTES_MAX)
        await socket.prepare(request)
        login: Login = request[LOGIN]
        if reason := self._refusal(login):
            await socket.send_bytes(f"\x1b[2J\x1b[H{reason}\r\n".encode())
            await socket.close(code=WSCloseCode.TRY_AGAIN_LATER)
            return socket
        process = self._process(login, socket)
        try:
            await process.start(_cells(request, "width", 80), _cells(request, "height", 24))
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    await _relay(process, socket, message.data)
        finally:
            await process.stop()
        return socket

    async def download(self, request: web.Request) -> web.StreamResponse:
        """Send a file that the interface delivers, to the login whose interface it is."""
        key = request.match_info["key"]
        try:
            found = await self._downloads.get_download_metadata(key)
        except KeyError:
            raise web.HTTPNotFound(text="no such download") from None
        if found.app_service not in request[LOGIN].tabs:
            raise web.HTTPNotFound(text="no such download")
        answer = web.StreamResponse(headers={
            "Content-Type": "application/octet-stream",  # nothing of it is shown by this origin
            "Content-Disposition": f'attachment; filename="{_plain(found.file_name)}"',
        })  # fmt: skip
        await answer.prepare(request)
        async for chunk in self._downloads.download(key):
            await answer.write(chunk)
        await answer.write_eof()
        return answer

    async def end(self, login: Login) -> None:
        """Close the login, end its processes and remove what they left."""
        self._logins.close(login)
        for process in tuple(login.tabs):
            with contextlib.suppress(ConnectionError, RuntimeError):
                await process.remote_close()
            await process.stop()
        await asyncio.to_thread(shutil.rmtree, self._home(login), ignore_errors=True)

    def _refusal(self, login: Login) -> str:
        """Return why there is no further tab for ``login``, or an empty text."""
        if self._logins.find(login.id) is not login:
            return "This login has ended."
        if len(login.tabs) >= TABS_MAX:
            return f"{TABS_MAX} tabs are open: close one first."
        if self._logins.tab_count() >= self._offer.tabs_max:
            return f"This server runs {self._offer.tabs_max} sessions and no more: try again later."
        return ""

    def _process(self, login: Login, socket: web.WebSocketResponse) -> TuiProcess:
        home = self._home(login)
        home.mkdir(mode=0o700, exist_ok=True)
        if self._offer.is_confined and os.geteuid() == 0:
            os.chown(home, login.uid, login.uid)
        process = TuiProcess(
            "", write_bytes=socket.send_bytes, write_str=socket.send_str,
            close=_closer(socket), download_manager=self._downloads,
        )  # fmt: skip
        process.belong_to(login, now_s=self._offer.now_s)
        process.is_confined = self._offer.is_confined
        process.home = home
        process.options = ("--glyphs", "unicode", *self._offer.tui_options)
        return process

    def _home(self, login: Login) -> Path:
        return self._homes / str(login.uid)


def _closer(socket: web.WebSocketResponse) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        await socket.close()

    return close


async def _relay(process: TuiProcess, socket: web.WebSocketResponse, text: str) -> None:
    """Do what the page asks of the process; what is not understood is let fall."""
    try:
        message = json.loads(text)
    except ValueError:
        return
    match message:
        case ["stdin", str(typed)]:
            await process.send_bytes(typed.encode("utf-8", errors="replace"))
        case ["resize", {"width": int(width), "height": int(height)}]:
            await process.set_terminal_size(_bounded(width), _bounded(height))
        case ["ping", str(data)]:
            await socket.send_json(["pong", data[:64]])
        case ["blur"]:
            await process.blur()
        case ["focus"]:
            await process.focus()


def _plain(name: str) -> str:
    """Return a file's name with nothing in it that could end a header."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)


def _cells(request: web.Request, name: str, fallback: int) -> int:
    try:
        return _bounded(int(request.query.get(name, fallback)))
    except ValueError:
        return fallback


def _bounded(cells: int) -> int:
    return max(1, min(cells, _CELLS_MAX))
