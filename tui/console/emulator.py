"""What a terminal emulator is to the console: bytes in, rows of styled cells out.

The one behind it is ``tui.console.avt``. Whatever a guest sends (binary, escape sequences
without end, numbers of a thousand digits) an emulator must not raise, grow, or hand on: a row
holds printable characters only, as wide together as the screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

Colour: TypeAlias = int | tuple[int, int, int] | None
"""One of the terminal's 256, red, green and blue, or the terminal's own."""


class Pen(NamedTuple):
    """How characters look."""

    foreground: Colour = None
    background: Colour = None
    is_bold: bool = False
    is_faint: bool = False
    is_italic: bool = False
    is_underlined: bool = False
    is_struck: bool = False
    is_blinking: bool = False
    is_inverse: bool = False


class Run(NamedTuple):
    """Neighbouring characters of one look."""

    text: str
    pen: Pen


Row: TypeAlias = tuple[Run, ...]
"""One line of the screen; its runs are as wide together as the screen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where the next character goes; inside the screen, also when a wrap is pending."""

    row: int
    column: int
    is_visible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Modes:
    """What the guest asked of the keyboard."""

    has_application_cursor: bool = False
    has_bracketed_paste: bool = False


class Emulator(Protocol):
    """A screen that obeys a stream of bytes."""

    @property
    def columns(self) -> int:
        """The width in cells."""

    @property
    def rows(self) -> int:
        """The height in lines."""

    @property
    def cursor(self) -> Cursor:
        """Where the cursor is."""

    @property
    def modes(self) -> Modes:
        """What the guest asked of the keyboard."""

    def feed(self, data: bytes) -> bytes:
        """Obey ``data``; return what a terminal says to the questions in it.

        Those answers are for the guest, and only for questions asked just now: whoever feeds an
        old recording throws them away.
        """

    def changes(self) -> set[int]:
        """Return the rows that may look other than at the last call."""

    def row(self, y: int) -> Row:
        """Return one row of the screen."""

    def resize(self, columns: int, rows: int) -> None:
        """Make the screen another size; what is on it stays."""

    def kept(self) -> Kept:
        """Return all lines still known, the screen's last, as they are now."""


class Kept(Protocol):
    """The lines of one moment, oldest first; later output does not change them."""

    def __len__(self) -> int:
        """Return the number of lines."""

    def row(self, index: int) -> Row:
        """Return one line with its looks."""

    def text(self, index: int) -> str:
        """Return one line without trailing spaces."""

    def copy(self, first: int, last: int) -> str:
        """Return lines as text for the clipboard, those that were only wrapped put together."""


def text_of(row: Sequence[Run]) -> str:
    """Return a row without its looks."""
    return "".join(run.text for run in row)
