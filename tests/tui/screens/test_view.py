"""What every screen has: it is drawn once when it comes on top, and again when it comes back."""

from __future__ import annotations

from collections.abc import Iterable

from textual.pilot import Pilot
from textual.widget import Widget

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tui.app import Tui
from tui.screens.home import Home
from tui.screens.view import EVERYTHING, View
from tui.store import Topic


class Counted(View):
    """A screen that counts how often all of it is drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.drawn = 0

    def body(self) -> Iterable[Widget]:
        return []

    def show(self, topics: frozenset[Topic]) -> None:
        self.drawn += topics == EVERYTHING


class CountedHome(Counted, Home):
    """A screen that does more when it is mounted: what is inherited is not done twice."""


def test_a_screen_that_opens_is_drawn_once(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for screen in (Counted(), CountedHome()):
            await app.push_screen(screen)
            await stage.settle(pilot)
            assert screen.drawn == 1
            await stage.press(pilot, "question_mark", "escape")
            assert app.screen is screen
            assert screen.drawn == 2, "something may have changed meanwhile"

    stage.play(cloud, scene)


def test_a_place_that_opens_is_drawn_once_though_textual_tells_it_twice(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        screen = Counted()
        app.add_mode("counted", lambda: screen)
        await app.switch_mode("counted")
        await stage.settle(pilot)
        assert screen.drawn == 1
        await stage.press(pilot, "2", "3")
        await app.switch_mode("counted")
        await stage.settle(pilot)
        assert screen.drawn == 2

    stage.play(cloud, scene)
