"""The journal, undo and redo, driven by keys."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from appliance.model import acts
from tests.tui import box1, stage
from tests.tui.fake_cloud import NOW_S, FakeCloud
from tests.tui.stage import press
from tui import registry
from tui.app import Tui
from tui.client import nouns
from tui.screens.resource import Resource
from tui.screens.theatre import Theatre

FIRST = "e0000000-0000-4000-8000-000000000000"


def posts(cloud: FakeCloud) -> list[str]:
    return [path for verb, path, _ in cloud.calls if verb == "POST" and "auth" not in path]


def told(app: Tui) -> list[str]:
    return [notice.message for notice in app._notifications]


def test_the_journal_is_one_key_away_and_counts_down(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "exclamation_mark")
        shown = stage.text(app)
        assert "delete volume old-logs" in shown
        assert "4:48" in shown
        assert "u undoes it until" in shown
        app.now_s = lambda: NOW_S + 100
        app.screen.tick()  # type: ignore[attr-defined]  # every screen of ours has it
        await stage.settle(pilot)
        assert "3:08" in stage.text(app)
        app.now_s = lambda: NOW_S + 300
        app.screen.tick()  # type: ignore[attr-defined]  # as above
        await stage.settle(pilot)
        assert "too late: its bytes are not in the trash any more" in stage.text(app)

    stage.play(cloud, scene)


def test_enter_opens_the_trace_of_what_was_done(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "exclamation_mark", "enter")
        assert isinstance(app.screen, Theatre)

    stage.play(cloud, scene)


@pytest.mark.parametrize(
    ("downs", "path"),
    [
        (0, f"/novabox/v1/journal/{FIRST}/undo"),
        (2, "/novabox/v1/journal/e2000000-0000-4000-8000-000000000000/redo"),
        (3, ""),
        (4, ""),
    ],
)
def test_what_the_cursor_is_on_is_undone_or_redone_where_it_can_be(
    cloud: FakeCloud, downs: int, path: str
) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "exclamation_mark", *["down"] * downs, "u")
        assert posts(cloud) == ([path] if path else [])

    stage.play(cloud, scene)


def test_z_and_capital_z_undo_and_redo_on_every_screen(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for screen in ("1", "2", "3", "5", "7", "8", "9", "exclamation_mark"):
            cloud.calls.clear()
            await press(pilot, screen, "z", "Z")
            assert posts(cloud) == [
                "/novabox/v1/journal/newest/undo", "/novabox/v1/journal/newest/redo",
            ]  # fmt: skip
        assert any("undone: delete volume old-logs" in text for text in told(app))

    stage.play(cloud, scene)


def test_an_undo_that_is_refused_says_why(cloud: FakeCloud) -> None:
    why = "There is nothing to undo: `novabox journal` shows what was done."
    cloud.answers = {r"POST /novabox/v1/journal/.*": (404, {"error": {"message": why}})}

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "z")
        assert any(why in text for text in told(app))

    stage.play(cloud, scene)


def test_an_act_that_can_be_undone_offers_it_when_the_journal_has_it(cloud: FakeCloud) -> None:
    cloud.answers[r"DELETE /volume/v3/volumes/.*"] = (202, None)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "5", "ctrl+d", "y")
        assert not any("z undo" in text for text in told(app))
        _journal(cloud, request_id="req-fake", undo_until=box1._stamp(NOW_S + 600))
        await stage.until(pilot, lambda: any("z undo" in text for text in told(app)))
        _journal(cloud, request_id="req-fake", undo_until=None)
        await stage.settle(pilot)
        offers = [text for text in told(app) if "z undo" in text]
        assert len(offers) == 1
        assert offers[0].endswith("z undo: delete volume backup  10:00")

    stage.play(cloud, scene)


@pytest.mark.parametrize(("level", "state"), [(0, "done"), (3, "final")])
def test_what_cannot_be_undone_offers_nothing(cloud: FakeCloud, level: int, state: str) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        app.offers.expect("req-mine")
        _journal(cloud, request_id="req-mine", level=level, state=state)
        await stage.until(pilot, lambda: app.store.find(nouns.Deed, "new"))
        await stage.settle(pilot)
        assert told(app) == []

    stage.play(cloud, scene)


def test_the_journal_is_filtered_as_any_list(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await app.action_open("journal", "", "state:undone")
        assert isinstance(app.screen, Resource)
        assert [item.name for item in app.screen.table.chosen()] == [
            "web: tcp 22 in from 0.0.0.0/0"
        ]

    stage.play(cloud, scene)


def test_levels_of_the_interface_are_those_of_the_cloud() -> None:
    """What the registry of the server's verbs calls level 2 asks once here, and so on."""
    same = {
        "volume.delete": "volume.delete", "image.delete": "image.delete",
        "instance.terminate": "instance.delete", "instance.stop": "instance.stop",
        "instance.reboot": "instance.reboot", "topic.pause": "topic.pause",
    }  # fmt: skip
    here = {ours: int(registry.BY_ID[ours].level) for ours in same}

    assert here == {ours: acts.ACTS[theirs].level for ours, theirs in same.items()}


def _journal(cloud: FakeCloud, **fields: Any) -> None:
    entry = {
        "id": "new", "at": box1._stamp(NOW_S), "user": "demo", "action": "volume.delete",
        "text": "delete volume", "level": 2, "kind": "volume", "object_id": "v", "name": "backup",
        "state": "done", "undo_until": None,
    }  # fmt: skip
    cloud.put("journal", **entry | fields)
