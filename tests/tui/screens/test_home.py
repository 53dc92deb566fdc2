"""Home: what needs somebody is a list with keys; what is on its way has a bar."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.tui import box1, stage
from tests.tui.fake_cloud import NOW_S, FakeCloud
from tests.tui.stage import press
from tui.app import Tui
from tui.screens.console import Console
from tui.screens.instances import Instances
from tui.screens.why import Why
from tui.widgets.need_list import NeedList


def test_enter_goes_to_the_object_and_w_says_why(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        assert "▶ ✗ db-old: No valid host was found" in stage.text(app)
        await press(pilot, "w")
        assert isinstance(app.screen, Why)
        await press(pilot, "escape", "enter")
        assert isinstance(app.screen, Instances)
        assert app.screen.table.current.name == "db-old"

    stage.play(cloud, scene)


def test_the_cursor_stays_on_its_matter_while_others_go(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "down")
        rows = app.screen.query_one(NeedList)
        assert rows.current
        assert rows.current.text.startswith("volume old-home")
        cloud.put("instance", id="0b000000-0000-4000-8000-000000000000", vm_state="active")
        await stage.settle(pilot)
        assert rows.current.text.startswith("volume old-home")
        assert rows.cursor == 0

    stage.play(cloud, scene)


def test_quotas_and_forecasts_come_from_the_cloud_and_are_no_ones_else(cloud: FakeCloud) -> None:
    soon = [{"resource": "memory_mib", "per_day": 9.0, "full_in_s": 86_400.0, "fit": 0.9}]
    cloud.answers[r"GET /novabox/v1/capacity.*"] = (
        200, {**box1.capacity(), "forecasts": soon},
    )  # fmt: skip

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.until(pilot, lambda: app.screen.query_one(NeedList).count() > 4)
        texts = [need.text for need in app.screen.query_one(NeedList).needs]
        assert "all RAM in 1d, at this rate, is given away" in texts
        assert not any("instances" in text for text in texts), "class-a's limit is not demo's"

    stage.play(cloud, scene)


def test_a_cloud_without_capacity_is_shown_all_the_same(cloud: FakeCloud) -> None:
    cloud.answers[r"GET /novabox/v1/capacity.*"] = (404, {"error": {"message": "no such path"}})

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        assert "db-old" in stage.text(app)
        assert list(app._notifications) == []

    stage.play(cloud, scene)


def test_bytes_on_their_way_have_a_bar(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        cloud.hop(id="h99", request_id=box1.LAUNCH, parent_id="h13", kind="stream",
                  source="glance", target="compute", name="image", status="running",
                  started_at=int(NOW_S * 1e6), duration_us=None, bytes=16 << 20,
                  detail={"total_bytes": 25 << 20})  # fmt: skip
        cloud.put("instance", id="1f000000-0000-4000-8000-000000000000", name="web-3")
        await stage.until(pilot, lambda: "16.0 MiB of 25.0 MiB" in stage.text(app))
        assert "████████░░░░ 16.0 MiB of 25.0 MiB" in stage.text(app)

    stage.play(cloud, scene, size=(120, 38))


def test_addresses_are_counted_among_the_rooms(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        line = next(line for line in stage.text(app).splitlines() if " IPs " in line)
        assert "4/506" in line  # two networks of /24

    stage.play(cloud, scene)


def test_until_somebody_moves_the_worst_is_under_the_cursor(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        rows = app.screen.query_one(NeedList)
        cloud.put("instance", id="0b000000-0000-4000-8000-000000000000", vm_state="active")
        await stage.settle(pilot)
        assert rows.current
        assert rows.current.text.startswith("volume old-home")
        cloud.put("instance", id="0b000000-0000-4000-8000-000000000000", vm_state="error")
        await stage.settle(pilot)
        assert rows.current.text.startswith("db-old")

    stage.play(cloud, scene)


def test_a_new_user_runs_an_instance_and_is_at_its_console_in_three_keys(cloud: FakeCloud) -> None:
    """The goal is twelve at most, and no manual: each key is named on the screen it is for."""
    cloud.answers["POST /compute/v2.1/servers"] = (202, {"server": {"id": "i-new"}})

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        assert "n run an instance" in stage.text(app)
        await press(pilot, "n")
        assert "^s run now" in stage.text(app)
        await press(pilot, "ctrl+s")
        cloud.put("instance", id="i-new", name="web-2", vm_state="active", host="box1",
                  created_at=NOW_S + 1)  # fmt: skip
        await stage.settle(pilot)
        assert "c console" in stage.text(app)
        assert isinstance(app.screen, Instances)
        assert app.screen.table.current.key == "i-new", "the cursor is on what was just made"
        await press(pilot, "c")
        assert isinstance(app.screen, Console)

    stage.play(cloud, scene)
