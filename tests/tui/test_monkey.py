"""Random keys, the same each time: nothing a hand can do ends the interface."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui import stage
from tests.tui.console.fake_line import FakeLine
from tests.tui.fake_cloud import FakeCloud
from tui.app import Tui
from tui.console import keys
from tui.registry import REGISTRY

KEYS = [
    *sorted({action.keys for action in REGISTRY if action.id != "app.quit"}),
    "up", "down", "left", "right", "pageup", "pagedown", "home", "end", "enter", "tab", "shift+tab",
    "y", "ctrl+s", "ctrl+t", *[keys.TAKEN] * 8, "escape", "escape", "escape",
]  # fmt: skip
WORDS = ("web-3", "2", "state:error", "!run", "instances", "trace req-x", "\u65e5\u672c", "[x]", "")


def test_random_keys_end_nothing(
    cloud: FakeCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a console may be recorded
    chance = random.Random(int(os.environ.get("SEED", "7")))
    presses = int(os.environ.get("PRESSES", "120"))

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for number in range(presses):
            if isinstance(app.focused, Input) and chance.random() < 0.5:
                app.focused.insert_text_at_cursor(chance.choice(WORDS))
            pilot.app.simulate_key(chance.choice(KEYS))
            await pilot.pause(0)
            if number % 10 == 0:
                cloud.put("instance", id=f"m{number % 30}", name=chance.choice(WORDS))
                cloud.remove("instance", f"m{chance.randrange(3) * 10}")
            assert app.is_running
        await stage.settle(pilot)

    stage.play(cloud, scene, open_line=lambda _: FakeLine(b"login: "))
