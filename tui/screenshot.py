"""One screen of the live cloud as an SVG file, drawn without a terminal."""

from __future__ import annotations

import asyncio
import html
import re
import sys
import time
from pathlib import Path
from typing import Final

from rich.cells import cell_len

from tui.app import Tui
from tui.client import decode, nouns, verbs
from tui.client.credentials import Credentials
from tui.client.errors import Unreachable
from tui.client.nouns import Request
from tui.glyphs import Glyphs

SIZE: Final = (110, 32)
PATIENCE_S: Final = 15.0
_SETTLED_S: Final = 1.2  # the traces are asked for a second after the hops
_CELL: Final = 12.2  # the width of a cell in Rich's drawings
_WORD: Final = re.compile("[^ \u00a0]+")
_TEXT: Final = re.compile(
    r'<text class="(?P<style>[^"]*)" x="(?P<x>[0-9.]+)" (?P<y>y="[0-9.]+") textLength="[0-9.]+" '
    r'(?P<clip>clip-path="[^"]*")>(?P<content>[^<]*)</text>'
)
_REMOTE_FONT: Final = re.compile(r',\s*url\("https?://[^"]*"\) format\("[^"]*"\)')


def draw(who: Credentials, *, view: str, path: Path, signs: Glyphs, theme: str = "") -> int:
    """Write ``view`` into ``path``; return the exit status, with the reason on stderr."""
    try:
        svg = asyncio.run(_draw(Tui(who, signs=signs, theme=theme), view))
    except Unreachable as error:
        print(f"tui: {error}", file=sys.stderr)
        return 1
    path.write_text(portable(svg))
    return 0


def portable(svg: str) -> str:
    """Return the drawing so that it needs no font from afar and bears one of other widths.

    Each word gets its own place: a word that is a little too wide then moves no other.
    """
    return _TEXT.sub(_words, _REMOTE_FONT.sub("", svg))


def _words(text: re.Match[str]) -> str:
    x, style = float(text["x"]), text["style"]
    content = html.unescape(text["content"])
    placed = []
    for word in _WORD.finditer(content):
        at = x + _CELL * cell_len(content[: word.start()])
        length = _CELL * cell_len(word[0])
        placed.append(
            f'<text class="{style}" x="{at:g}" {text["y"]} textLength="{length:g}" '
            f"{text['clip']}>{html.escape(word[0])}</text>"
        )
    return "".join(placed)


async def _draw(app: Tui, view: str) -> str:
    async with app.run_test(size=SIZE) as pilot:
        deadline_s = time.monotonic() + PATIENCE_S
        while not (app.store.link.state == "live" and app.store.all(nouns.Host)):
            if app.store.link.state == "lost" or time.monotonic() > deadline_s:
                raise Unreachable(app.store.link.reason or "no snapshot came")
            await pilot.pause(0.05)
        await _show(app, view)
        await pilot.pause(_SETTLED_S)
        return app.export_screenshot(title="novabox")


async def _show(app: Tui, view: str) -> None:
    if view == "run":
        app.action_run_form()
    elif view == "theatre":
        requests = await app.ask(verbs.novabox.requests(100), decode.requests) or []
        app.action_trace(_most_telling(requests, app))
    else:
        await app.action_open(view)


def _most_telling(requests: list[Request], app: Tui) -> str:
    """Return the request of the newest instance, or else the one with the most hops."""
    launches = [item.request_id for item in app.store.all(nouns.Instance) if item.request_id]
    longest = max(requests, key=lambda request: request.hops, default=Request(id=""))
    return launches[-1] if launches else longest.id
