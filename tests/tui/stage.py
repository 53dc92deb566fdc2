"""The interface on a stage: run without a terminal, against the cloud of this process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from tests.tui.fake_cloud import ENVIRON, NOW_S, FakeCloud
from tui import glyphs
from tui.app import Tui
from tui.client import credentials
from tui.client.session import Session
from tui.console.line import Line
from tui.glyphs import Glyphs

Scene = Callable[[Tui, Pilot[None]], Awaitable[None]]
SMALL = (80, 24)
_PATIENCE_S = 20.0


def play(
    cloud: FakeCloud,
    scene: Scene,
    *,
    size: tuple[int, int] = SMALL,
    signs: Glyphs = glyphs.UNICODE,
    open_line: Callable[[str], Line] | None = None,
    **more: Any,
) -> None:
    """Start the app, wait for the first snapshot, play ``scene``, stop; ``more`` is the app's."""

    async def run() -> None:
        app = Tui(
            credentials.find(ENVIRON),
            signs=signs,
            now_s=lambda: NOW_S,
            open_session=lambda who: Session(who, transport=cloud),
            open_line=open_line,
            **more,
        )
        async with app.run_test(size=size) as pilot:
            if not cloud.is_down:
                await until(pilot, lambda: app.store.rev == cloud.rev)
            await settle(pilot)
            await scene(app, pilot)

    asyncio.run(run())


async def until(pilot: Pilot[Any], condition: Callable[[], object]) -> None:
    """Let the app run until ``condition`` holds."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"never: {condition}"
        await pilot.pause(0.005)


async def press(pilot: Pilot[Any], *keys: str) -> None:
    """Press keys and let all that follows from them happen.

    Textual's own press waits for an idle process, 80 ms a key; this waits for its messages.
    """
    for key in keys:
        pilot.app.simulate_key(key)
        await pilot.pause(0)
        await pilot.pause(0)
    await settle(pilot)


async def write(pilot: Pilot[Any], text: str, *keys: str) -> None:
    """Type ``text`` where the keys go, then press ``keys``."""
    line = pilot.app.focused
    assert isinstance(line, Input)
    line.insert_text_at_cursor(text)
    await pilot.pause(0)
    await press(pilot, *keys)


async def settle(pilot: Pilot[Any]) -> None:
    """Let calls be answered, the store tell its changes, and the screens draw them."""
    app = pilot.app
    assert isinstance(app, Tui)
    lasting = ("feed", "usage", "log", "acts", "console")
    for _ in range(2):
        await pilot.pause(0.002)  # longer than a rest is in tests: timers fire in their order
        await until(pilot, lambda: not app.has_keys_waiting)
        await until(pilot, lambda: all(w.is_finished or w.group in lasting for w in app.workers))
        await until(pilot, lambda: not app.store.is_pending)
        await until(pilot, lambda: _is_drawn(app.screen))


def _is_drawn(screen: Screen[Any]) -> bool:
    """Whether nothing waits for the next frame. Textual has no public word for it."""
    return not (screen._layout_required or screen._dirty_widgets or screen._callbacks)


def text(app: Tui) -> str:
    """Return what the screen shows, without colour."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)  # the one place that has all layers
    assert len(lines) == height
    return "\n".join(strip.text.ljust(width)[:width].rstrip() for strip in lines)
