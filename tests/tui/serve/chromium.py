"""A headless Chromium, driven by its own protocol over its own socket: no driver in between."""

from __future__ import annotations

import asyncio
import base64
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, ClientWebSocketResponse

PROGRAM: Final = shutil.which("chromium") or ""
_PATIENCE_S: Final = 60.0
_CATCH: Final = """Object.defineProperty(Object.prototype, "fitAddon", {
  configurable: true,
  set(addon) {
    window.caught = this.terminal;
    Object.defineProperty(this, "fitAddon", {value: addon, writable: true});
  },
})"""
"""textual-serve's script keeps its terminal to itself; what it makes after it gives it away."""
_LINES: Final = """Array.from({length: caught.rows}, (_, row) =>
  caught.buffer.active.getLine(row).translateToString(true))"""


class Page:
    """The one tab; remembers what it asked the network for and what it complained of."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self._socket = socket
        self._last_id = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self.requested: list[str] = []
        self.complaints: list[str] = []

    async def listen(self) -> None:
        """Read what Chromium tells, for as long as the socket is open."""
        async for message in self._socket:
            told = message.json()
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
                continue
            match told["method"], told.get("params"):
                case "Network.requestWillBeSent", {"request": {"url": url}}:
                    self.requested.append(url)
                case "Network.webSocketCreated", {"url": url}:
                    self.requested.append(url)
                case "Log.entryAdded", {"entry": {"level": "error", "text": text}}:
                    self.complaints.append(text)
                case "Runtime.exceptionThrown", {"exceptionDetails": {"text": text}}:
                    self.complaints.append(text)

    async def tell(self, method: str, **params: Any) -> Any:
        """Send one command; return its result."""
        self._last_id += 1
        answer = asyncio.get_running_loop().create_future()
        self._answers[self._last_id] = answer
        await self._socket.send_json({"id": self._last_id, "method": method, "params": params})
        told = await asyncio.wait_for(answer, _PATIENCE_S)
        assert "error" not in told, told
        return told["result"]

    async def run(self, script: str) -> Any:
        """Return what a script on the page comes to."""
        told = await self.tell("Runtime.evaluate", expression=script, returnByValue=True)
        return told["result"].get("value")

    async def until(self, script: str) -> None:
        """Wait until a script on the page comes to something true."""
        async with asyncio.timeout(_PATIENCE_S):
            while not await self.run(script):  # noqa: ASYNC110 - a page tells no event of it
                await asyncio.sleep(0.05)

    async def lines(self) -> list[str]:
        """Return what the page's terminal shows."""
        shown: list[str] = await self.run(_LINES)
        return shown

    async def until_shown(self, *texts: str, instead_of: Sequence[str] = ()) -> list[str]:
        """Wait until the terminal shows ``texts``, and below its first line no longer what it did.

        The lines are returned.
        """
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                lines = await self.lines()
                shown = "\n".join(lines)
                if all(text in shown for text in texts) and lines[1:] != instead_of[1:]:
                    return lines
                await asyncio.sleep(0.05)

    async def type(self, text: str) -> None:
        """Press the keys of ``text``."""
        for sign in text:
            if sign == "\x1b":
                key = {"key": "Escape", "code": "Escape", "windowsVirtualKeyCode": 27}
            elif sign < " ":
                letter = chr(ord(sign) + 96)
                key = {"key": letter, "code": f"Key{letter.upper()}", "modifiers": 2,
                       "windowsVirtualKeyCode": ord(letter.upper())}  # fmt: skip
            else:
                key = {"key": sign, "text": sign}
            await self.tell("Input.dispatchKeyEvent", type="keyDown", **key)
            key.pop("text", None)
            await self.tell("Input.dispatchKeyEvent", type="keyUp", **key)

    async def picture(self) -> bytes:
        """Return the page as a PNG."""
        told = await self.tell("Page.captureScreenshot", format="png")
        return base64.b64decode(told["data"])


@asynccontextmanager
async def page() -> AsyncIterator[Page]:
    """Start Chromium with an empty profile; it is ended, and the profile removed, at the end."""
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1200,700",
            "--disable-background-networking", "--disable-dev-shm-usage", "--no-first-run",
            f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            port = await _port(Path(profile) / "DevToolsActivePort")
            async with ClientSession() as client:
                async with client.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    tabs = await answer.json()
                address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
                async with client.ws_connect(address, max_msg_size=0) as socket:
                    driven = Page(socket)
                    listening = asyncio.create_task(driven.listen())
                    for domain in ("Network", "Log", "Runtime", "Page"):
                        await driven.tell(f"{domain}.enable")
                    await driven.tell("Page.addScriptToEvaluateOnNewDocument", source=_CATCH)
                    yield driven
                    listening.cancel()
        finally:
            process.kill()
            await process.wait()


async def _port(file: Path) -> str:
    async with asyncio.timeout(_PATIENCE_S):
        while not file.exists() or not file.read_text().strip():  # noqa: ASYNC110, ASYNC240
            await asyncio.sleep(0.05)
    return file.read_text().split()[0]  # noqa: ASYNC240 - tiny
