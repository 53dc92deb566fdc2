"""Sizes that are no more the terminal's."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from textual.events import Resize
from textual.geometry import Size
from textual.pilot import Pilot
from textual.screen import Screen

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tui import screens
from tui.app import Tui
from tui.screens.fitting import Fitting


def test_two_sizes_under_way_come_to_rest_at_the_terminals(cloud: FakeCloud) -> None:
    """Home draws anew for each: there is other work between them, so that none replaces another."""
    layouts: list[Size] = []

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        home, now, before = app.screen, app.size, Size(60, 20)
        home.screen_layout_refresh_signal.subscribe(home, lambda _: layouts.append(home.size))
        for size in (before, now, before, now):
            home.post_message(Resize(size, size))
            home.call_later(lambda: None)
        await pilot.pause()
        assert set(layouts) == {now}

    stage.play(cloud, scene)
    assert len(layouts) < 20


def test_every_screen_is_fitted() -> None:
    for module in pkgutil.walk_packages(screens.__path__, "tui.screens."):
        importlib.import_module(module.name)
    ours = [one for one in _below(Screen) if one.__module__.startswith("tui.")]
    assert len(ours) > 20
    assert [one for one in ours if not issubclass(one, Fitting)] == []


def _below(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
