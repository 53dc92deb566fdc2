"""One screen of the live cloud as an SVG file, drawn without a terminal."""

from __future__ import annotations

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import Final

from tui.app import Tui
from tui.client import decode, nouns, verbs
from tui.client.credentials import Credentials
from tui.client.nouns import Request
from tui.glyphs import Glyphs

SIZE: Final = (110, 32)
_PATIENCE_S: Final = 15.0
_SETTLED_S: Final = 1.2  # the traces are asked for a second after the hops
_REMOTE_FONT: Final = re.compile(r',\s*url\("https?://[^"]*"\) format\("[^"]*"\)')


def draw(who: Credentials, *, view: str, path: Path, signs: Glyphs) -> int:
    """Write ``view`` into ``path``; return the exit status, with the reason on stderr."""
    svg = asyncio.run(_draw(Tui(who, signs=signs), view))
    if svg is None:
        return 1
    path.write_text(_REMOTE_FONT.sub("", svg))
    return 0


async def _draw(app: Tui, view: str) -> str | None:
    async with app.run_test(size=SIZE) as pilot:
        deadline_s = time.monotonic() + _PATIENCE_S
        while not (app.store.link.state == "live" and app.store.all(nouns.Host)):
            if time.monotonic() > deadline_s:
                print(f"tui: {app.store.link.reason or 'no snapshot came'}", file=sys.stderr)
                return None
            await pilot.pause(0.05)
        await _show(app, view)
        await pilot.pause(_SETTLED_S)
        return app.export_screenshot(title="novabox")


async def _show(app: Tui, view: str) -> None:
    if view == "run":
        app.action_run_form()
    elif view == "theatre":
        requests = await app.ask(verbs.requests(100), decode.requests) or []
        app.action_trace(_most_telling(requests, app))
    else:
        await app.action_open(view)


def _most_telling(requests: list[Request], app: Tui) -> str:
    """Return the request of the newest instance, or else the one with the most hops."""
    launches = [item.request_id for item in app.store.all(nouns.Instance) if item.request_id]
    longest = max(requests, key=lambda request: request.hops, default=Request(id=""))
    return launches[-1] if launches else longest.id
