"""Every screen that can be reached by a key, found by walking the registry, in any look.

A new place, kind or action is walked without a line here: places come from `tui.places`, keys
from `tui.registry`. A scene is a screen as it is right after its key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from rich.cells import cell_len
from textual.pilot import Pilot
from textual.widgets import Static

from tests.tui import stage
from tests.tui.fake_cloud import ENVIRON, NOW_S, FakeCloud
from tui import places, registry
from tui.actions.action import Action, Level
from tui.app import Tui
from tui.client import credentials
from tui.client.session import Session
from tui.glyphs import Glyphs
from tui.places import Place
from tui.widgets.table import Table

_LEADS_AWAY: Final = ("app.quit", "app.reconnect", "app.back", "app.go(", "screen.copy",
                      "app.undo", "app.redo")  # fmt: skip
_MEANINGS: Final = frozenset({"good", "busy", "off", "attention", "failed", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a terminal shows the interface."""

    size: tuple[int, int]
    signs: Glyphs
    is_light: bool = False

    def __str__(self) -> str:
        shade = "light" if self.is_light else "dark"
        return f"{self.size[0]}x{self.size[1]}-{self.signs.name}-{shade}"


@dataclass(slots=True, kw_only=True)
class Drawn:
    """One scene as it was drawn, and what is wrong with it."""

    name: str
    text: str
    wordless: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)


def draw(cloud: FakeCloud, look: Look) -> dict[str, Drawn]:
    """Walk all places and keys in one run of the app; return the scenes by name."""
    scenes: dict[str, Drawn] = {}

    async def run() -> None:
        app = Tui(
            credentials.find(ENVIRON), signs=look.signs, now_s=lambda: NOW_S,
            open_session=lambda who: Session(who, transport=cloud),
        )  # fmt: skip
        async with app.run_test(size=look.size) as pilot:
            if look.is_light:
                app.theme = light_theme(app)
            await stage.until(pilot, lambda: app.store.rev == cloud.rev)
            await stage.settle(pilot)
            async for scene in _walk(app, pilot):
                scenes[scene.name] = scene

    asyncio.run(run())
    return scenes


def light_theme(app: Tui) -> str:
    """Return the light theme that comes first among ours, or Textual's."""
    ours = [name for name, theme in app.available_themes.items()
            if not theme.dark and "novabox" in name]  # fmt: skip
    return ours[0] if ours else "textual-light"


async def _walk(app: Tui, pilot: Pilot[None]) -> Any:
    for place in places.PLACES:
        await app.action_open(place.name)
        await stage.settle(pilot)
        plain = _drawn(app, place.name)
        yield plain
        for action in actions_of(place):
            await stage.press(pilot, action.keys)
            scene = _drawn(app, f"{place.name} {action.id}")
            if scene.text != plain.text:
                yield scene
            await _home(app, pilot, place)


def actions_of(place: Place) -> Iterator[Action]:
    """Yield the actions whose key shows something and changes nothing in the cloud."""
    views = (place.name, *(("lists",) if place.kind else ()))
    everywhere = ("everywhere",) if place.name in ("home", "instances") else ()
    for action in registry.of_view(*views, *everywhere):
        if action.does and not action.does.startswith(_LEADS_AWAY):
            yield action
        elif not action.does and (action.level >= Level.ONE_OBJECT or action.asks):
            yield action  # a dialog: the answer is another key


async def _home(app: Tui, pilot: Pilot[None], place: Place) -> None:
    """Leave what the key opened."""
    while len(app.screen_stack) > 1:
        app.pop_screen()
        await pilot.pause(0)
    await app.action_open(place.name)
    await stage.settle(pilot)
    back = getattr(app.screen, "go_back", None)
    while back is not None and back():
        await stage.settle(pilot)


def _drawn(app: Tui, name: str) -> Drawn:
    return Drawn(
        name=name, text=stage.text(app), wordless=list(_wordless(app)), cut=list(_cut(app))
    )


def _wordless(app: Tui) -> Iterator[str]:
    """Yield the cells of tables that have the colour of a state and no word."""
    for table in app.screen.query(Table):
        for index in range(min(table.count(), 50)):
            item = table._rows[index]
            for column in table.columns:
                text, style = column.cell(item)
                if style in _MEANINGS and not any(sign.isalnum() for sign in text):
                    yield f"{column.name} of {table._key(item)}: {text!r}"


def _cut(app: Tui) -> Iterator[str]:
    """Yield the texts of which lines are out of sight, with no key to bring them into it."""
    for widget in app.screen.query(Static):
        if not widget.display or not widget.region or widget.can_focus:
            continue
        if any(one.allow_vertical_scroll and one.can_focus for one in widget.ancestors_with_self
               if hasattr(one, "allow_vertical_scroll")):  # fmt: skip
            continue
        size = widget.content_size
        needed = widget.get_content_height(size, app.size, size.width) if size.width else 0
        if needed > size.height:
            yield f"{widget.id or type(widget).__name__}: {needed} lines in {size.height}"


def too_wide(drawn: Drawn, look: Look) -> list[str]:
    """Return the lines that are wider than the terminal."""
    return [line for line in drawn.text.splitlines() if cell_len(line) > look.size[0]]
