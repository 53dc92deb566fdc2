"""Any size, any name, any terminal: nothing breaks, nothing drifts, nothing is out of reach."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.pilot import Pilot

from tests.tui import box1, stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.test_golden import CONSOLE_FONT
from tui import glyphs, places
from tui.app import Tui
from tui.glyphs import Glyphs
from tui.screens.view import View

WITH_KEYS = [place for place in places.PLACES if place.key]
OVER = {
    "palette": "ctrl+p", "command": "colon", "help": "question_mark", "menu": "a", "jump": "f2",
    "copying": "Y", "terminate": "ctrl+d",
}  # fmt: skip
NAMES = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="שלוםمرحبا", min_size=1, max_size=40),
    st.text(alphabet="👩‍💻🇫🇷é한글漢字🏳️‍🌈", min_size=1, max_size=60),
    st.sampled_from(["x" * 200, "\x1b[31mred\x1b[0m", "a\tb\nc", "[bold]markup[/]"]),
)  # fmt: skip


def rows(app: Tui) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips(app.size)]


def assert_nothing_drifts(app: Tui, *, context: Any = None) -> None:
    width, height = app.size
    drawn = rows(app)
    assert len(drawn) == height
    for row in drawn:
        assert cell_len(row) == width, (context, row)
        if row.startswith("│"):
            assert row.rstrip().endswith(("│", "╯", "╮")), (context, row)
            assert cell_len(row.rstrip()) == width, (context, row)


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(names=st.lists(NAMES, min_size=6, max_size=6))
def test_no_name_breaks_a_screen(names: list[str]) -> None:
    cloud = box1.build()
    objects = [
        (kind, key)
        for kind in ("instance", "image", "volume")
        for key in list(cloud.objects[kind])[:2]
    ]
    for (kind, key), name in zip(objects, names, strict=True):  # a start costs more than a name
        cloud.put(kind, id=key, name=name)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for place in ("1", "2", "3", "5"):
            await stage.press(pilot, place)
            assert_nothing_drifts(app, context=(place, names))
        await stage.press(pilot, "2", "ctrl+d")
        assert_nothing_drifts(app, context=("dialog", names))
        await stage.press(pilot, "escape", "ctrl+p")
        await stage.write(pilot, "a")
        assert_nothing_drifts(app, context=("palette", names))

    stage.play(cloud, scene)


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 38), (220, 60), (60, 20), (40, 12)])
def test_every_screen_fits_every_size(cloud: FakeCloud, size: tuple[int, int]) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for place in WITH_KEYS:
            await stage.press(pilot, place.key)
            assert app.current_mode == place.name
            assert_nothing_drifts(app, context=(place.name, size))
            shown = stage.text(app)
            assert "? keys" in shown, place.name
            if size[0] >= 60 and place.name in ("instances", "images"):
                assert "ami-tiny" in shown or "web-1" in shown
            for widget in app.screen.focus_chain:
                assert widget.region.area, (place.name, widget)

    stage.play(cloud, scene, size=size)


@pytest.mark.parametrize("size", [(39, 24), (80, 11), (12, 3)])
def test_where_there_is_no_room_that_is_said(cloud: FakeCloud, size: tuple[int, int]) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for place in WITH_KEYS:
            await stage.press(pilot, place.key)
            assert isinstance(app.screen, View)
            shown = " ".join(stage.text(app).split())
            assert shown.startswith("40"), shown
            assert "box1" not in shown

    stage.play(cloud, scene, size=size)


@pytest.mark.parametrize("signs", [glyphs.TTY, glyphs.ASCII], ids=["tty", "ascii"])
@pytest.mark.parametrize("name", OVER)
def test_what_lies_over_the_screens_can_be_drawn_everywhere(
    cloud: FakeCloud, signs: Glyphs, name: str
) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2", OVER[name])
        assert_nothing_drifts(app)
        used = set("".join(rows(app)))
        allowed = {chr(code) for code in range(32, 127)}
        allowed |= CONSOLE_FONT if signs is glyphs.TTY else set()
        assert used <= allowed, used - allowed
        assert app.screen is not app.screen_stack[0]

    stage.play(cloud, scene, signs=signs)
