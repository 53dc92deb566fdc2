"""A box of lines is as high as what it shows."""

from __future__ import annotations

from collections.abc import Iterable

from textual.pilot import Pilot
from textual.widget import Widget

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tui.app import Tui
from tui.screens.view import View
from tui.widgets.panel import Panel


class Alone(View):
    """A screen with a panel that is as high as it must be."""

    def body(self) -> Iterable[Widget]:
        panel = Panel("Room")
        panel.styles.height = "auto"
        yield panel


def test_a_panel_that_grows_twice_at_once_has_room_for_all(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        app.push_screen(Alone())
        await stage.settle(pilot)
        panel = app.screen.query_one(Panel)
        panel.show("one")
        app.screen._clear_arrangement_cache()  # as when something beside it grew,
        app.screen._refresh_layout()  # and that has its turn before
        panel.show("one", "two", "three")
        await stage.settle(pilot)
        assert panel.region.height == 5
        assert "three" in stage.text(app)

    stage.play(cloud, scene)
