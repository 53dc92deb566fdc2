"""Every screen in every look: nothing too wide, no sign that the terminal lacks, no bare colour.

Text is the snapshot: what `golden/` holds of some looks is asserted of all. What is drawn for
one test serves all of its process: run side by side with `--dist loadfile`, and nothing is
drawn twice.
"""

from __future__ import annotations

import contextlib
import functools
import tempfile
from dataclasses import replace

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
    Look(size=(80, 24), signs=ASCII),
    Look(size=(100, 30), signs=ASCII, is_light=True),
    Look(size=(220, 60), signs=UNICODE),
    Look(size=(60, 20), signs=UNICODE),
]
KEYED_MIN = 150  # scenes of a look whose keys are pressed, too: dialogs, forms, panes
SNAPSHOTS_MIN = 400


def of_each(looks: list[Look]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("look", looks, ids=str)


@functools.cache
def drawn(look: Look) -> dict[str, Drawn]:
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):  # some keys write files
        return matrix.draw(box1.build(), look)


@of_each(LOOKS)
def test_every_screen_is_drawn_and_none_is_too_wide(look: Look) -> None:
    scenes = drawn(look)
    assert {place.name for place in places.PLACES} <= set(scenes)
    assert {name: [] for name in scenes} == {
        name: matrix.too_wide(scene, look) for name, scene in scenes.items()
    }


@of_each(LOOKS)
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


@of_each(LOOKS)
def test_no_state_is_told_by_colour_alone(look: Look) -> None:
    assert {name: cells for name, scene in drawn(look).items() if (cells := scene.wordless)} == {}


@of_each([look for look in LOOKS if look.is_light])
def test_a_light_screen_says_what_a_dark_one_says(look: Look) -> None:
    dark = drawn(_dark(look))
    for place in places.PLACES:
        assert dark[place.name].text == drawn(look)[place.name].text


def _dark(look: Look) -> Look:
    """The same in the dark: the one that is drawn anyway, where there is one."""
    found = (one for one in LOOKS if (one.size, one.signs) == (look.size, look.signs))
    return next((one for one in found if not one.is_light), replace(look, is_light=False))


@of_each([look for look in LOOKS if look.size >= (80, 24)])
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


@of_each(LOOKS)
def test_there_are_as_many_snapshots_as_were_promised(look: Look) -> None:
    places_count = len(places.PLACES)
    least = sum(KEYED_MIN if one.has_keys else places_count for one in LOOKS)
    assert least >= SNAPSHOTS_MIN
    assert len(drawn(look)) >= (KEYED_MIN if look.has_keys else places_count)
