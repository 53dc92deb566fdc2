"""A terminal's session as an asciicast (v2, which asciinema plays), and its screen as an SVG."""

from __future__ import annotations

import codecs
import io
import itertools
import json
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.text import Text

from tests.pty.terminal import Terminal
from tui import screenshot

_IDLE_S: Final = 1.5  # players wait no longer than this where nothing happens
_NAMES: Final = {"brown": "yellow", "default": "default"}  # what pyte calls some colours


def write(terminal: Terminal, path: Path, *, title: str) -> float:
    """Write all that the terminal was sent, at its time; the seconds it plays."""
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    head = {
        "version": 2, "width": terminal.size[0], "height": terminal.size[1], "title": title,
        "idle_time_limit": _IDLE_S, "env": {"TERM": "xterm-256color"},
    }  # fmt: skip
    lines, before, at_s, shown_s = [json.dumps(head)], 0, 0.0, 0.0
    last_s = terminal.began_s
    for when_s, size in terminal.times:
        shown_s += min(when_s - last_s, _IDLE_S)
        last_s = when_s
        text = decode(bytes(terminal.output[before:size]))
        before = size
        if text:
            lines.append(json.dumps([round(shown_s, 3), "o", text], ensure_ascii=False))
    at_s = shown_s
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return at_s


def still(terminal: Terminal, path: Path, *, title: str) -> None:
    """Draw what is on the screen now."""
    columns, rows = terminal.size
    console = Console(
        record=True, file=io.StringIO(), width=columns, height=rows, force_terminal=True,
        color_system="truecolor", legacy_windows=False,
    )  # fmt: skip
    screen = terminal.screen()
    for y in range(rows):
        line = Text(no_wrap=True, end="")
        cells = [screen.buffer[y][x] for x in range(columns)]
        for style, run in itertools.groupby(cells, _style):
            line.append("".join(cell.data for cell in run), style=style)
        console.print(line, soft_wrap=True)
    path.write_text(screenshot.portable(console.export_svg(title=title)))


def _style(cell: object) -> str:
    words = [word for word in ("bold", "reverse") if getattr(cell, word)]
    words += ["underline"] if getattr(cell, "underscore", False) else []
    front, back = _colour(getattr(cell, "fg", "default")), _colour(getattr(cell, "bg", "default"))
    return " ".join([*words, front, "on", back])


def _colour(name: str) -> str:
    if len(name) == 6 and all(sign in "0123456789abcdefABCDEF" for sign in name):
        return f"#{name}"
    name = _NAMES.get(name, name)
    return name.replace("bright", "bright_") if name.startswith("bright") else name
