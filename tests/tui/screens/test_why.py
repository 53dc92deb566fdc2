"""Why: the explanation of what is under the cursor, its numbers, its request."""

from __future__ import annotations

from dataclasses import dataclass

from textual.pilot import Pilot
from textual.widget import Widget

from tests.tui import box1, stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.stage import press
from tui.actions.action import Target
from tui.app import Tui
from tui.screens.theatre import Theatre
from tui.screens.view import View as Plain
from tui.screens.why import Why


def test_the_reasons_are_bars_and_the_advice_is_told(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "slash")
        await stage.write(pilot, "db-old", "enter")
        await press(pilot, "w")
        assert isinstance(app.screen, Why)
        shown = stage.text(app)
        assert "Why is db-old error?" in shown
        assert "15.6G + 512M of 15.6G" in shown
        assert "→ It would fit on box1 now: run it again." in shown
        asked = [path for _, path, _ in cloud.calls if "explanations" in path]
        assert asked[-1].startswith("/novabox/v1/explanations/instance/0b000000")

    stage.play(cloud, scene)


def test_t_opens_the_request_that_failed_and_y_copies(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "w", "y")
        assert "box1 RamFilter: 512 MiB asked, 0 free" in app.clipboard
        await press(pilot, "t")
        assert isinstance(app.screen, Theatre)
        assert app.screen.request_id == box1.LAUNCH

    stage.play(cloud, scene)


def test_it_is_asked_again_when_the_object_changes(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "w")
        before = sum("explanations" in path for _, path, _ in cloud.calls)
        cloud.put("instance", id="0b000000-0000-4000-8000-000000000000", name="db-older")
        await stage.settle(pilot)
        assert sum("explanations" in path for _, path, _ in cloud.calls) == before + 1

    stage.play(cloud, scene)


def test_a_refusal_is_told_in_its_place(cloud: FakeCloud) -> None:
    cloud.answers[r"GET /novabox/v1/explanations/.*"] = (
        404, {"error": {"message": "instance x could not be found."}},
    )  # fmt: skip

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "w")
        assert "could not be found" in stage.text(app)
        await press(pilot, "y", "escape")
        assert not isinstance(app.screen, Why)

    stage.play(cloud, scene)


def test_each_kind_is_asked_for_by_its_name(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for key, kind in (("3", "image"), ("5", "volume"), ("7", "topic")):
            await press(pilot, key, "w")
            asked = [path for _, path, _ in cloud.calls if "explanations" in path]
            assert asked[-1].startswith(f"/novabox/v1/explanations/{kind}/")
            await press(pilot, "escape")

    stage.play(cloud, scene)


class View(Plain):
    """A screen whose object is a message."""

    def body(self) -> list[Widget]:
        return []

    def targets(self) -> list[Target]:
        return [Target(id="1", name="spawn", noun=Note(id="1"))]


@dataclass(frozen=True, kw_only=True)
class Note:
    """A noun that nobody explains."""

    id: str

    @property
    def key(self) -> str:
        return self.id


def test_what_is_not_explained_says_so(cloud: FakeCloud) -> None:
    """A message in a queue is what it is."""

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        app.push_screen(View())
        await stage.settle(pilot)
        app.action_why()
        await stage.settle(pilot)
        assert isinstance(app.screen, View)
        said = [notice.message for notice in app._notifications]
        assert any("there is nothing to explain here" in line for line in said)

    stage.play(cloud, scene)
