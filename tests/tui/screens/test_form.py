"""An action that must know more asks for it, shows what it comes to, and keeps a draft."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.stage import press, write
from tui.app import Tui
from tui.screens.form import Form

WEB_3 = "1f000000-0000-4000-8000-000000000000"


@pytest.fixture
def cloud(cloud: FakeCloud) -> FakeCloud:
    cloud.answers |= {
        rf"PUT /compute/v2.1/servers/{WEB_3}": (200, {}),
        rf"POST /compute/v2.1/servers/{WEB_3}/os-volume_attachments": (200, {}),
        rf"GET /compute/v2.1/servers/{WEB_3}/metadata": (200, {"metadata": {"role": "db"}}),
        rf"DELETE /compute/v2.1/servers/{WEB_3}/metadata/role": (204, None),
    }
    return cloud


def sent(cloud: FakeCloud, method: str) -> list[tuple[str, Any]]:
    return [(path, body) for verb, path, body in cloud.calls if verb == method]


def test_a_text_is_asked_for_and_sent(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "e")
        app.screen.query_one("#name", Input).value = ""
        await write(pilot, "front")
        assert f"openstack server set --name front {WEB_3}" in stage.text(app).replace("\n", "")
        await press(pilot, "enter")
        assert sent(cloud, "PUT") == [
            (f"/compute/v2.1/servers/{WEB_3}", {"server": {"name": "front"}})
        ]

    stage.play(cloud, scene, size=(120, 38))


def test_what_is_missing_is_said_and_nothing_is_sent(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "e")
        app.screen.query_one("#name", Input).value = " "
        await press(pilot, "enter")
        assert isinstance(app.screen, Form)
        assert "missing: Name" in stage.text(app)
        assert sent(cloud, "PUT") == []

    stage.play(cloud, scene)


def test_a_choice_comes_from_the_store(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "V")
        assert "backup" in stage.text(app)
        await press(pilot, "ctrl+s")
        ((path, body),) = sent(cloud, "POST")[-1:]
        assert path.endswith("/os-volume_attachments")
        assert body["volumeAttachment"]["volumeId"].startswith("06")

    stage.play(cloud, scene)


def test_a_choice_comes_from_the_cloud_and_danger_is_confirmed_after_it(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "ctrl+g")
        assert "role" in stage.text(app)
        await press(pilot, "ctrl+s")
        assert sent(cloud, "DELETE") == []
        await press(pilot, "y")
        assert sent(cloud, "DELETE") == [(f"/compute/v2.1/servers/{WEB_3}/metadata/role", None)]

    stage.play(cloud, scene)


def test_a_form_that_was_left_keeps_what_was_typed(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "m")
        await write(pilot, "colour", "escape", "m")
        assert app.screen.query_one("#key", Input).value == "colour"

    stage.play(cloud, scene)


def test_what_would_happen_is_said_when_nothing_more_is_typed(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "V")
        await stage.until(pilot, lambda: "given to web-3 as /dev/vdb" in stage.text(app))
        assert "Undone by z for 10m" in stage.text(app)
        (asked,) = [body for _, path, body in cloud.calls if path.endswith("/dry-runs/attach")]
        assert asked["server_id"] == WEB_3
        assert asked["volume_id"].startswith("06")
        assert isinstance(app.screen, Form)

    stage.play(cloud, scene)


def test_what_was_typed_for_one_is_no_others(cloud: FakeCloud) -> None:
    """A limit that was typed for a project and left must not be offered for the next one."""

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "2", "e")
        await write(pilot, "-x", "escape")
        await press(pilot, "down", "e")
        assert app.screen.query_one("#name", Input).value == "web-1"
        await press(pilot, "escape", "up", "e")
        assert app.screen.query_one("#name", Input).value == "web-3-x"

    stage.play(cloud, scene)
