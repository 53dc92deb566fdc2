"""What the terminal shows, and the fewest bytes that make it show what it should.

Textual says which spans of the screen it has drawn anew, and would send them whole. Here they
are held against what is there: only cells that differ are sent, a list that moves by a line is
moved by the terminal, and nothing is sent while the terminal has not taken what came before.
Uses what every terminal since the VT220 has. Knows neither widgets nor files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from rich.cells import split_graphemes
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

# one cell each in every terminal: Latin, arrows, box drawing, blocks, the signs of `tui.glyphs`
_PLAIN: Final = re.compile("[ -~\u00a1-\u02ff\u2190-\u2193\u2500-\u25fc\u2013-\u2026\u2717]*")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_BRIDGE: Final = 4  # as many cells as a jump over them costs bytes are written again instead
_SEEN_ON_BLANKS: Final = frozenset(
    {"4", "7", "9", "21", "53"}
)  # lines through, under, over; reverse
_SCROLLED_MIN: Final = 4  # fewer lines are drawn anew for less


class Look(NamedTuple):
    """How a cell looks, as SGR codes: attributes, and the two colours."""

    attributes: tuple[str, ...] = ()
    foreground: str = "39"
    background: str = "49"

    def as_blank(self) -> Look:
        """Return what of it is seen where no letter stands."""
        if _SEEN_ON_BLANKS.isdisjoint(self.attributes):
            return Look(background=self.background)
        return self


_DEFAULT: Final = Look()


@dataclass(slots=True)
class _Line:
    """The cells of one line: texts, and how each looks. A wide sign leaves the next text empty.

    ``is_odd``: it has a sign that not all terminals give the same width.
    """

    texts: list[str]
    looks: list[Look]
    is_odd: bool = False

    def is_like(self, other: _Line | None) -> bool:
        return other is not None and self.texts == other.texts and self.looks == other.looks

    def copy(self) -> _Line:
        return _Line(self.texts.copy(), self.looks.copy(), self.is_odd)


class Painter:
    """A screen of cells as wanted, and as last sent."""

    def __init__(self, colors: ColorSystem) -> None:
        self._colors = colors
        self._looks: dict[Style, Look] = {}
        self._width = 0
        self._wanted: list[_Line] = []
        self._shown: list[_Line | None] = []
        self._dirty: set[int] = set()
        self._cursor = (-1, -1)  # where the terminal's is; -1: not known
        self._pen = _DEFAULT

    @property
    def size(self) -> tuple[int, int]:
        """The columns and lines it was made for."""
        return self._width, len(self._wanted)

    @property
    def is_behind(self) -> bool:
        """Whether something was taken that was not sent."""
        return bool(self._dirty)

    def resize(self, width: int, height: int) -> None:
        """Begin with a screen of this size, of which nothing is known."""
        self._width = width
        self._wanted = [_Line([" "] * width, [_DEFAULT] * width) for _ in range(height)]
        self.forget()

    def forget(self) -> None:
        """Take it that the terminal shows anything: all will be sent again."""
        self._shown = [None] * len(self._wanted)
        self._dirty = set(range(len(self._wanted)))
        self._cursor, self._pen = (-1, -1), _DEFAULT

    def take(self, x: int, y: int, strip: Strip) -> int:
        """Take a drawn strip that begins at a cell; return the column after it."""
        if not 0 <= y < len(self._wanted):
            return x + strip.cell_length
        line = self._wanted[y]
        if line.is_odd and 0 < x < self._width and not line.texts[x]:
            line.texts[x - 1] = " "  # the left half of a wide sign would stay alone
        for segment in strip:
            if not segment.control:
                x = self._take_segment(line, x, segment)
        if line.is_odd and x < self._width and not line.texts[x]:
            line.texts[x] = " "  # and here the right half
        self._dirty.add(y)
        return x

    def frame(self, cursor: tuple[int, int] | None) -> str:
        """Return what makes the terminal show all that was taken; ``cursor`` is where its goes."""
        out: list[str] = []
        changed = [y for y in sorted(self._dirty) if not self._wanted[y].is_like(self._shown[y])]
        for top, bottom in _blocks(changed):
            self._scroll(top, bottom, out)
        for y in changed:
            self._send_line(y, out)
        self._dirty.clear()
        self._set_pen(_DEFAULT, out)
        if cursor is not None and cursor != self._cursor:
            self._move(*cursor, out)
        return "".join(out)

    def _take_segment(self, line: _Line, x: int, segment: Segment) -> int:
        text = segment.text
        look = self._look(segment.style)
        if _PLAIN.fullmatch(text):
            cells: Iterable[str] = text
            width = len(text)
        else:
            line.is_odd = True
            cells, width = _cells(text)
        room = self._width - x
        if width > room:
            cells, width = list(cells)[: max(0, room)], max(0, room)
        line.texts[x : x + width] = cells
        line.looks[x : x + width] = [look] * width
        return x + width

    def _look(self, style: Style | None) -> Look:
        if style is None:
            return _DEFAULT
        look = self._looks.get(style)
        if look is None:
            if len(self._looks) > 4096:  # styles of a guest's console can be any
                self._looks.clear()
            look = self._looks[style] = _look_of(style, self._colors)
        return look

    def _scroll(self, top: int, bottom: int, out: list[str]) -> None:
        """Have the terminal move the lines of a block by one, if most are there already."""
        enough = (bottom - top) * 2 // 3
        if bottom - top < _SCROLLED_MIN:
            return
        shown, wanted = self._shown, self._wanted
        if sum(wanted[y].is_like(shown[y + 1]) for y in range(top, bottom)) >= enough:
            self._margins(top, bottom, f"\x1b[{bottom + 1};1H\n", out)
            shown[top : bottom + 1] = [*shown[top + 1 : bottom + 1], None]
        elif sum(wanted[y].is_like(shown[y - 1]) for y in range(top + 1, bottom + 1)) >= enough:
            self._margins(top, bottom, f"\x1b[{top + 1};1H\x1bM", out)
            shown[top : bottom + 1] = [None, *shown[top:bottom]]

    def _margins(self, top: int, bottom: int, move: str, out: list[str]) -> None:
        self._set_pen(_DEFAULT, out)
        out.append(f"\x1b[{top + 1};{bottom + 1}r{move}\x1b[r")
        self._cursor = (-1, -1)

    def _send_line(self, y: int, out: list[str]) -> None:
        wanted, shown = self._wanted[y], self._shown[y]
        if wanted.is_like(shown):
            return
        is_odd = wanted.is_odd or (shown is not None and shown.is_odd)
        known = None if is_odd else shown
        x = 0
        while (x := self._next_change(wanted, known, x)) < self._width:
            end = self._end_of_change(wanted, known, x)
            self._write(y, x, end, wanted, out)
            x = end
        wanted.is_odd = is_odd and any(not _PLAIN.fullmatch(text) for text in wanted.texts)
        self._shown[y] = wanted.copy()

    def _next_change(self, wanted: _Line, shown: _Line | None, x: int) -> int:
        if shown is None:
            return x
        while x < self._width and _is_same(wanted, shown, x):
            x += 1
        return x

    def _end_of_change(self, wanted: _Line, shown: _Line | None, x: int) -> int:
        """Return where a run of changes ends; a few cells that did not change belong to it."""
        if shown is None:
            return self._width
        end = x + 1
        for at in range(x + 1, self._width):
            if not _is_same(wanted, shown, at):
                end = at + 1
            elif at - end >= _BRIDGE or wanted.looks[at] != wanted.looks[end - 1]:
                break
        return end

    def _write(self, y: int, x: int, end: int, line: _Line, out: list[str]) -> None:
        self._move(x, y, out)
        texts, looks = line.texts, line.looks
        while x < end:
            look, text = looks[x], texts[x]
            if text == " ":
                look = look.as_blank()
                if look == self._pen.as_blank():
                    look = self._pen
            stop = x + 1
            if _PLAIN.fullmatch(text):
                while stop < end and looks[stop] is looks[x] and _PLAIN.fullmatch(texts[stop]):
                    if texts[stop] == "" or (text == " ") != (texts[stop] == " "):
                        break
                    stop += 1
                self._set_pen(look, out)
                out.append("".join(texts[x:stop]))
                self._cursor = (stop, y) if stop < self._width else (-1, -1)
            else:
                self._set_pen(look, out)
                out.append(text)
                self._cursor = (-1, -1)  # wherever this terminal thinks that it is now
                while stop < end and texts[stop] == "":
                    stop += 1
                if stop < end:
                    self._move(stop, y, out)
            x = stop

    def _move(self, x: int, y: int, out: list[str]) -> None:
        at_x, at_y = self._cursor
        if (x, y) == (at_x, at_y):
            return
        if y == at_y and 0 <= at_x < x:
            out.append("\x1b[C" if x == at_x + 1 else f"\x1b[{x - at_x}C")
        elif x == 0:
            out.append(f"\x1b[{y + 1}H")
        else:
            out.append(f"\x1b[{y + 1};{x + 1}H")
        self._cursor = x, y

    def _set_pen(self, look: Look, out: list[str]) -> None:
        pen = self._pen
        if look == pen:
            return
        if look == _DEFAULT:
            out.append("\x1b[m")
        else:
            codes: list[str] = []
            if look.attributes != pen.attributes:
                if pen.attributes:
                    codes, pen = ["0"], _DEFAULT
                codes += look.attributes
            if look.foreground != pen.foreground:
                codes.append(look.foreground)
            if look.background != pen.background:
                codes.append(look.background)
            out.append(f"\x1b[{';'.join(codes)}m")
        self._pen = look


def _look_of(style: Style, colors: ColorSystem) -> Look:
    sgr = Strip.render_ansi(style.without_color, colors)
    attributes = tuple(sgr.split(";")) if sgr else ()
    foreground, background = style.color, style.bgcolor
    return Look(
        attributes=attributes,
        foreground="39" if foreground is None
        else ";".join(foreground.downgrade(colors).get_ansi_codes()),
        background="49" if background is None
        else ";".join(background.downgrade(colors).get_ansi_codes(foreground=False)),
    )  # fmt: skip


def _cells(text: str) -> tuple[list[str], int]:
    """Return the text cell by cell: a wide sign takes one and leaves the next empty."""
    text = _CONTROL.sub(" ", text)
    cells: list[str] = []
    for start, end, width in split_graphemes(text)[0]:
        if width:
            cells += [text[start:end], *[""] * (width - 1)]
    return cells, len(cells)


def _is_same(wanted: _Line, shown: _Line, x: int) -> bool:
    text = wanted.texts[x]
    if text != shown.texts[x]:
        return False
    look, before = wanted.looks[x], shown.looks[x]
    return (
        look is before or look == before or (text == " " and look.as_blank() == before.as_blank())
    )


def _blocks(lines: list[int]) -> Iterable[tuple[int, int]]:
    """Yield the first and last of each row of neighbours."""
    first = last = -2
    for y in lines:
        if y != last + 1:
            if first >= 0:
                yield first, last
            first = y
        last = y
    if first >= 0:
        yield first, last
