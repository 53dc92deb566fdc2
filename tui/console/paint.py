"""Rows of an emulator as strips of the interface: looks as styles, the cursor, what is chosen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rich.cells import get_character_cell_size
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.console.emulator import Colour, Pen, Row, Run

_BRIGHT: Final = range(8, 16)
_DRAWN: Final = str.maketrans("─│┌┐└┘├┤┬┴┼═║╔╗╚╝█▓▒░●·", "-|+++++++++=|++++##%.*.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the outer terminal can show.

    ``is_plain``: ASCII only. ``has_bright`` is False on a Linux console, whose framebuffer
    shows the codes 90 to 97 wrongly: there bright is bold.
    """

    is_plain: bool = False
    has_bright: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Cells from ``start`` up to ``end`` (-1: the row's end) that look as ``style`` says."""

    start: int
    end: int
    style: Style


def strip(row: Row, *, width: int, terms: Terms, under: Style, marks: Iterable[Mark] = ()) -> Strip:
    """Return ``row`` in exactly ``width`` cells; later marks lie over earlier ones."""
    made = Strip(_segments(row, terms, under))
    made = made.adjust_cell_length(width, under)
    for mark in marks:
        made = _marked(made, mark, width)
    return made


def _segments(row: Row, terms: Terms, under: Style) -> Iterator[Segment]:
    for run in row:
        text = _plain(run) if terms.is_plain and not run.text.isascii() else run.text
        yield Segment(text, under + style(run.pen, terms))


def _plain(run: Run) -> str:
    drawn = run.text.translate(_DRAWN)
    return "".join(
        sign if sign.isascii() else "?" * get_character_cell_size(sign) for sign in drawn
    )


def _marked(whole: Strip, mark: Mark, width: int) -> Strip:
    start, end = min(mark.start, width), width if mark.end < 0 else min(mark.end, width)
    if start >= end:
        return whole
    before, middle, after = whole.divide([start, end, width])
    return Strip.join([before, middle.apply_style(mark.style), after])


@lru_cache(maxsize=2048)
def style(pen: Pen, terms: Terms) -> Style:
    """Return a look as Rich's style."""
    foreground, is_bold = pen.foreground, pen.is_bold
    if not terms.has_bright and foreground in _BRIGHT:
        foreground, is_bold = foreground - 8, True  # type: ignore[operator]  # a number, as `in` said
    return Style(
        color=_colour(foreground),
        bgcolor=_colour(pen.background),
        bold=is_bold or None,
        dim=pen.is_faint or None,
        italic=pen.is_italic or None,
        underline=pen.is_underlined or None,
        strike=pen.is_struck or None,
        blink=pen.is_blinking or None,
        reverse=pen.is_inverse or None,
    )


def _colour(colour: Colour) -> Color | None:
    if colour is None:
        return None
    return Color.from_ansi(colour) if isinstance(colour, int) else Color.from_rgb(*colour)
