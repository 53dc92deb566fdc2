"""Services and queues: each key on each list, what it sends, and what it must not."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.box1 import LAUNCH
from tests.tui.fake_cloud import FakeCloud
from tui import glyphs, quantities
from tui.app import Tui
from tui.client.nouns import History
from tui.kinds import queues
from tui.screens.confirm import Confirm
from tui.screens.inside import Inside
from tui.screens.service_log import ServiceLog
from tui.screens.services import Services
from tui.screens.theatre import Theatre
from tui.widgets.table import Table

FIRST = "a1b2c3d4-0000-4000-8000-000000000001"
SECOND = "a2b2c3d4-0000-4000-8000-000000000002"
DEAD = "a9b2c3d4-0000-4000-8000-000000000009"


def sent(cloud: FakeCloud) -> list[str]:
    """What was asked of the cloud besides logging in and looking."""
    return [
        path.removeprefix("/novabox/v1/")
        for method, path, _ in cloud.calls
        if method == "POST" and not path.endswith("/tokens")
    ]


@pytest.mark.parametrize(
    ("keys", "calls"),
    [
        (["p"], ["topics/compute.box1/resume"]),
        (["down", "p"], ["topics/image/pause"]),
        (["o"], ["topics/compute.box1/step"]),
        (["tab", "p"], ["topics/compute.box1/resume"]),
        (["tab", "o"], [f"topics/compute.box1/messages/{FIRST}/release"]),
        (["tab", "down", "m"], [f"topics/compute.box1/messages/{SECOND}/raise"]),
        (["tab", "D"], [f"topics/compute.box1/messages/{FIRST}/dead"]),
        (["tab", "ctrl+d", "y"], [f"topics/compute.box1/messages/{FIRST}/drop"]),
        (["tab", "ctrl+d", "enter"], []),
        (["tab", "space", "space", "o"], [
            f"topics/compute.box1/messages/{FIRST}/release",
            f"topics/compute.box1/messages/{SECOND}/release"]),
        (["end", "tab", "R"], [f"topics/dead/messages/{DEAD}/retry"]),
        (["tab", "tab", "down", "r"], ["services/compute.box1/restart"]),
        (["tab", "tab", "down", "K"], ["services/compute.box1/stop"]),
        (["tab", "tab", "ctrl+k", "y"], ["services/api/kill"]),
        (["tab", "tab", "ctrl+k", "escape"], []),
    ],
)  # fmt: skip
def test_a_key_asks_for_what_is_under_the_cursor(
    cloud: FakeCloud, keys: list[str], calls: list[str]
) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7", *keys)
        assert sent(cloud) == calls

    stage.play(cloud, scene)


@pytest.mark.parametrize(
    "keys",
    [
        ["m"], ["D"], ["R"], ["ctrl+d"], ["r"], ["K"], ["S"], ["ctrl+k"], ["d"],
        ["down", "o"], ["end", "p"], ["tab", "R"], ["tab", "r"], ["tab", "ctrl+k"],
        ["end", "tab", "m"], ["end", "tab", "D"], ["end", "tab", "p"],
        ["tab", "tab", "p"], ["tab", "tab", "o"], ["tab", "tab", "S"], ["tab", "tab", "ctrl+d"],
    ],
)  # fmt: skip
def test_a_key_that_makes_no_sense_here_does_nothing(cloud: FakeCloud, keys: list[str]) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7", *keys)
        assert sent(cloud) == []
        assert isinstance(app.screen, Services)

    stage.play(cloud, scene)


def test_what_the_cloud_says_to_a_drop_is_told(cloud: FakeCloud) -> None:
    cloud.answers = {
        r"POST /novabox/v1/topics/.*/drop": (200, {"note": "rung again within 10 s"}),
    } | cloud.answers

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7", "tab", "ctrl+d")
        assert isinstance(app.screen, Confirm)
        assert "Nothing is known only to the queue" in stage.text(app)
        assert f"$ novabox queue drop compute.box1 {FIRST}" in stage.text(app)
        await stage.press(pilot, "y")
        assert any("rung again within 10 s" in str(n.message) for n in app._notifications)

    stage.play(cloud, scene)


def test_a_stopped_service_is_started(cloud: FakeCloud) -> None:
    cloud.put("service", name="image", topic="image", state="stopped", pss_kib=None)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7", "tab", "tab", "down", "down", "K", "S")
        assert "■ stopped" in stage.text(app)
        assert "Services 5 of 6 up" in stage.text(app)
        assert sent(cloud) == ["services/image/start"]

    stage.play(cloud, scene)


def test_a_service_that_is_up_and_in_trouble_says_so(cloud: FakeCloud) -> None:
    cloud.put("topic", name="compute.box1", is_paused=False, paused_by=None, paused_until=None)
    cloud.put("service", name="object", topic="object", trouble="device /mnt/[b] is lost")

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7")
        shown = stage.text(app)
        assert "▲ 6/6 up" in shown.splitlines()[0]
        assert "object: device /mnt/[b] is lost" in shown
        await stage.press(pilot, "1")
        assert "▲ service object: device /mnt/[b] is lost" in stage.text(app)

    stage.play(cloud, scene)


def test_a_queue_whose_process_is_stopped_is_as_loud_as_a_paused_one(cloud: FakeCloud) -> None:
    cloud.put("topic", name="compute.box1", is_paused=False, paused_by=None, paused_until=None)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7", "down")
        cloud.put("service", name="image", topic="image", state="stopped", pss_kib=None)
        await stage.until(pilot, lambda: "■ STOPPED" in stage.text(app))
        shown = stage.text(app)
        assert "▲ image STOPPED" in shown.splitlines()[0]
        assert "0 waiting · its process is stopped" in shown
        assert "Stopped: what comes waits here until the process is started" in shown
        await stage.press(pilot, "1")
        assert "▲ service image is stopped" in stage.text(app)
        cloud.put("topic", name="scheduler", is_paused=True)
        await stage.until(pilot, lambda: "1 PAUSED, 1 STOPPED" in stage.text(app))

    stage.play(cloud, scene)


def test_enter_goes_down_from_queue_to_message_to_its_inside_and_t_to_its_trace(
    cloud: FakeCloud,
) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7", "enter")
        assert isinstance(app.focused, Table)
        assert app.focused.current.id == FIRST
        await stage.press(pilot, "enter")
        assert isinstance(app.screen, Inside)
        assert f"request_id   {LAUNCH}" in stage.text(app)
        await stage.press(pilot, "t")
        assert isinstance(app.screen, Theatre)
        await stage.press(pilot, "escape")
        assert isinstance(app.screen, Services)

    stage.play(cloud, scene)


def test_a_pause_is_loud_on_every_screen(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for key in ("1", "2", "3", "5", "9"):
            await stage.press(pilot, key)
            assert "▲ compute.box1 PAUSED 4:48" in stage.text(app).splitlines()[0]
        cloud.put("topic", name="image", is_paused=True)
        await stage.settle(pilot)
        await stage.until(pilot, lambda: "▲ 2 PAUSED" in stage.text(app).splitlines()[0])

    stage.play(cloud, scene)


def test_who_paused_is_named_unless_it_was_oneself(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7")
        assert "you paused it 0:12 ago · goes on in 4:48" in stage.text(app)
        cloud.put("topic", name="compute.box1", paused_by="admin")
        await stage.settle(pilot)
        await stage.until(pilot, lambda: "admin paused it 0:12 ago" in stage.text(app))

    stage.play(cloud, scene)


def test_who_may_not_look_inside_is_told_so(cloud: FakeCloud) -> None:
    refusal = {"error": {"code": 403, "message": "Policy doesn't allow novabox:get_messages"}}
    cloud.answers |= {r"GET /novabox/v1/topics/.*": (403, refusal)}

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7")
        assert "Only an administrator looks inside" in stage.text(app)

    stage.play(cloud, scene)


def test_how_busy_queues_are_is_asked_for_while_they_are_and_on_show(cloud: FakeCloud) -> None:
    def asked() -> int:
        return sum(path == "/novabox/v1/topics" for _, path, _ in cloud.calls)

    moved = dict(cloud.objects["topic"]["image"], history={
        "sent": [0] * 29 + [4], "taken": [0] * 29 + [4], "depth": [0] * 30})  # fmt: skip
    topics = [*cloud.objects["topic"].values()]
    topics[topics.index(cloud.objects["topic"]["image"])] = moved
    cloud.answers = {r"GET /novabox/v1/topics": (200, {"topics": topics})} | cloud.answers

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2")
        app.screen.tick()
        assert asked() == 0
        await stage.press(pilot, "7")
        app.screen.tick()
        await stage.settle(pilot)
        assert asked() > 0
        (line,) = [line for line in stage.text(app).splitlines() if "image         " in line][:1]
        assert line.endswith("░░░░░░░░░░▒  │")
        quiet = {"depth": 0, "is_paused": False, "history": {}}
        for topic in topics:
            cloud.put("topic", **dict(topic, **quiet))
        await stage.settle(pilot)
        await stage.until(pilot, lambda: "PAUSED" not in stage.text(app))
        before = asked()
        app.screen.tick()
        await stage.settle(pilot)
        assert asked() == before, "nobody asks about a cloud in which nothing happens"

    stage.play(cloud, scene)


def test_a_graph_tells_quiet_passing_and_waiting_apart() -> None:
    history = History(
        sent=(0, 0, 1, 0, 0, 1), taken=(0, 0, 0, 1, 0, 0), depth=(0, 0, 0, 0, 0, 1)
    )  # fmt: skip

    assert queues.graph(history, glyphs.UNICODE, cells=6) == "░░▒▒░█"
    assert queues.graph(history, glyphs.ASCII, cells=3) == ".+#"
    assert queues.graph(History(), glyphs.UNICODE, cells=4) == "░░░░"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0:00"), (59.4, "0:59"), (288, "4:48"), (-3, "0:00"), (3600, "60:00")],
)
def test_a_countdown_has_minutes_and_seconds(seconds: float, shown: str) -> None:
    assert quantities.countdown(seconds) == shown


def test_a_log_is_read_followed_and_searched(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7", "l")
        log = app.screen
        assert isinstance(log, ServiceLog)
        assert "compute.box1 log · 6 lines" in stage.text(app)
        assert "✗ compute.manager    instance 0b000000: no such machine type" in stage.text(app)
        assert "following" in stage.text(app)
        await stage.press(pilot, "slash")
        await stage.write(pilot, "INSTANCE", "enter")
        assert "3 lines have it" in stage.text(app)
        assert log._lines.cursor == 3
        await stage.press(pilot, "N")
        assert log._lines.cursor == 2
        await stage.press(pilot, "n", "n")
        assert log._lines.cursor == 1, "round the end"
        assert "f follows" in stage.text(app)
        await stage.press(pilot, "f")
        assert log._lines.is_at_end
        await stage.press(pilot, "escape")
        assert app.screen is log
        await stage.press(pilot, "escape")
        assert isinstance(app.screen, Services)

    stage.play(cloud, scene)


def test_lines_that_come_are_shown_and_do_not_move_who_reads_above(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7", "l", "up", "up")
        log = app.screen
        assert isinstance(log, ServiceLog)
        log._lines.add(["2026-09-21T14:13:09.100 INFO    services.x [-] and one more"])
        await stage.settle(pilot)
        assert (log._lines.cursor, log._lines.count()) == (3, 7)
        await stage.press(pilot, "f")
        log._lines.add(["a last one"])
        assert log._lines.cursor == 7

    stage.play(cloud, scene)


def test_a_line_of_a_log_leads_to_its_request(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7", "l", "home", "t")
        assert isinstance(app.screen, ServiceLog), "this line is of no request"
        await stage.press(pilot, "down", "t")
        assert isinstance(app.screen, Theatre)
        assert app.screen.request_id == LAUNCH

    stage.play(cloud, scene)


def test_a_log_that_was_closed_ends_nothing(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for _ in range(5):
            await stage.press(pilot, "7", "l")
            log = app.screen
            assert isinstance(log, ServiceLog)
            app.simulate_key("escape")
            await stage.until(pilot, lambda: isinstance(app.screen, Services))
            await log.remove()
            log._show()
            log._moved()
        assert app.is_running

    stage.play(cloud, scene)


def test_a_log_that_cannot_be_had_says_why(cloud: FakeCloud) -> None:
    refusal = {"error": {"code": 409, "message": "with systemd: journalctl -u novabox-compute"}}
    cloud.answers = {r"GET /novabox/v1/services/.*": (409, refusal)} | cloud.answers

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7", "l")
        assert "journalctl -u novabox-compute" in stage.text(app)
        assert "not followed any more" in stage.text(app)
        await stage.press(pilot, "escape", "end", "l")
        assert isinstance(app.screen, Services), "nobody serves the dead ones"

    stage.play(cloud, scene)


def test_the_log_of_a_dead_message_is_that_of_where_it_was(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "7", "end", "tab", "l")
        assert isinstance(app.screen, ServiceLog)
        assert app.screen._service == "compute.box1"

    stage.play(cloud, scene)
