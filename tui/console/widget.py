"""The terminal widget: an emulator's screen, drawn at most 30 times a second, line by line.

It says what was typed (``Typed``) and what to do with the keys after ``^]`` (``Prefixed``); it
knows no line, no guest and no cloud.
"""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar, Final

from rich.style import Style
from textual import events, getters
from textual.geometry import Region
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tui.app import Tui
from tui.console import keys, paint
from tui.console.avt import Avt
from tui.console.emulator import Cursor, Emulator, Kept, Row, text_of
from tui.console.paint import Mark, Terms

_FRAME_S: Final = 1 / 30
_SLICE_BYTES: Final = 16 * 1024  # measured: at most 2 ms of `yes`; then keys have their turn
_INVERSE: Final = Style(reverse=True)
_UNDERLINED: Final = Style(underline=True)
_FEW_COLOURS: Final = "ansi-dark"


class Terminal(Widget, can_focus=True, inherit_bindings=False):
    """A guest's screen. Every key is the guest's but ``^]``; the one after it bubbles on."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"terminal--selected"}
    app = getters.app(Tui)

    class Typed(Message):
        """Bytes for the guest."""

        def __init__(self, terminal: Terminal, data: bytes) -> None:
            super().__init__()
            self.terminal = terminal
            self.data = data

        @property
        def control(self) -> Terminal:
            """The terminal that was typed into."""
            return self.terminal

    class Prefixed(Message):
        """``^]`` was pressed, or the key after it was."""

        def __init__(self, terminal: Terminal, *, is_on: bool) -> None:
            super().__init__()
            self.terminal = terminal
            self.is_on = is_on

    class Wheeled(Message):
        """The wheel was turned up: the reader wants what is above."""

    def __init__(self, emulator: Emulator | None = None, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self.emulator: Emulator = emulator or Avt()
        self.is_prefixed = False
        self._shown: dict[int, Row] = {}
        self._cursor: Cursor | None = None
        self._left = self._top = 0
        self._frame: Timer | None = None
        self._drawn_s = 0.0

    async def feed(self, data: bytes) -> bytes:
        """Give the emulator what the guest said; return what it answers to the guest.

        In slices, between which the keys have their turn: a flood delays none.
        """
        answers = []
        for start in range(0, len(data), _SLICE_BYTES):
            answers.append(self.emulator.feed(data[start : start + _SLICE_BYTES]))
            self._draw_soon()
            await asyncio.sleep(0)
        return b"".join(answers)

    def resize_to(self, columns: int, rows: int) -> None:
        """Make the guest's screen another size."""
        self.emulator.resize(columns, rows)
        self._fit()
        self._shown.clear()
        self._draw_soon()
        self.refresh(layout=True)

    def kept(self) -> Kept:
        """Return the lines up to now."""
        return self.emulator.kept()

    def on_mount(self) -> None:
        """Be no larger than the guest's screen, and draw it."""
        self._fit()
        self._draw()

    def on_resize(self) -> None:
        """Show as much of the screen as there is room for."""
        self._draw()
        self.refresh()

    def on_focus(self) -> None:
        """Show the cursor as the one that types."""
        self._refresh_row(self.emulator.cursor.row)

    def on_blur(self) -> None:
        """Show that keys go elsewhere; a half-typed command is forgotten."""
        self._prefix(is_on=False)
        self._refresh_row(self.emulator.cursor.row)

    def on_key(self, event: events.Key) -> None:
        """Type a key, or let the one after ``^]`` bubble to the screen's own bindings."""
        if self.is_prefixed:
            self._prefix(is_on=False)
            if event.key == keys.TAKEN:
                self._type(keys.TAKEN_BYTE)
            elif event.key != "escape":
                return
        elif event.key == keys.TAKEN:
            self._prefix(is_on=True)
        else:
            self._type(keys.encode(event.key, event.character, self.emulator.modes))
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Type what was pasted."""
        event.stop()
        self.paste(event.text)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Say that what is above is wanted."""
        event.stop()
        self.post_message(self.Wheeled())

    def paste(self, text: str) -> None:
        """Type ``text`` as a paste."""
        self._type(keys.paste(text, self.emulator.modes))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the chosen text of the screen (Textual's own selecting with the mouse)."""
        lines = [text_of(self.emulator.row(y)) for y in range(self.emulator.rows)]
        seen = "\n".join(line[self._left :] for line in lines[self._top :])
        text = selection.extract(seen)
        return "\n".join(line.rstrip() for line in text.split("\n")), "\n"

    def render_line(self, y: int) -> Strip:
        """Draw one line of the window (Textual's Line API)."""
        row = self._shown.get(y + self._top)
        width, under = self.size.width, self.rich_style
        if row is None:
            return Strip.blank(width, under)
        whole = paint.strip(
            row, width=self.emulator.columns, terms=self._terms(), under=under,
            marks=self._marks(y + self._top),
        )  # fmt: skip
        seen = whole.crop(self._left, self._left + width)
        return seen.adjust_cell_length(width, under).apply_offsets(0, y)

    def _marks(self, y: int) -> list[Mark]:
        marks = []
        if (chosen := self.text_selection) and (span := chosen.get_span(y - self._top)):
            start, end = span
            style = self.get_component_rich_style("terminal--selected", partial=True)
            end = end if end < 0 else end + self._left
            marks.append(Mark(start=start + self._left, end=end, style=style))
        cursor = self.emulator.cursor
        if cursor.is_visible and cursor.row == y:
            style = _INVERSE if self.has_focus else _UNDERLINED
            marks.append(Mark(start=cursor.column, end=cursor.column + 1, style=style))
        return marks

    def _terms(self) -> Terms:
        return Terms(
            is_plain=self.app.glyphs.name == "ascii", has_bright=self.app.theme != _FEW_COLOURS
        )

    def _draw_soon(self) -> None:
        """Draw now, or when the frame before is 33 ms old: a flood is drawn 30 times a second."""
        if self._frame is None and self.is_attached:
            wait_s = self._drawn_s + _FRAME_S - time.monotonic()
            self._frame = self.set_timer(max(0.001, wait_s), self._draw)

    def _draw(self) -> None:
        """Repaint the rows that look other than they did."""
        self._frame = None
        self._drawn_s = time.monotonic()
        changed = self.emulator.changes() if self._shown else set(range(self.emulator.rows))
        for y in changed:
            row = self.emulator.row(y)
            if row != self._shown.get(y):
                self._shown[y] = row
                self._refresh_row(y)
        cursor = self.emulator.cursor
        if cursor != self._cursor:
            for place in (self._cursor, cursor):
                if place is not None:
                    self._refresh_row(place.row)
            self._cursor = cursor
        if self._follow(cursor):
            self.refresh()

    def _follow(self, cursor: Cursor) -> bool:
        """Move the window so that the cursor is in it; return whether it moved."""
        width, height = self.size
        if not width or not height:
            return False
        before = self._left, self._top
        self._top = _scrolled(self._top, cursor.row, height, self.emulator.rows)
        self._left = _scrolled(self._left, cursor.column, width, self.emulator.columns)
        return before != (self._left, self._top)

    def _refresh_row(self, y: int) -> None:
        self.refresh(Region(0, y - self._top, self.size.width, 1))

    def _fit(self) -> None:
        self.styles.max_width = self.emulator.columns
        self.styles.max_height = self.emulator.rows

    def _prefix(self, *, is_on: bool) -> None:
        if self.is_prefixed != is_on:
            self.is_prefixed = is_on
            self.post_message(self.Prefixed(self, is_on=is_on))

    def _type(self, data: bytes) -> None:
        if data:
            self.post_message(self.Typed(self, data))


def _scrolled(first: int, wanted: int, room: int, total: int) -> int:
    """Return the first of ``room`` cells so that ``wanted`` is among them, moving the least."""
    first = max(min(first, wanted), wanted - room + 1)
    return max(0, min(first, total - room))
