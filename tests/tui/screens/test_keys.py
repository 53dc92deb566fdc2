"""The screens driven by keys, as a person does it."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui import box1, stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.stage import press, write
from tui.app import Tui
from tui.client.nouns import Instance
from tui.screens.confirm import Confirm
from tui.screens.instances import Instances
from tui.screens.run import Run
from tui.screens.services import Services
from tui.screens.theatre import Theatre
from tui.widgets.console_log import ConsoleLog

WEB_3 = "1f000000-0000-4000-8000-000000000000"


def calls(cloud: FakeCloud, method: str) -> list[tuple[str, Any]]:
    return [
        (path, body) for verb, path, body in cloud.calls if verb == method and "auth" not in path
    ]


@pytest.mark.parametrize(
    ("key", "mode"),
    [("1", "home"), ("2", "instances"), ("3", "images"), ("7", "services"), ("9", "traces")],
)
def test_a_number_goes_to_its_screen(cloud: FakeCloud, key: str, mode: str) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, key)
        assert mode == app.current_mode

    stage.play(cloud, scene)


def test_a_screen_is_found_again_as_it_was_left(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "down", "down", "7", "2")
        assert isinstance(app.screen, Instances)
        assert app.screen.table.cursor == 2

    stage.play(cloud, scene)


def test_a_number_pressed_in_its_own_trace_closes_the_trace(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "t")
        assert isinstance(app.screen, Theatre)
        await press(pilot, "2")
        assert isinstance(app.screen, Instances)

    stage.play(cloud, scene)


def test_a_change_is_on_the_screen_without_a_key(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2")
        assert "spawning" in stage.text(app)
        cloud.put("instance", id=WEB_3, vm_state="active", task_state=None)
        await stage.until(pilot, lambda: "spawning" not in stage.text(app))
        cloud.remove("instance", WEB_3)
        await stage.until(pilot, lambda: "web-3" not in stage.text(app))

    stage.play(cloud, scene)


def test_terminating_takes_the_typed_name(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "ctrl+d")
        await write(pilot, "web-1", "enter")
        assert calls(cloud, "DELETE") == [], "the name was another's"
        await press(pilot, "ctrl+d")
        await write(pilot, "web-3", "enter")
        assert [(f"/compute/v2.1/servers/{WEB_3}", None)] == calls(cloud, "DELETE")

    stage.play(cloud, scene)


def test_terminating_several_takes_their_number_and_tells_each_failure(cloud: FakeCloud) -> None:
    cloud.answers = {
        r"DELETE .*/servers/1d.*": (409, {"conflictingRequest": {"message": "it is locked"}}),
        **cloud.answers,
    }

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "space", "space", "ctrl+d")
        assert isinstance(app.screen, Confirm)
        assert app.screen.wanted == "2"
        await write(pilot, "2", "enter")
        assert len(calls(cloud, "DELETE")) == 2
        said = [notice.message for notice in app._notifications]
        assert any("1 of 2" in line for line in said)
        assert any("web-1" in line and "it is locked" in line for line in said)

    stage.play(cloud, scene)


def test_enter_and_escape_delete_no_image(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "3", "ctrl+d", "enter")
        await press(pilot, "ctrl+d", "escape")
        assert calls(cloud, "DELETE") == []
        await press(pilot, "ctrl+d", "y")
        assert len(calls(cloud, "DELETE")) == 1

    cloud.answers[r"DELETE /image/.*"] = (204, None)
    stage.play(cloud, scene)


def test_start_and_stop_are_sent_at_once(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "S", "T", "r")
        sent = [body for path, body in calls(cloud, "POST") if path.endswith("/action")]
        assert sent == [{"os-start": None}, {"os-stop": None}, {"reboot": {"type": "SOFT"}}]

    stage.play(cloud, scene)


def test_the_filter_narrows_and_escape_widens(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "slash")
        await write(pilot, "state:run", "enter")
        assert isinstance(app.screen, Instances)
        assert (app.screen.table.count(), app.screen.table.total) == (2, 5)
        await press(pilot, "escape")
        assert app.screen.table.count() == 5

    stage.play(cloud, scene)


def test_a_command_goes_to_a_screen_and_filters_it(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "colon")
        await write(pilot, "inst", "tab")
        await write(pilot, "name:db", "enter")
        assert isinstance(app.screen, Instances)
        assert app.screen.table.current.name == "db-old"
        await press(pilot, "colon")
        await write(pilot, f"trace {box1.LAUNCH}", "enter")
        assert isinstance(app.screen, Theatre)

    stage.play(cloud, scene)


def test_the_palette_finds_an_object_by_a_part_of_its_name(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "ctrl+p")
        await write(pilot, "win-l", "enter")
        assert isinstance(app.screen, Instances)
        assert app.screen.table.current.name == "win-lab"

    stage.play(cloud, scene)


def test_the_form_sends_what_it_shows(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "n")
        assert isinstance(app.screen, Run)
        app.screen.query_one("#name", Input).value = "db-9"
        await press(pilot, "tab", "right", "tab", "s", "s")
        expected = app.screen.draft.call().body
        assert "debian-12" in " ".join(app.screen.draft.cli())
        await press(pilot, "ctrl+s")
        assert [("/compute/v2.1/servers", expected)] == [
            call for call in calls(cloud, "POST") if call[0].endswith("/servers")
        ]
        assert isinstance(app.screen, Instances)

    stage.play(cloud, scene)


def test_a_refused_draft_stays_in_the_form(cloud: FakeCloud) -> None:
    cloud.answers["POST /compute/v2.1/servers"] = (403, {"forbidden": {"message": "quota is used"}})

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "n", "ctrl+s")
        assert isinstance(app.screen, Run)
        assert any("quota is used" in notice.message for notice in app._notifications)

    stage.play(cloud, scene)


def test_run_and_trace_ends_in_the_theatre(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "n", "ctrl+t")
        assert isinstance(app.screen, Theatre)
        assert app.screen.request_id == "req-fake"

    stage.play(cloud, scene)


def test_the_theatre_follows_new_hops_until_the_cursor_is_moved_up(cloud: FakeCloud) -> None:
    def hop(number: int) -> None:
        cloud.hop(id=f"new{number}", request_id=box1.LAUNCH, parent_id="h13", kind="driver",
                  source="compute", target="libvirt", name=f"more {number}", status="ok",
                  started_at=2_000_000_000_000_000 + number, duration_us=1)  # fmt: skip

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "t")
        hop(1)
        await stage.until(pilot, lambda: "hop 16 of 16" in stage.text(app))
        await press(pilot, "up")
        hop(2)
        await stage.until(pilot, lambda: "hop 15 of 17" in stage.text(app))

    stage.play(cloud, scene)


def test_many_hops_at_once_leave_the_last_in_sight(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        app.action_trace("req-new")
        await stage.settle(pilot)
        for number in range(60):
            cloud.hop(id=f"h{number}", request_id="req-new", kind="state", source="api",
                      target="database", name="x", status="ok", started_at=number)  # fmt: skip
        await stage.until(pilot, lambda: "hop 60 of 60" in stage.text(app))
        assert " 60◀" in stage.text(app)
        await press(pilot, "home")
        assert "  1◀" in stage.text(app)

    stage.play(cloud, scene)


def test_the_console_is_shown_and_escape_closes_it(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "l")
        await stage.until(pilot, lambda: "login: ready" in stage.text(app))
        assert app.screen.query_one(ConsoleLog).count() == 41
        await press(pilot, "escape")
        assert "login: ready" not in stage.text(app)

    stage.play(cloud, scene)


def test_a_queue_is_resumed_and_stepped(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "7", "o", "p")
        sent = [path for path, _ in calls(cloud, "POST")]
        root = "/novabox/v1/topics/compute.box1"
        assert [f"{root}/step", f"{root}/resume"] == sent
        assert isinstance(app.screen, Services)

    stage.play(cloud, scene)


def test_a_new_request_appears_among_the_traces(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "9")
        assert app.current_mode == "traces"
        assert app.screen.table.total == 1
        cloud.hop(id="x", request_id="req-2", name="DELETE /x", started_at=1, duration_us=2)
        table = app.screen.table
        await stage.until(pilot, lambda: table.total == 2)

    stage.play(cloud, scene)


def test_a_lost_cloud_is_said_and_what_was_known_stays(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        cloud.is_down = True
        cloud.break_streams()
        await stage.until(pilot, lambda: "stale" in stage.text(app))
        assert len(app.store.all(Instance)) == 5
        cloud.is_down = False
        await stage.until(pilot, lambda: "stale" not in stage.text(app))

    stage.play(cloud, scene)


def test_no_cloud_at_all_is_said_on_the_first_screen(cloud: FakeCloud) -> None:
    cloud.is_down = True

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.until(pilot, lambda: "no cloud" in stage.text(app))
        assert "connection refused" in stage.text(app)

    stage.play(cloud, scene)


def test_a_cloud_of_nothing_is_an_empty_screen_with_a_way_on() -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for key in "23791":
            await press(pilot, key)
        assert "n run an instance" in stage.text(app)

    stage.play(FakeCloud(), scene)


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (100, 30), (220, 60)])
def test_every_size_has_list_and_keys(cloud: FakeCloud, size: tuple[int, int]) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for key in "23791":
            await press(pilot, key)
            shown = stage.text(app)
            assert "? keys" in shown

    stage.play(cloud, scene, size=size)
