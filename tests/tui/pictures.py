"""Every screen as an SVG, from the tests' cloud, into docs/images or another folder.

Screens are those of `tests.tui.scenes`, the first run and a console. Without a look asked for, each
is drawn dark at 100 by 30, and Home and Instances also light and as a bare Linux console shows
them. The same code draws the same pictures: a diff is a change of a screen.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from textual.pilot import Pilot

from tests.tui import box1, scenes, stage
from tests.tui.screens import test_console, test_welcome
from tui import glyphs, rest, screenshot, themes
from tui.app import Tui
from tui.glyphs import Glyphs

SIZE: Final = (100, 30)
_LOOKS: Final = (("light", glyphs.UNICODE), ("ansi", glyphs.TTY))  # of some, in docs/images


def draw(
    folder: Path, names: Iterable[str], *, theme: str, signs: Glyphs, size: tuple[int, int] = SIZE,
    suffix: str = "",
) -> int:  # fmt: skip
    """Write the pictures of these screens in one look; how many."""
    written = 0

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        nonlocal written
        themes.use(app, theme)
        for name in names:
            await scenes.reach(pilot, name)
            await pilot.pause(rest.PATIENCE_S + 0.1)  # a form asks once the keys rest
            await stage.settle(pilot)
            _write(app, folder / f"{name}{suffix}.svg")
            written += 1
            await scenes.leave(pilot)

    stage.play(box1.build(), scene, signs=signs, size=size)
    return written


def draw_first_run(folder: Path, *, theme: str, signs: Glyphs, size: tuple[int, int]) -> int:
    """Write the picture of a machine that has no cloud yet."""

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        themes.use(app, theme)
        await stage.settle(pilot)
        _write(app, folder / "welcome.svg")

    with tempfile.TemporaryDirectory() as machine:
        test_welcome.play(box1.build(), Path(machine), scene, signs=signs, size=size)
    return 1


def draw_console(folder: Path, *, theme: str, signs: Glyphs, size: tuple[int, int]) -> int:
    """Write the picture of a guest's console, with the menu of its keys open."""

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        themes.use(app, theme)
        await test_console.sit_down(app, pilot)
        await stage.press(pilot, test_console.TAKEN)
        _write(app, folder / "console.svg")

    stage.play(box1.build(), scene, signs=signs, size=size, open_line=test_console.Lines())
    return 1


def _write(app: Tui, path: Path) -> None:
    path.write_text(screenshot.portable(app.export_screenshot(title="novabox")))


def _size(text: str) -> tuple[int, int]:
    columns, rows = text.split("x")
    return int(columns), int(rows)


def main(arguments: list[str]) -> int:
    """Draw them all."""
    parser = argparse.ArgumentParser(prog="python -m tests.tui.pictures", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("docs/images"))
    parser.add_argument("--size", type=_size, help="columns x rows, as 80x24")
    parser.add_argument("--theme", choices=themes.NAMES)
    parser.add_argument("--signs", choices=glyphs.SETS)
    asked = parser.parse_args(arguments)
    os.environ |= {"TZ": "UTC", "TERM": "xterm-256color"}
    folder: Path = asked.folder
    folder.mkdir(parents=True, exist_ok=True)
    theme, signs = asked.theme or "dark", glyphs.SETS[asked.signs or "unicode"]
    size: tuple[int, int] = asked.size or SIZE
    drawn = draw(folder, scenes.KEYS_BY_SCREEN, theme=theme, signs=signs, size=size)
    drawn += draw_first_run(folder, theme=theme, signs=signs, size=size)
    drawn += draw_console(folder, theme=theme, signs=signs, size=size)
    if not (asked.size or asked.theme or asked.signs):
        drawn += sum(
            draw(folder, ["home", "instances"], theme=theme, signs=signs, suffix=f"-{theme}")
            for theme, signs in _LOOKS
        )
    print(f"{drawn} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
