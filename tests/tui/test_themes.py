"""The themes: contrast, states that differ to every eye, and how one is chosen and kept."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from textual.color import Color
from textual.pilot import Pilot

from tests.tui import eyes, stage
from tests.tui.fake_cloud import FakeCloud
from tui import __main__ as entry
from tui import preferences, themes
from tui.app import Tui

WITH_COLOURS = [name for name in themes.NAMES if name != "ansi"]
STATES = ("success", "warning", "secondary", "error")


def variables(name: str) -> dict[str, Color]:
    """The colours that a theme comes to in Textual's style sheet."""
    made = themes._theme(name).to_color_system().generate()
    wanted = (
        "foreground", "background", "panel", "primary", "accent", *STATES,
        "block-cursor-background", "block-cursor-foreground",
    )  # fmt: skip
    return {variable: Color.parse(made[variable]) for variable in wanted}


def test_the_program_offers_every_theme_there_is() -> None:
    assert entry._THEMES == themes.NAMES
    there = {path.stem for path in (Path(themes.__file__).parent / "skins").iterdir()}
    assert there == set(themes.NAMES)


@pytest.mark.parametrize("name", WITH_COLOURS)
def test_text_can_be_read(name: str) -> None:
    colours = variables(name)
    for ground in ("background", "panel"):
        for text in ("foreground", "primary", "accent", "success", "warning", "error"):
            assert eyes.contrast(colours[text], colours[ground]) >= 7, (text, ground)
        assert eyes.contrast(colours["secondary"], colours[ground]) >= 4.5, ground
    cursor = colours["block-cursor-foreground"], colours["block-cursor-background"]
    assert eyes.contrast(*cursor) >= 7


@pytest.mark.parametrize("name", WITH_COLOURS)
@pytest.mark.parametrize("blindness", eyes.BLINDNESS)
def test_states_differ_to_every_eye(name: str, blindness: str) -> None:
    colours = variables(name)
    for one, other in itertools.combinations(STATES, 2):
        told = eyes.difference(colours[one], colours[other], blindness=blindness)
        assert told >= 20, (one, other, told)


def test_the_sixteen_colours_are_the_terminals_and_none_of_them_bright() -> None:
    used = {value for value in themes.skin("ansi").values() if str(value).startswith("ansi_")}
    assert used
    assert not [value for value in used if "bright" in value]
    others = {
        key: value for key, value in themes.skin("ansi").items() if key not in ("purpose", "dark")
    }
    assert used == set(others.values())


def test_the_measures_are_right() -> None:
    black, white = Color.parse("#000000"), Color.parse("#ffffff")
    assert round(eyes.contrast(black, white), 3) == 21
    assert round(eyes.difference(black, white)) == 100
    red, green = Color.parse("#ff0000"), Color.parse("#8a7a00")
    assert eyes.difference(red, green, blindness="deuteranopia") < eyes.difference(red, green)


@pytest.mark.parametrize(
    ("term", "wanted", "chosen"),
    [("xterm-256color", "", "dark"), ("linux", "", "ansi"), ("linux", "light", "light")],
)
def test_the_terminal_and_the_user_choose(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch, term: str, wanted: str, chosen: str
) -> None:
    monkeypatch.setenv("TERM", term)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        assert app.theme == f"novabox-{chosen}"

    stage.play(cloud, scene, theme=wanted)


def test_a_theme_is_changed_by_a_command_and_kept(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "colon")
        await stage.write(pilot, "theme li", "enter")
        assert app.theme == "novabox-light"
        await stage.press(pilot, "colon")
        await stage.write(pilot, "theme purple", "enter")
        assert app.theme == "novabox-light"

    stage.play(cloud, scene)
    import os

    assert preferences.load(os.environ).theme == "light"


def test_no_color_takes_colour_and_no_meaning(
    cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await stage.press(pilot, "2")
        seen.append(stage.text(app))
        strips = app.screen._compositor.render_strips(app.size)
        filtered = (
            [strip.apply_filter(app._filters[-1], app.background_colors[1]) for strip in strips]
            if app.no_color
            else strips
        )
        colours = {
            segment.style.color.triplet
            for strip in filtered
            for segment in strip
            if segment.style and segment.style.color and segment.style.color.triplet
        }
        is_grey = all(one.red == one.green == one.blue for one in colours)
        assert is_grey is app.no_color

    stage.play(cloud, scene)
    monkeypatch.setenv("NO_COLOR", "1")
    stage.play(cloud, scene)
    assert seen[0] == seen[1]
    assert "● running" in seen[1]
    assert "✗ error" in seen[1]
