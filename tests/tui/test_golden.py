"""Every screen as text, in each glyph set, against golden/ (`just regenerate` rewrites it)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui import scenes, stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.scenes import KEYS_BY_SCREEN
from tui import glyphs
from tui.app import Tui

GOLDEN = Path(__file__).parent / "golden"
# What Debian's console font Lat15-Fixed16 has beyond ASCII (TUI.md, measured with its own table).
CONSOLE_FONT = set(
    "─│┌┐└┘├┤┬┴┼═║╔╗╚╝╭╮╰╯╸╺╍╌┄┊░▒█←↑→↓▲▼▶◀▸◂●■♦•·✗×…»«"
)  # fmt: skip


def draw_all(
    cloud: FakeCloud, names: Iterable[str], *, signs: glyphs.Glyphs, size: tuple[int, int]
) -> dict[str, str]:
    """Return the text of each screen after its keys, each from Home on."""
    shown: dict[str, str] = {}

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        for name in names:
            await scenes.reach(pilot, name)
            shown[name] = stage.text(app) + "\n"
            await scenes.leave(pilot)

    stage.play(cloud, scene, signs=signs, size=size)
    return shown


def compare(file: Path, shown: str) -> None:
    """Compare with a golden file, or write it where that was asked for."""
    if os.environ.get("NOVABOX_REGENERATE"):
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(shown)
    assert file.read_text() == shown


@pytest.mark.parametrize("name", KEYS_BY_SCREEN)
def test_a_screen_of_80_by_24_looks_as_it_did(cloud: FakeCloud, name: str) -> None:
    shown = draw_all(cloud, [name], signs=glyphs.UNICODE, size=(80, 24))
    compare(GOLDEN / f"{name}.txt", shown[name])


@pytest.mark.parametrize(
    "name",
    [
        "home",
        "instances",
        "theatre",
        "services",
        "capacity",
        "networks",
        "path",
        "xray",
        "users",
        "groups",
        "volumes",
        "journal",
        "images",
        "objects",
    ],
)
def test_a_wide_screen_looks_as_it_did(cloud: FakeCloud, name: str) -> None:
    shown = draw_all(cloud, [name], signs=glyphs.UNICODE, size=(120, 38))
    compare(GOLDEN / f"{name}-wide.txt", shown[name])


def test_ascii_mode_shows_ascii_only(cloud: FakeCloud) -> None:
    screens = draw_all(cloud, KEYS_BY_SCREEN, signs=glyphs.ASCII, size=(80, 24))
    strange = {
        name: {sign for sign in shown if not (" " <= sign <= "~" or sign == "\n")}
        for name, shown in screens.items()
    }
    assert {name: set() for name in KEYS_BY_SCREEN} == strange


def test_tty_mode_shows_only_what_a_console_font_has(cloud: FakeCloud) -> None:
    screens = draw_all(cloud, KEYS_BY_SCREEN, signs=glyphs.TTY, size=(80, 24))
    strange = {
        name: {sign for sign in shown if ord(sign) > 126} - CONSOLE_FONT
        for name, shown in screens.items()
    }
    assert {name: set() for name in KEYS_BY_SCREEN} == strange
