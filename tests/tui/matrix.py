"""Every screen that can be reached by a key, found by walking the registry, in any look.

A new place, kind or action is walked without a line here: places come from `tui.places`, keys
from `tui.registry`. A scene is a screen as it is right after its key.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Final

from rich.cells import cell_len
from textual.keys import _character_to_key
from textual.pilot import Pilot
from textual.widgets import Static

from tests.tui import stage
from tests.tui.fake_cloud import ENVIRON, NOW_S, FakeCloud
from tui import places, registry, themes
from tui.actions.action import Action, Level, Target
from tui.app import Tui
from tui.client import credentials
from tui.client.session import Session
from tui.glyphs import Glyphs
from tui.places import Place
from tui.widgets.table import Table

_LEADS_AWAY: Final = (
    "app.quit", "app.reconnect", "app.back", "app.go(", "app.undo", "app.redo", "app.last",
    "app.history", "app.mask", "app.layout", "app.maximise", "screen.copy_id",
)  # fmt: skip
_MEANINGS: Final = frozenset({"good", "busy", "off", "attention", "failed", "unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a terminal shows the interface."""

    size: tuple[int, int]
    signs: Glyphs
    is_light: bool = False
    has_keys: bool = False  # whether what each key shows is drawn too

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
    whole: set[str] = field(default_factory=set)  # the texts of which all is in sight


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
                themes.use(app, "light")
            await stage.until(pilot, lambda: app.store.rev == cloud.rev)
            await stage.settle(pilot)
            async for scene in _walk(app, pilot, has_keys=look.has_keys):
                scenes[scene.name] = scene

    asyncio.run(run())
    return scenes


async def _walk(app: Tui, pilot: Pilot[None], *, has_keys: bool) -> AsyncIterator[Drawn]:
    for place in places.PLACES:
        await _home(app, pilot, place)
        lists = [table for table in app.screen.query(Table) if table.focusable]
        for number in range(max(1, len(lists))):
            name = place.name if number == 0 else f"{place.name} list {number + 1}"
            await _focus(app, pilot, number)
            plain = await _drawn(app, pilot, name)
            yield plain
            if has_keys:
                async for scene in _walk_keys(app, pilot, place, number, plain):
                    yield scene


async def _walk_keys(
    app: Tui, pilot: Pilot[None], place: Place, number: int, plain: Drawn
) -> AsyncIterator[Drawn]:
    """Yield what each key shows in a place with one of its lists in focus."""
    keys = {action.id: _key(action) for action in actions_of(place, app.target(), number)}
    if number == 0 and place.kind and place.listed().opens:
        keys["open"] = "enter"
    for action_id, key in keys.items():
        await stage.press(pilot, key)
        scene = await _drawn(app, pilot, f"{plain.name} {action_id}")
        if scene.text != plain.text:
            scene.cut = [text for text in scene.cut if _widget(text) not in plain.whole]
            yield scene
        await _home(app, pilot, place)
        await _focus(app, pilot, number)


async def _focus(app: Tui, pilot: Pilot[None], number: int) -> None:
    lists = [table for table in app.screen.query(Table) if table.focusable]
    if number < len(lists):
        app.screen.set_focus(lists[number])
        await stage.settle(pilot)


def _key(action: Action) -> str:
    key = action.keys.split(",")[0]
    return key if key.isalnum() or len(key) > 1 else _character_to_key(key)


def actions_of(place: Place, target: Target | None, number: int) -> Iterator[Action]:
    """Yield the actions whose key shows something and changes nothing in the cloud.

    What every screen has is walked on two; on a further list only what is done to its objects.
    """
    views = (place.name, *(("lists",) if place.kind and number == 0 else ()))
    everywhere = ("everywhere",) if place.name in ("home", "instances") and number == 0 else ()
    for action in registry.of_view(*views, *everywhere):
        if (number and not action.takes) or not action.works_on(target):
            continue
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


async def _drawn(app: Tui, pilot: Pilot[None], name: str) -> Drawn:
    await stage.settle(pilot)
    text = stage.text(app)
    cut = list(_cut(app))
    names = {_widget(one) for one in cut}
    whole = {_name(one) for one in app.screen.query(Static)} - names
    return Drawn(name=name, text=text, wordless=list(_wordless(app)), cut=cut, whole=whole)


def _widget(cut: str) -> str:
    return cut.partition(":")[0]


def _name(widget: Static) -> str:
    return widget.id or type(widget).__name__


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
            yield f"{_name(widget)}: {needed} lines in {size.height}"


def too_wide(drawn: Drawn, look: Look) -> list[str]:
    """Return the lines that are wider than the terminal."""
    return [line for line in drawn.text.splitlines() if cell_len(line) > look.size[0]]
