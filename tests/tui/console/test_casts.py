"""Recorded sessions of real programs: their screens as golden files, and to a second emulator."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from tui.console import cast
from tui.console.avt import Avt
from tui.console.emulator import Emulator, text_of

HERE = Path(__file__).parent
CASTS = sorted((HERE / "casts").glob("*.cast"))
# pyte knows no alternate screen, no line drawing in UTF-8, and fails on `CSI > 4 ; 2 m`
UNKNOWN_TO_PYTE = {("less", "left"), ("vim", "left"), ("readline", "boxes"), ("readline", "left")}
_PRIVATE_SGR = re.compile("\x1b\\[[>?][0-9;]*m")


def screens(path: Path, emulator: Emulator) -> Iterator[tuple[str, list[str]]]:
    """Yield the label and the screen at each marker."""
    _, events = cast.read(path)
    for event in events:
        if event.kind == "o":
            emulator.feed(event.data.encode())
        elif event.kind == "m":
            rows = [text_of(emulator.row(y)).rstrip() for y in range(emulator.rows)]
            yield event.data, rows


@pytest.mark.parametrize("path", CASTS, ids=[path.stem for path in CASTS])
def test_a_recorded_session_looks_as_it_did(path: Path) -> None:
    header, _ = cast.read(path)
    emulator = Avt(header.columns, header.rows)
    shown = ""
    for label, rows in screens(path, emulator):
        cursor = emulator.cursor
        seen = "" if cursor.is_visible else " hidden"
        shown += f"== {label} == cursor {cursor.row + 1},{cursor.column + 1}{seen}\n"
        shown += "\n".join(rows) + "\n" + _looks(emulator)
    golden = HERE / "golden" / f"{path.stem}.txt"
    if os.environ.get("NOVABOX_REGENERATE"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(shown)
    assert golden.read_text() == shown


def _looks(emulator: Emulator) -> str:
    """Return where the screen has colours or other looks, a line a row."""
    lines = []
    for y in range(emulator.rows):
        told = []
        column = 1
        for run in emulator.row(y):
            differing = [
                f"{key.removeprefix('is_')}={value}"
                for key, value in run.pen._asdict().items()
                if value not in (None, False)
            ]
            if differing:
                told.append(f"{column}+{len(run.text)} {','.join(differing)}")
            column += len(run.text)
        if told:
            lines.append(f"   {y + 1}: {'; '.join(told)}\n")
    return "".join(lines)


@pytest.mark.parametrize("path", CASTS, ids=[path.stem for path in CASTS])
def test_another_emulator_sees_the_same(path: Path) -> None:
    header, events = cast.read(path)
    ours = Avt(header.columns, header.rows)
    other = pyte.Screen(header.columns, header.rows)
    stream = pyte.Stream(other)
    compared = 0
    for event in events:
        if event.kind == "o":
            ours.feed(event.data.encode())
            stream.feed(_PRIVATE_SGR.sub("", event.data))
        elif event.kind == "m" and (path.stem, event.data) not in UNKNOWN_TO_PYTE:
            expected = [line.rstrip() for line in other.display]
            assert expected == [text_of(ours.row(y)).rstrip() for y in range(ours.rows)], event.data
            assert (other.cursor.y, min(other.cursor.x, header.columns - 1)) == (
                ours.cursor.row, ours.cursor.column,
            )  # fmt: skip
            compared += 1
    assert compared >= 3
