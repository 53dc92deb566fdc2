"""Every screen in every look: nothing too wide, no sign that the terminal lacks, no bare colour.

Text is the snapshot: what `golden/` holds of some looks is asserted of all. What is drawn for
one test serves all.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile

import pytest
from textual.pilot import Pilot

from tests.tui import box1, matrix, stage
from tests.tui.matrix import Drawn, Look
from tests.tui.test_golden import CONSOLE_FONT
from tui import glyphs, places
from tui.app import Tui

UNICODE, TTY, ASCII = glyphs.UNICODE, glyphs.TTY, glyphs.ASCII
LOOKS = [
    Look(size=(80, 24), signs=UNICODE),
    Look(size=(80, 24), signs=UNICODE, is_light=True),
    Look(size=(80, 24), signs=TTY, has_keys=True),
    Look(size=(80, 24), signs=TTY, is_light=True),
    Look(size=(120, 38), signs=UNICODE, has_keys=True),
    Look(size=(120, 38), signs=UNICODE, is_light=True),
    Look(size=(120, 38), signs=TTY),
    Look(size=(120, 38), signs=TTY, is_light=True),
    Look(size=(80, 24), signs=ASCII, has_keys=True),
    Look(size=(100, 30), signs=ASCII, is_light=True),
    Look(size=(220, 60), signs=UNICODE),
    Look(size=(60, 20), signs=UNICODE),
]
DARK = {(look.size, look.signs.name): look for look in LOOKS if not look.is_light}
SNAPSHOTS_MIN = 400


@functools.cache
def drawn(look: Look) -> dict[str, Drawn]:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # some keys write files
        return matrix.draw(box1.build(), look)


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_screen_is_drawn_and_none_is_too_wide(look: Look) -> None:
    scenes = drawn(look)
    assert {place.name for place in places.PLACES} <= set(scenes)
    assert {name: [] for name in scenes} == {
        name: matrix.too_wide(scene, look) for name, scene in scenes.items()
    }


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_every_sign_is_one_that_the_terminal_has(look: Look) -> None:
    allowed = {"ascii": set(), "tty": CONSOLE_FONT, "unicode": None}[look.signs.name]
    if allowed is None:
        return
    strange = {
        name: signs
        for name, scene in drawn(look).items()
        if (signs := {sign for sign in scene.text if not " " <= sign <= "~"} - allowed - {"\n"})
    }
    assert strange == {}


@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_no_state_is_told_by_colour_alone(look: Look) -> None:
    assert {name: cells for name, scene in drawn(look).items() if (cells := scene.wordless)} == {}


@pytest.mark.parametrize("look", [look for look in LOOKS if look.is_light], ids=str)
def test_a_light_screen_says_what_a_dark_one_says(look: Look) -> None:
    dark = DARK.get((look.size, look.signs.name), look)
    for place in places.PLACES:
        assert drawn(dark)[place.name].text == drawn(look)[place.name].text


@pytest.mark.parametrize("look", [look for look in LOOKS if look.size >= (80, 24)], ids=str)
def test_from_80_by_24_on_nothing_is_out_of_sight_that_no_key_reaches(look: Look) -> None:
    assert {name: texts for name, scene in drawn(look).items() if (texts := scene.cut)} == {}


def test_a_small_terminal_still_shows_the_list_and_its_keys() -> None:
    for place in places.PLACES:
        if place.kind:
            lines = drawn(LOOKS[-1])[place.name].text.splitlines()
            assert len(lines) == 20
            assert any("▶" in line for line in lines[:17]), place.name
            assert "quit" in lines[-1] + lines[-2] or "keys" in lines[-1] + lines[-2], place.name


@pytest.mark.parametrize("size", [(39, 24), (80, 11), (20, 5), (1, 1)], ids=str)
def test_a_terminal_without_room_for_a_list_says_so_until_it_has(size: tuple[int, int]) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2")
        await pilot.resize_terminal(*size)
        await stage.settle(pilot)
        assert "40 by 12 at least"[: size[0]] in stage.text(app)
        await pilot.resize_terminal(80, 24)
        await stage.settle(pilot)
        assert "web-3" in stage.text(app)

    stage.play(box1.build(), scene)


def test_there_are_as_many_snapshots_as_were_promised() -> None:
    assert sum(len(drawn(look)) for look in LOOKS) >= SNAPSHOTS_MIN
