"""The lines a guest said before: a moment that stays while one reads, searches and copies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar, Final

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from tui.console import boots, paint
from tui.console.emulator import Kept
from tui.console.paint import Mark, Terms
from tui.widgets.lines import Lines
from tui.widgets.spans import Span

_COPIED_BYTES_MAX: Final = 74_994  # what terminals take by OSC 52, after k9s


class History(Lines):
    """Kept lines with a cursor; ``space`` begins a choice of lines, ``y`` copies it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "ask", "search", tooltip="Search the lines for a text, upwards."),
        Binding("n", "find(-1)", "older match", tooltip="Go to the match before."),
        Binding("N", "find(1)", "newer match", tooltip="Go to the match after."),
        Binding("space", "choose_from", "choose lines", tooltip="Choose lines from here on."),
        Binding("y", "copy", "copy", tooltip="Copy the chosen lines, or this one."),
        Binding("left_square_bracket", "boot(-1)", "boot before", tooltip="Go to a boot's start."),
        Binding("right_square_bracket", "boot(1)", "boot after", tooltip="Go to a boot's start."),
        Binding("k", "move(-1)", "up", show=False),
        Binding("j", "move(1)", "down", show=False),
        Binding("b", "page(-1)", "page up", show=False),
        Binding("f", "page(1)", "page down", show=False),
        Binding("g", "move(-1000000000)", "first", show=False),
        Binding("G", "move(1000000000)", "last", show=False),
        Binding("escape,q", "close", "back to the guest", tooltip="Give the keys to the guest."),
    ]

    class Asked(Message):
        """A text to search for is wanted."""

    class Closed(Message):
        """The reader is done."""

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(widget_id=widget_id)
        self._kept: Kept | None = None
        self._count = 0
        self._from: int | None = None
        self.sought = ""

    def count(self) -> int:
        """Return the number of lines, without the empty ones at the end."""
        return self._count

    def line(self, index: int, width: int) -> list[Span]:
        """Return a line without its looks."""
        return [(self._text(index), "")]

    def open(self, kept: Kept) -> None:
        """Show the lines of a moment, the last one first."""
        self._kept, self._from = kept, None
        self._count = len(kept)
        while self._count and not kept.text(self._count - 1):
            self._count -= 1
        self.cursor = self._count - 1
        self.changed()

    def search(self, text: str) -> int:
        """Go to the newest line with ``text``; return how many there are.

        Capitals count only where ``text`` has one.
        """
        self.sought = text
        matches = sum(1 for index in range(self._count) if self._spans(index))
        if matches and not self._spans(self.cursor):
            self.action_find(-1)
        self.refresh()
        return matches

    def render_line(self, y: int) -> Strip:
        """Draw a line with its looks (Textual's Line API)."""
        index = y + self.scroll_offset.y
        width, under = self.size.width, self.rich_style
        if self._kept is None or index >= self._count:
            return Strip.blank(width, under)
        terms = Terms(is_plain=self.app.glyphs.name == "ascii")
        row = self._kept.row(index)
        return paint.strip(row, width=width, terms=terms, under=under, marks=self._marks(index))

    def move_to(self, index: int) -> None:
        """Move the cursor; while lines are chosen, all between look chosen."""
        super().move_to(index)
        if self._from is not None:
            self.refresh()

    def action_ask(self) -> None:
        """Ask for a text."""
        self.post_message(self.Asked())

    def action_close(self) -> None:
        """Forget a choice, or else close."""
        if self._from is not None:
            self._from = None
            self.refresh()
        else:
            self.post_message(self.Closed())

    def action_find(self, step: int) -> None:
        """Go to the next match that way, round the end if need be."""
        self._go(step, lambda index: bool(self._spans(index)))

    def action_boot(self, step: int) -> None:
        """Go to where a boot begins."""
        self._go(step, lambda index: boots.is_start(self._text(index)))

    def go_to_last_boot(self) -> bool:
        """Go to where the last boot begins; return whether that is known."""
        for index in range(self._count - 1, -1, -1):
            if boots.is_start(self._text(index)):
                self.move_to(index)
                return True
        self.move_to(0)
        return False

    def action_choose_from(self) -> None:
        """Begin, or forget, a choice of lines."""
        self._from = self.cursor if self._from is None else None
        self.refresh()

    def action_copy(self) -> None:
        """Copy what is chosen."""
        if self._kept is None or not self._count:
            return
        lines = self._chosen()
        text = self._kept.copy(lines[0], lines[-1])
        cut = text.encode()[:_COPIED_BYTES_MAX].decode(errors="ignore")
        self.app.copy_to_clipboard(cut)
        self.app.say(f"copied {len(lines)} lines" if len(lines) > 1 else "copied the line")
        self._from = None
        self.refresh()

    def _chosen(self) -> range:
        start = self.cursor if self._from is None else self._from
        return range(min(start, self.cursor), max(start, self.cursor) + 1)

    def _go(self, step: int, is_wanted: Callable[[int], bool]) -> None:
        for distance in range(1, self._count + 1):
            index = (self.cursor + step * distance) % self._count
            if is_wanted(index):
                self.move_to(index)
                return

    def _text(self, index: int) -> str:
        return self._kept.text(index) if self._kept else ""

    def _spans(self, index: int) -> list[tuple[int, int]]:
        return list(_matches(self._text(index), self.sought)) if self.sought else []

    def _marks(self, index: int) -> Iterator[Mark]:
        if boots.is_start(self._text(index)):
            yield Mark(start=0, end=-1, style=self._style("title"))
        for start, end in self._spans(index):
            yield Mark(start=start, end=end, style=self._style("found"))
        if index == self.cursor or (self._from is not None and index in self._chosen()):
            yield Mark(start=0, end=-1, style=self._style("cursor"))


def _matches(text: str, sought: str) -> Iterator[tuple[int, int]]:
    """Yield the cells of every place where ``sought`` is in ``text``."""
    where = text if sought != sought.lower() else text.lower()
    place = where.find(sought)
    while place >= 0:
        start = cell_len(where[:place])
        yield start, start + cell_len(sought)
        place = where.find(sought, place + len(sought))
