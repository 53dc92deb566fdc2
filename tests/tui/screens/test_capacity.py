"""Capacity and quotas: what is drawn, what is imagined, what an administrator sets."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.tui import box1, stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.stage import press, write
from tui.app import Tui
from tui.screens.capacity import Capacity


def test_the_screen_says_who_has_the_room_what_fits_and_what_comes(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "8")
        shown = stage.text(app)
        for text in (
            "[ci-07", "9.0G/15.6G", "m1.tiny ×13",
            "m1.large: needs 8 GiB of memory, 6.6 GiB free. Delete win-lab and it fits.",
            "class-a", "8/8 ✗", "full in 22h by a straight line, fit 0.99",
        ):  # fmt: skip
            assert text in shown

    stage.play(cloud, scene)


def test_without_a_forecast_no_line_is_drawn(cloud: FakeCloud) -> None:
    cloud.answers[r"GET /novabox/v1/capacity.*"] = (200, {**box1.capacity(), "forecasts": []})

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "8")
        assert "straight line" not in stage.text(app)
        assert "╌" not in stage.text(app)

    stage.play(cloud, scene)


def test_without_hosts_and_history_it_says_so(cloud: FakeCloud) -> None:
    cloud.answers[r"GET /novabox/v1/capacity.*"] = (200, {})

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "8")
        assert "No compute host has reported in." in stage.text(app)
        assert "a sample is taken every ten minutes" in stage.text(app)

    stage.play(cloud, scene)


def test_one_more_is_imagined_by_a_part_of_its_name_and_forgotten(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "8", "w")
        await write(pilot, "small", "enter")
        await stage.until(pilot, lambda: isinstance(app.screen, Capacity))
        await stage.settle(pilot)
        asked = [path for method, path, _ in cloud.calls if "/capacity" in path]
        assert asked[-1] == "/novabox/v1/capacity?imagine=m1.small"
        assert "Room, if m1.small ran too" in stage.text(app)
        await press(pilot, "escape")
        asked = [path for method, path, _ in cloud.calls if "/capacity" in path]
        assert asked[-1] == "/novabox/v1/capacity"

    stage.play(cloud, scene)


def test_nothing_is_imagined_when_the_choice_is_left(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "8", "w", "escape")
        await stage.until(pilot, lambda: isinstance(app.screen, Capacity))
        assert isinstance(app.screen, Capacity)
        assert app.screen.imagined == []

    stage.play(cloud, scene)


def test_a_limit_is_set_and_shown_beside_what_is_used(cloud: FakeCloud) -> None:
    cloud.answers[r"PUT /compute/v2.1/os-quota-sets/.*"] = (200, {"quota_set": {}})

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "8")  # limits come with no event: they are asked for
        await press(pilot, "down", "enter")
        assert "uses 7 of 10" in stage.text(app)
        await press(pilot, "end")
        await write(pilot, "0")
        assert "openstack quota set --instances 100 p1" in stage.text(app)
        await press(pilot, "ctrl+s")
        await stage.until(pilot, lambda: isinstance(app.screen, Capacity))
        await stage.settle(pilot)
        sent = [(path, body) for method, path, body in cloud.calls if method == "PUT"]
        assert sent == [
            ("/compute/v2.1/os-quota-sets/p1", {"quota_set": {"instances": 100}}),
        ]  # fmt: skip
        assert "/capacity" in cloud.calls[-1][1], "what is shown was asked for after it was set"

    stage.play(cloud, scene)


def test_limits_that_were_only_looked_at_are_not_sent(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "8")  # limits come with no event: they are asked for
        await press(pilot, "down", "enter", "ctrl+s")
        await stage.until(pilot, lambda: isinstance(app.screen, Capacity))
        await stage.settle(pilot)
        assert [notice.message for notice in app._notifications] == ["● nothing changed"]
        assert "PUT" not in [method for method, *_ in cloud.calls]

    stage.play(cloud, scene)


def test_the_history_goes_round_its_resources(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "8")
        titles = []
        for _ in range(6):
            await press(pilot, "h")
            titles.append(str(app.screen.query_one("#history").border_title))
        assert titles == [
            "vCPU given away, last 24 h", "Disk given away, last 24 h",
            "RAM given away, last 7 days", "vCPU given away, last 7 days",
            "Disk given away, last 7 days", "RAM given away, last 24 h",
        ]  # fmt: skip

    stage.play(cloud, scene)
