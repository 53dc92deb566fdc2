"""The first run: a red line mended and taken back, a cloud set up, and all of it undone."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.fake_cloud import NOW_S, FakeCloud
from tests.tui.setup import stub
from tests.tui.test_golden import GOLDEN, compare
from tui import glyphs
from tui.app import Tui
from tui.client.session import Session
from tui.screens.home import Home
from tui.screens.output import Output
from tui.screens.welcome import Welcome
from tui.setup.program import Program

Scene = Callable[[Tui, Pilot[Any]], Awaitable[None]]


def play(
    cloud: FakeCloud,
    folder: Path,
    scene: Scene,
    *,
    signs: glyphs.Glyphs = glyphs.UNICODE,
    size: tuple[int, int] = stage.SMALL,
    **machine: Any,
) -> Tui:
    """Start the first run on a machine of the stand-in."""
    (folder / "machine.json").write_text(json.dumps(stub.MACHINE | machine))
    program = Program([sys.executable, stub.__file__, str(folder)])
    app = Tui(
        signs=signs,
        now_s=lambda: NOW_S,
        open_session=lambda who: Session(who, transport=cloud),
        first=lambda: Welcome(program=program, user="demo"),
    )

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await quiet(app, pilot)
            await scene(app, pilot)

    asyncio.run(run())
    return app


async def quiet(app: Tui, pilot: Pilot[Any]) -> None:
    """Wait until no command runs."""
    await pilot.pause(0.02)
    await stage.until(
        pilot, lambda: not any(w.group == "setup" and not w.is_finished for w in app.workers)
    )
    await pilot.pause(0.02)


async def press(app: Tui, pilot: Pilot[Any], *keys: str) -> None:
    for key in keys:
        app.simulate_key(key)
        await quiet(app, pilot)


def called(folder: Path) -> list[str]:
    return (folder / "called").read_text().splitlines()


def machine(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "machine.json").read_text())
    return document


@pytest.mark.parametrize(
    ("name", "size"), [("welcome", stage.SMALL), ("welcome-wide", (120, 38))]
)  # fmt: skip
def test_it_looks_as_it_did(
    cloud: FakeCloud, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        compare(GOLDEN / f"{name}.txt", stage.text(app) + "\n")

    play(cloud, tmp_path, scene, size=size, hopeless=["ports"])


def test_a_red_line_is_mended_and_taken_back(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        assert "▶   ✗ br_netfilter      not loaded" in stage.text(app)
        assert "f runs: modprobe br_netfilter" in stage.text(app)
        assert "✗ no cloud" in stage.text(app).splitlines()[0]
        await press(app, pilot, "enter")
        assert called(tmp_path) == ["doctor --json"], "nothing is set up on such a machine"
        await press(app, pilot, "f")
        assert "● br_netfilter      bridged packets reach the rules" in stage.text(app)
        await press(app, pilot, "end", "u")
        assert "✗ br_netfilter      not loaded" in stage.text(app)
        assert called(tmp_path)[1:] == [
            "doctor --fix br_netfilter --json", "doctor --undo br_netfilter", "doctor --json",
        ]  # fmt: skip

    play(cloud, tmp_path, scene)


def test_what_only_a_person_mends_is_said_and_not_tried(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        assert "do: run it with sudo" in stage.text(app)
        await press(app, pilot, "f", "u", "g")
        assert called(tmp_path) == ["doctor --json"]

    play(cloud, tmp_path, scene, broken=[], hopeless=["privilege"])


def test_a_cloud_is_set_up_and_gone_into(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        await press(app, pilot, "enter")
        shown = stage.text(app)
        assert "● services                ██████████" in shown
        assert "7 of 7" in shown
        assert "root@10.78.0.3" in shown
        assert "The cloud is up. Enter goes to it." in shown
        assert called(tmp_path)[1:] == ["up --detach", "demo"]
        await press(app, pilot, "l")
        assert isinstance(app.screen, Output)
        assert "boot to ssh login" in stage.text(app)
        await press(app, pilot, "escape", "enter")
        assert called(tmp_path)[-1] == "env --user demo --json"
        await stage.until(pilot, lambda: app.store.rev == cloud.rev)
        await stage.settle(pilot)
        assert isinstance(app.screen, Home)
        assert "box1 ▸ demo ▸ Home" in stage.text(app)
        await stage.press(pilot, "2")
        assert app.current_mode == "instances"

    play(cloud, tmp_path, scene, broken=[])


def test_a_cloud_that_was_there_is_only_started(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        await press(app, pilot, "enter")
        assert "first image" not in stage.text(app)
        assert called(tmp_path)[1:] == ["up --detach"]
        assert "The cloud is up." in stage.text(app)
        await press(app, pilot, "ctrl+q", "ctrl+q")

    play(cloud, tmp_path, scene, broken=[], has_state=True)
    assert called(tmp_path)[-1] == "down", "what was there before stays"
    assert machine(tmp_path)["has_state"]


def test_a_cloud_may_be_started_with_nothing_in_it(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        await press(app, pilot, "s")
        assert "first image" not in stage.text(app)
        assert called(tmp_path)[1:] == ["up --detach"]

    play(cloud, tmp_path, scene, broken=[])


def test_where_no_instance_comes_of_it_the_cloud_is_there_still(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        await press(app, pilot, "enter")
        assert "novabox: demo failed: no such luck" in stage.text(app)
        assert "The cloud is up. Enter goes to it." in stage.text(app)

    play(cloud, tmp_path, scene, broken=[], fails=["demo"])


def test_leaving_undoes_all_that_was_done_here(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        await press(app, pilot, "f", "enter", "ctrl+q")
        assert "^q again stops, and undoes all that was done here; Esc stays" in stage.text(app)
        await press(app, pilot, "escape")
        assert "The cloud is up." in stage.text(app)
        await press(app, pilot, "ctrl+q", "ctrl+q")

    play(cloud, tmp_path, scene, mended=["earlier"])
    assert called(tmp_path)[-3:] == ["down", "doctor --undo br_netfilter", "reset --yes"]
    now = machine(tmp_path)
    assert (now["broken"], now["mended"]) == (["br_netfilter"], ["earlier"])
    assert (now["is_up"], now["has_state"]) == (False, False)


def test_leaving_in_the_middle_stops_the_command_and_undoes(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        app.simulate_key("enter")
        await stage.until(pilot, lambda: "1 of 7" in stage.text(app))
        app.simulate_key("ctrl+q")
        await pilot.pause(0.05)
        app.simulate_key("ctrl+q")
        await stage.until(pilot, lambda: not app.is_running)

    play(cloud, tmp_path, scene, broken=[], slow_s=0.5)
    assert called(tmp_path)[1:] == ["up --detach", "down", "reset --yes"]


def test_leaving_where_nothing_was_done_asks_nothing(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        await press(app, pilot, "ctrl+q")
        assert not app.is_running

    play(cloud, tmp_path, scene)
    assert called(tmp_path) == ["doctor --json"]


def test_what_cannot_be_undone_is_said_and_the_rest_is_left(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        await press(app, pilot, "enter", "ctrl+q", "ctrl+q")

    app = play(cloud, tmp_path, scene, broken=[], fails=["down"])
    assert app.return_code == 1
    assert called(tmp_path)[-1] == "down"


def test_a_start_that_fails_says_why_where_and_may_be_tried_again(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        await press(app, pilot, "enter")
        assert "✗ state and database" in stage.text(app)
        assert "novabox: up failed: no such luck" in stage.text(app)
        (tmp_path / "machine.json").write_text(json.dumps(stub.MACHINE | {"broken": []}))
        await press(app, pilot, "enter")
        assert "The cloud is up." in stage.text(app)

    play(cloud, tmp_path, scene, broken=[], fails=["up"])


def test_there_is_no_other_screen_to_go_to_yet(cloud: FakeCloud, tmp_path: Path) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        for key in ("2", "7", "colon", "ctrl+p", "ctrl+r", "escape"):
            await press(app, pilot, key)
            assert isinstance(app.screen, Welcome)
        await press(app, pilot, "question_mark")
        assert "Run the line that mends the chosen finding" in stage.text(app)

    play(cloud, tmp_path, scene)


@pytest.mark.parametrize("signs", [glyphs.ASCII, glyphs.TTY], ids=lambda signs: signs.name)
def test_it_is_complete_with_few_signs(
    cloud: FakeCloud, tmp_path: Path, signs: glyphs.Glyphs
) -> None:
    async def scene(app: Tui, pilot: Pilot[Any]) -> None:
        await press(app, pilot, "enter")
        assert f"{signs.good} memory" in stage.text(app)
        assert "root@10.78.0.3" in stage.text(app)

    play(cloud, tmp_path, scene, signs=signs, broken=[])
