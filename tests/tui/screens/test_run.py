"""The form that runs instances: what would happen, what is kept, what is copied, what is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui import box1, stage
from tests.tui.console.fake_line import FakeLine
from tests.tui.fake_cloud import FakeCloud
from tests.tui.stage import press, write
from tui import rest, templates
from tui.app import Tui
from tui.screens.console import Console
from tui.screens.instances import Instances
from tui.screens.pick import Pick
from tui.screens.run import Run
from tui.screens.theatre import Theatre
from tui.widgets.choice_field import ChoiceField
from tui.widgets.shell_lines import ShellLines

REFUSED = {"plan": {
    **box1.RUN_PLAN["plan"], "host": None,
    "quota": [{"resource": "instances", "used": 7, "asked": 9, "limit": 10, "is_exceeded": True}],
    "refusal": {"code": "OverQuota", "status": 403,
                "message": "Quota exceeded for instances: Requested 9, but already used 7 of 10"},
}}  # fmt: skip


def asked(cloud: FakeCloud) -> list[Any]:
    """Return the servers of the dry runs so far."""
    return [body["server"] for _, path, body in cloud.calls if path.endswith("/dry-runs/run")]


def form(app: Tui) -> Run:
    assert isinstance(app.screen, Run)
    return app.screen


def field(app: Tui, name: str) -> ChoiceField:
    return form(app).query_one(f"#{name}", ChoiceField)


async def planned(pilot: Pilot[None], cloud: FakeCloud, wanted: Callable[[Any], bool]) -> None:
    """Wait until a dry run was asked for such a server."""
    await stage.until(pilot, lambda: any(wanted(server) for server in asked(cloud)))
    await stage.settle(pilot)


def test_what_would_happen_follows_what_is_typed(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rest, "PATIENCE_S", 0.2)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        await planned(pilot, cloud, lambda server: server["name"] == "web-2")
        shown = stage.text(app)
        for text in (
            "would choose box1", "9.1G + 512M of 15.6G  ok", "instances 7 → 8 of 10",
            "The image is on box1 already", "Nothing has been sent yet.",
            "euca-run-instances -n 1 -t m1.tiny",
        ):  # fmt: skip
            assert text in shown
        await write(pilot, "0")
        await write(pilot, "0")
        await planned(pilot, cloud, lambda server: server["name"] == "web-200")
        names = [server["name"] for server in asked(cloud)]
        assert "web-20" not in names, "it is asked when nothing more is typed, not at every key"
        assert [path for _, path, _ in cloud.calls if path.endswith("/servers")] == []

    stage.play(cloud, scene)


def test_a_refusal_is_said_with_the_limit_that_is_exceeded(cloud: FakeCloud) -> None:
    cloud.answers[r"POST /novabox/v1/dry-runs/run"] = (200, REFUSED)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        await stage.until(pilot, lambda: "Quota exceeded" in stage.text(app))
        assert "7 → 16 of 10          no" in stage.text(app)

    stage.play(cloud, scene)


def test_a_cloud_that_does_not_answer_is_said_in_the_plans_place(cloud: FakeCloud) -> None:
    cloud.answers[r"POST /novabox/v1/dry-runs/run"] = (503, {"error": {"message": "busy"}})

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        await stage.until(pilot, lambda: "busy" in stage.text(app))

    stage.play(cloud, scene)


def test_an_empty_name_is_missing_and_nothing_is_asked_or_sent(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        await planned(pilot, cloud, lambda _: True)
        before = len(asked(cloud))
        app.screen.query_one("#name", Input).value = "  "
        await press(pilot, "ctrl+s")
        assert "missing: name" in stage.text(app)
        await pilot.pause(0.3)
        assert len(asked(cloud)) == before
        assert isinstance(app.screen, Run)

    stage.play(cloud, scene)


def test_fields_are_picked_by_a_part_of_a_name(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n", "tab", "enter")
        assert isinstance(app.screen, Pick)
        await write(pilot, "deb", "enter")
        image = field(app, "image").choice
        assert image
        assert image.name == "debian-12"

    stage.play(cloud, scene)


def test_groups_are_added_and_taken_away_and_one_stays(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        groups = field(app, "groups")
        groups.focus()
        names = []
        for word in ("web", "default", "web"):
            await press(pilot, "enter")
            await write(pilot, word, "enter")
            names.append([one.name for one in groups.choices])
        assert names == [["default", "web"], ["web"], ["web"]]
        await press(pilot, "left")
        assert [one.name for one in groups.choices] == ["default"]

    stage.play(cloud, scene)


def test_a_draft_is_there_again_after_escape_and_gone_once_sent(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        await write(pilot, "-db")
        await press(pilot, "tab", "right", "escape")
        assert not isinstance(app.screen, Run)
        await press(pilot, "n")
        draft = form(app).draft
        assert (draft.name, draft.image and draft.image.name) == ("web-2-db", "debian-12")
        await press(pilot, "ctrl+s", "n")
        assert form(app).draft.name == "web-2"

    stage.play(cloud, scene)


def test_a_form_that_was_only_looked_at_is_no_draft(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n", "escape")
        cloud.put("instance", id="x", name="web-2")
        await stage.settle(pilot)
        await press(pilot, "n")
        assert form(app).draft.name == "web-4", "web-1 to web-3 are taken"

    stage.play(cloud, scene)


def test_an_image_under_the_cursor_is_the_one_to_run(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "3", "slash")
        await write(pilot, "debian", "enter")
        await press(pilot, "r")
        image = form(app).draft.image
        assert image
        assert image.name == "debian-12"

    stage.play(cloud, scene)


def test_a_template_is_kept_offered_filled_in_and_forgotten(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        app.screen.query_one("#name", Input).value = "small-db"
        app.screen.query_one("#count", Input).value = "3"
        field(app, "flavor").choose("2")
        field(app, "groups").choose("g1,g2")
        await press(pilot, "f4", "escape")
        assert list(templates.load(templates.path())) == ["small-db"]
        app.form_drafts.clear()
        await press(pilot, "n")
        field(app, "template").focus()
        await press(pilot, "right")
        draft = form(app).draft
        assert (draft.count, draft.flavor and draft.flavor.name) == (3, "m1.small")
        assert [group.name for group in draft.groups] == ["default", "web"]
        assert draft.name == "web-2", "the template's own name is no instance's"
        await press(pilot, "f5")
        assert templates.load(templates.path()) == {}

    stage.play(cloud, scene)


def test_templates_that_cannot_be_read_are_said_and_left_alone(cloud: FakeCloud) -> None:
    templates.path().parent.mkdir(parents=True)
    templates.path().write_text("{")

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n", "f4")
        said = [notice.message for notice in app._notifications]
        assert any("templates.json cannot be read" in line for line in said)

    stage.play(cloud, scene)
    assert templates.path().read_text() == "{"


def test_user_data_is_read_when_it_is_named(cloud: FakeCloud, tmp_path: Path) -> None:
    (tmp_path / "init.sh").write_text("#!/bin/sh\n")

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        line = app.screen.query_one("#data", Input)
        line.value = str(tmp_path / "nope.sh")
        await press(pilot, "ctrl+s")
        assert "nope.sh: no such file" in form(app)._read_data()[2]
        assert not any(path.endswith("/servers") for _, path, _ in cloud.calls)
        line.value = str(tmp_path / "init.sh")
        await press(pilot, "ctrl+s")
        sent = [body["server"] for _, path, body in cloud.calls if path.endswith("/servers")]
        assert sent[0]["user_data"] == "IyEvYmluL3NoCg=="

    stage.play(cloud, scene)


def test_a_volume_that_nobody_has_can_be_given(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        field(app, "volume").focus()
        await press(pilot, "right", "ctrl+s")
        sent = [body["server"] for _, path, body in cloud.calls if path.endswith("/servers")]
        (device,) = sent[0]["block_device_mapping_v2"]
        assert device["uuid"].startswith("06000000"), "the only one that is available"

    stage.play(cloud, scene)


def test_the_lines_are_copied_whole(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n", "ctrl+y")
        assert app.clipboard.startswith("openstack server create --image ami-tiny")
        assert app.clipboard.endswith(" web-2")
        app.screen.query_one(ShellLines).focus()
        await press(pilot, "Y")
        assert app.clipboard.startswith("curl -s -X POST")
        assert "http://cloud.test:8774/compute/v2.1/servers" in app.clipboard
        await press(pilot, "y")
        assert app.clipboard.startswith("openstack")

    stage.play(cloud, scene)


def test_run_and_trace_opens_the_request(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n", "ctrl+t")
        assert isinstance(app.screen, Theatre)
        assert app.screen.request_id == "req-fake"

    stage.play(cloud, scene)


def ask_for_the_console(app: Tui) -> None:
    field(app, "then").choose("console")


def test_the_console_opens_once_the_guest_is_on(cloud: FakeCloud) -> None:
    line = FakeLine(b"web-2 login: ")

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        ask_for_the_console(app)
        await press(pilot, "ctrl+s")
        cloud.put("instance", id="i-new", name="web-2", vm_state="building", task_state="spawning")
        await stage.until(pilot, lambda: "spawning" in stage.text(app))
        assert isinstance(app.screen, Instances)
        cloud.put("instance", id="i-new", name="web-2", vm_state="active")
        await stage.until(pilot, lambda: isinstance(app.screen, Console))
        await stage.settle(pilot)
        await stage.until(pilot, lambda: "web-2 login:" in stage.text(app))
        await press(pilot, "ctrl+right_square_bracket", "q")
        cloud.put("instance", id="i-new", name="web-2", vm_state="active", task_state="rebooting")
        await stage.settle(pilot)
        assert isinstance(app.screen, Instances), "it opens by itself once"

    stage.play(cloud, scene, open_line=lambda _: line)


def test_no_console_opens_of_a_guest_that_failed_nor_over_another_screen(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        ask_for_the_console(app)
        await press(pilot, "ctrl+s", "7")
        cloud.put("instance", id="i-new", name="web-2", vm_state="active")
        await stage.settle(pilot)
        assert app.current_mode == "services"
        cloud.put("instance", id="i-new", name="web-2", vm_state="error")
        await press(pilot, "2")
        assert isinstance(app.screen, Instances)
        assert app.awaited == ""

    stage.play(cloud, scene)


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (120, 38)])
def test_every_field_is_in_sight(cloud: FakeCloud, size: tuple[int, int]) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n")
        shown = stage.text(app)
        for label in ("From", "Name", "Image", "Flavor", "Key", "Network", "Groups", "Volume",
                      "Data", "Count", "Then"):  # fmt: skip
            assert label in shown
        assert json.dumps("web-2") in form(app).draft.call().line()

    stage.play(cloud, scene, size=size)
