"""The question before something is destroyed says what would become of what."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from tests.tui import box1, stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.stage import press
from tui import glyphs, registry
from tui.actions.action import Level
from tui.app import Tui
from tui.client import plans
from tui.widgets import plan_lines


def asked(cloud: FakeCloud) -> list[Any]:
    return [body for _, path, body in cloud.calls if path.endswith("/dry-runs/delete")]


def test_the_dialog_says_what_goes_and_what_stays(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "ctrl+d")
        shown = stage.text(app)
        for text in (
            "web-3  is switched off and gone", "disk its own disk, 1 GiB  goes with all",
            "volume pgdata  is detached, and kept", "Frees 1.0 GiB, nothing undoes it",
            "openstack server delete",
        ):  # fmt: skip
            assert text in shown
        assert asked(cloud) == [
            {"kind": "instance", "id": "1f000000-0000-4000-8000-000000000000"}
        ]  # fmt: skip

    stage.play(cloud, scene)


def test_of_several_each_is_asked_about(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "space", "space", "ctrl+d")
        assert [body["kind"] for body in asked(cloud)] == ["instance", "instance"]
        assert "Frees 2.0 GiB" in stage.text(app)

    stage.play(cloud, scene)


def test_without_an_answer_the_question_stands_alone(cloud: FakeCloud) -> None:
    cloud.answers = {r"POST .*/dry-runs/delete": (503, {"error": {"message": "busy"}})} | (
        cloud.answers
    )

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "5", "ctrl+d")
        assert "y: yes      Enter or Esc: no" in stage.text(app)
        assert list(app._notifications) == []

    stage.play(cloud, scene)


def test_a_refusal_is_told_before_it_is_asked_for() -> None:
    refused = {"plan": {"touches": [], "refusal": {"code": "BadRequest", "message": "in use"}}}
    lines = [line.plain for line in plan_lines.lines([plans.plan(refused)], glyphs=glyphs.UNICODE)]

    assert lines == ["✗ it would be refused: in use"]


def test_how_long_it_can_be_undone_is_the_shortest_of_all() -> None:
    def end(*undo_s: int | None) -> str:
        found = [
            plans.plan({"plan": {
                **box1.DELETE_PLAN["plan"], "undo_s": one or None, "is_undoable": one is not None,
            }})
            for one in undo_s
        ]  # fmt: skip
        return list(plan_lines.lines(found, glyphs=glyphs.UNICODE))[-1].plain

    assert end(600) == "Frees 1.0 GiB, undone by z for 10m"
    assert end(600, 60) == "Frees 2.0 GiB, undone by z for 1m"
    assert end(0) == "Frees 1.0 GiB, undone by z", "for as long as the journal remembers"
    assert end(None) == "Frees 1.0 GiB, nothing undoes it"
    assert end(600, None) == "Frees 2.0 GiB, not all of it can be undone"


def test_a_long_plan_is_cut_and_says_so() -> None:
    touches = [{"kind": "port", "id": str(n), "name": str(n), "what": "goes"} for n in range(9)]
    found = plans.plan({"plan": {"touches": touches}})
    lines = [line.plain for line in plan_lines.lines([found], glyphs=glyphs.UNICODE)]

    assert lines[-2:] == ["    and 3 more", "Nothing undoes it"]


def test_whatever_deletes_an_object_has_a_plan() -> None:
    """Of those kinds that the cloud makes plans for."""
    wanted = {
        action.id
        for action in registry.REGISTRY
        if action.level >= Level.ONE_OBJECT
        and action.id.partition(".")[0] in ("instance", "image", "volume", "snapshot")
        and action.id.partition(".")[2] in ("delete", "terminate", "detach")
    }
    assert {one for one in wanted if registry.BY_ID[one].plan is None} == set()
    assert len(wanted) >= 4
