"""asciinema's terminal emulator (avt, in Rust) behind our Emulator: the only ``import avt``.

Measured on 4 MB of coloured log lines, one core: avt 60 MB/s, `yes` 10 MB/s; pyte, the other
candidate, 0.8 MB/s and 0.3 with its history. The binding has one maintainer, so nothing else
knows it. Sources: avt 0.17, pyavt 0.1.2.
"""

from __future__ import annotations

import codecs
import unicodedata
from typing import Final

import avt
from avt.util import TextUnwrapper
from rich.cells import cell_len

from tui.console import queries
from tui.console.emulator import Colour, Cursor, Kept, Modes, Pen, Row, Run
from tui.console.queries import Listener

KEPT_LINES: Final = 5000  # measured: 2 KB a line of 80 cells, so 10 MB
LARGEST: Final = (500, 200)  # columns and rows; a screen of any monitor is smaller
_ANSWERS_MAX: Final = 16  # one chunk of a guest that asks for ever gets this many
_KNOWN_MAX: Final = 4096  # widths remembered: all that one text uses, not all of Unicode
_UNKNOWN: Final = 0xFFFD
_UNSEEN: Final = ("Cf", "Cn", "Zl", "Zp")  # they turn text around, break it, or mean nothing yet


class Avt:
    """An Emulator of ``columns`` by ``rows``."""

    def __init__(self, columns: int = 80, rows: int = 24, *, kept_lines: int = KEPT_LINES) -> None:
        self._vt = avt.Vt(*_within(columns, rows), kept_lines)
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._listener = Listener()
        self._changed: set[int] = set(range(rows))

    @property
    def columns(self) -> int:
        """The width in cells."""
        return self._vt.size[0]

    @property
    def rows(self) -> int:
        """The height in lines."""
        return self._vt.size[1]

    @property
    def cursor(self) -> Cursor:
        """Where the cursor is; avt puts it behind the last column when a wrap is pending."""
        cursor = self._vt.cursor
        return Cursor(
            row=cursor.row, column=min(cursor.col, self.columns - 1), is_visible=cursor.visible
        )

    @property
    def modes(self) -> Modes:
        """What the guest asked of the keyboard."""
        return self._listener.modes

    def feed(self, data: bytes) -> bytes:
        """Obey ``data``; return what a terminal says to the questions in it."""
        text = self._decoder.decode(data)
        answers: list[bytes] = []
        fed = 0
        for asked in self._listener.questions(text):
            if len(answers) == _ANSWERS_MAX:
                continue
            self._obey(text[fed : asked.end])
            fed = asked.end
            answers.append(
                queries.answer(
                    asked.question, cursor=self.cursor, columns=self.columns, rows=self.rows
                )
            )
        self._obey(text[fed:])
        return b"".join(answers)

    def changes(self) -> set[int]:
        """Return the rows that may look other than at the last call."""
        changed, self._changed = self._changed, set()
        return changed

    def row(self, y: int) -> Row:
        """Return one row of the screen."""
        return _row(self._vt[y], self.columns)

    def resize(self, columns: int, rows: int) -> None:
        """Make the screen another size; what is on it stays."""
        self._vt.resize(*_within(columns, rows))
        self._changed = set(range(self.rows))

    def kept(self) -> Kept:
        """Return all lines still known, the screen's last, as they are now."""
        return _Lines(self._vt.lines(), self.columns)

    def _obey(self, text: str) -> None:
        if not text.isascii():
            text = unicodedata.normalize("NFC", text).translate(_FITTING)
        elif "\x7f" in text:
            text = text.replace("\x7f", "")
        self._changed.update(self._vt.feed_str(text)[0])


class _Lines:
    """Lines of one moment; avt's own copies, read when they are looked at."""

    def __init__(self, lines: list[avt.Line], columns: int) -> None:
        self._lines = lines
        self._columns = columns

    def __len__(self) -> int:
        return len(self._lines)

    def row(self, index: int) -> Row:
        return _row(self._lines[index], self._columns)

    def text(self, index: int) -> str:
        return self._lines[index].text.rstrip()

    def copy(self, first: int, last: int) -> str:
        unwrapper = TextUnwrapper()
        pushed = [unwrapper.push(line) for line in self._lines[first : last + 1]]
        whole = [line for line in (*pushed, unwrapper.flush()) if line is not None]
        return "\n".join(line.rstrip() for line in whole)


class _Fitting(dict[int, int | None]):
    """For ``str.translate``: drops what has no width, replaces what two libraries disagree on.

    A character that avt gives one cell and the outer terminal two would push the rest of the
    line out of its place.
    """

    def __init__(self) -> None:
        super().__init__({0x7F: None})
        self._probe = avt.Vt(4, 1, 0)

    def __missing__(self, code: int) -> int | None:
        fitting = self._fitting(code)
        if len(self) < _KNOWN_MAX:
            self[code] = fitting
        return fitting

    def _fitting(self, code: int) -> int | None:
        if code < 0xA0:
            return code
        width = cell_len(chr(code))
        if width == 0:
            return None
        if unicodedata.category(chr(code)) in _UNSEEN:
            return _UNKNOWN
        self._probe.feed_str(f"\r\x1b[K{chr(code)}")
        cell = self._probe[0][0]
        return code if (cell.char, cell.width) == (chr(code), width) else _UNKNOWN


_FITTING: Final = _Fitting()


def _within(columns: int, rows: int) -> tuple[int, int]:
    return max(2, min(columns, LARGEST[0])), max(1, min(rows, LARGEST[1]))


def _row(line: avt.Line, columns: int) -> Row:
    runs: list[Run] = []
    text: list[str] = []
    room, last = columns, None
    for cell in line.cells:
        width = cell.width
        if width == 0:  # the right half of a wide character
            continue
        pen = cell.pen
        if last is not None and pen != last:
            runs.append(Run("".join(text), _pen(last)))
            text = []
        last = pen
        room -= width
        text.append(cell.char if room >= 0 else " ")
    if last is not None:
        runs.append(Run("".join(text), _pen(last)))
    return tuple(runs)


def _pen(pen: avt.Pen) -> Pen:
    if pen.is_default():
        return _PLAIN
    return Pen(
        foreground=_colour(pen.foreground),
        background=_colour(pen.background),
        is_bold=pen.bold,
        is_faint=pen.faint,
        is_italic=pen.italic,
        is_underlined=pen.underline,
        is_struck=pen.strikethrough,
        is_blinking=pen.blink,
        is_inverse=pen.inverse,
    )


_PLAIN: Final = Pen()


def _colour(colour: avt.Color | None) -> Colour:
    if isinstance(colour, avt.Color.RGB):
        return colour[0], colour[1], colour[2]
    if isinstance(colour, avt.Color.Indexed):
        return colour[0]
    return None
