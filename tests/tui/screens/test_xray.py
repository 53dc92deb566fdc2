"""X-ray: what is asked, where Enter goes, what does not agree, what is copied."""

from __future__ import annotations

import json

from textual.pilot import Pilot

from tests.tui import box1, stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.stage import press
from tui.app import Tui
from tui.screens.xray import Xray

WEB_1 = "1d000000-0000-4000-8000-000000000000"


def _asked(cloud: FakeCloud) -> list[str]:
    return [path for _, path, _ in cloud.calls if "/xray/" in path]


def _said(app: Tui) -> str:
    return "\n".join(notice.message for notice in app._notifications)


async def _open(pilot: Pilot[None]) -> None:
    await press(pilot, "2", "down", "x")


def test_the_object_under_the_cursor_is_looked_through(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await _open(pilot)
        assert _asked(cloud) == [f"/novabox/v1/xray/instance/{WEB_1}"]
        shown = stage.text(app)
        for text in ("one thing does not match", "├─ process", "✗ does not match", "└─ base"):
            assert text in shown
        await press(pilot, "escape")
        assert not isinstance(app.screen, Xray)

    stage.play(cloud, scene)


def test_n_goes_to_what_does_not_agree_and_r_looks_again(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await _open(pilot)
        await press(pilot, "end", "n")
        assert "a stop and a start make it" in stage.text(app)
        cloud.answers[r"GET /novabox/v1/xray/[^/]+/.+"] = (
            200, {"xray": box1.XRAY | {"children": box1.XRAY["children"][3:]}},
        )  # fmt: skip
        await press(pilot, "r")
        assert "row and host agree" in stage.text(app)

    stage.play(cloud, scene)


def test_what_could_not_be_looked_at_is_counted(cloud: FakeCloud) -> None:
    tree = box1.XRAY | {"children": box1.XRAY["children"][2:3]}
    cloud.answers[r"GET /novabox/v1/xray/[^/]+/.+"] = (200, {"xray": tree})

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await _open(pilot)
        assert "1 could not be looked at" in stage.text(app)

    stage.play(cloud, scene)


def test_enter_goes_to_the_object_that_a_part_is(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for down, mode in ((4, "images"), (5, "volumes"), (8, "networks"), (11, "groups"),
                           (12, "keys")):  # fmt: skip
            await _open(pilot)
            await press(pilot, *["down"] * down, "enter")
            assert app.current_mode == mode
            await press(pilot, "1")
        await _open(pilot)
        await press(pilot, "down", "down", "enter")
        assert isinstance(app.screen, Xray)
        assert "this part is nowhere else" in _said(app)

    stage.play(cloud, scene)


def test_a_change_of_the_object_has_it_looked_at_again(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await _open(pilot)
        cloud.put("instance", id=WEB_1, task_state="rebooting")
        await stage.until(pilot, lambda: len(_asked(cloud)) == 2)

    stage.play(cloud, scene)


def test_the_tree_is_copied_as_json_and_its_request_traced(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await _open(pilot)
        await press(pilot, "y")
        assert json.loads(app.clipboard)["label"] == "web-1"
        await press(pilot, "t")
        assert "no request is known" in _said(app)
        await press(pilot, "escape", "home", "x", "t")
        assert type(app.screen).__name__ == "Theatre"

    stage.play(cloud, scene)


def test_a_refusal_is_said(cloud: FakeCloud) -> None:
    cloud.answers[r"GET /novabox/v1/xray/[^/]+/.+"] = (404, {"error": {"message": "it is gone"}})

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await _open(pilot)
        assert "it is gone" in stage.text(app)
        await press(pilot, "n", "y", "enter", "down")

    stage.play(cloud, scene)
