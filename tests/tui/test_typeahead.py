"""Keys that come faster than they can be handled: each goes where the one before it led."""

from __future__ import annotations

from textual.events import Key
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tui.app import Tui


def test_what_is_typed_at_once_after_a_slash_filters_and_does_nothing_else(
    cloud: FakeCloud,
) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2")
        before = len(cloud.calls)
        _type(app, "slash", "T", "r", "S")
        await stage.settle(pilot)
        line = app.focused
        assert isinstance(line, Input)
        assert line.value == "TrS"
        assert cloud.calls[before:] == []

    stage.play(cloud, scene)


def test_what_is_typed_at_once_after_a_colon_goes_into_the_line_that_opens(
    cloud: FakeCloud,
) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        _type(app, "colon", *"images", "enter")
        await stage.settle(pilot)
        await stage.until(pilot, lambda: app.current_mode == "images")

    stage.play(cloud, scene)


def test_keys_for_a_screen_that_is_not_there_yet_reach_it(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        _type(app, "2", "down", "down", "space")
        await stage.settle(pilot)
        table = app.screen.query_one("#rows Table")
        assert table.cursor == 3
        assert len(table.marked) == 1

    stage.play(cloud, scene)


def _type(app: Tui, *keys: str) -> None:
    for key in keys:
        app.post_message(Key(key, key if len(key) == 1 else None))
