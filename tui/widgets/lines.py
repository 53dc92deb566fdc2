"""A scrolling list of lines with a cursor, drawn line by line however long; what tables stand on.

Textual's DataTable needs seconds for 10 000 rows and paints twice the bytes for a key; this
asks for the lines in sight only and repaints two of them when the cursor moves.
"""

from __future__ import annotations

from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events, getters
from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui import bindings
from tui.app import Tui
from tui.widgets import spans
from tui.widgets.spans import Span

_NO_STYLE: Final = Style()


class Lines(ScrollView, can_focus=True, inherit_bindings=False):
    """Lines with a cursor; a subclass says how many there are and what each shows."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"lines--{name}" for name in spans.STYLES}
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("cursor")

    app = getters.app(Tui)

    class Moved(Message):
        """The cursor is on another line, or the line under it changed."""

        def __init__(self, lines: Lines) -> None:
            super().__init__()
            self.lines = lines

        @property
        def control(self) -> Lines:
            """The list whose cursor moved."""
            return self.lines

    class Chosen(Moved):
        """Enter was pressed on a line."""

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(id=widget_id)
        self.cursor = 0

    def count(self) -> int:
        """Return how many lines there are."""
        raise NotImplementedError

    def line(self, index: int, width: int) -> list[Span]:
        """Return what a line shows, ``width`` cells at most."""
        raise NotImplementedError

    def head(self, width: int) -> list[Span] | None:
        """Return the line that stays on top, or None."""
        return None

    def changed(self) -> None:
        """Take note that the lines are others now: keeps the cursor inside and repaints."""
        self.cursor = max(0, min(self.cursor, self.count() - 1))
        self.virtual_size = Size(self.size.width, self.count() + self._head_height)
        self._keep_in_sight()
        self.refresh()

    def move_to(self, index: int) -> None:
        """Put the cursor on a line, the nearest there is, and bring it in sight."""
        index = max(0, min(index, self.count() - 1))
        if index == self.cursor:
            return
        for line in (self.cursor, index):
            self.refresh_line(line + self._head_height)
        self.cursor = index
        self._keep_in_sight()
        self.post_message(self.Moved(self))

    def render_line(self, y: int) -> Strip:
        """Draw the line at ``y`` of the window (Textual's Line API)."""
        width = self.size.width
        head = self.head(width)
        if head is not None and y == 0:
            return self._strip(head, base="head")
        index = y - self._head_height + self.scroll_offset.y
        if index >= self.count():
            return Strip.blank(width, self.rich_style)
        base = "cursor" if index == self.cursor and self.has_focus else ""
        return self._strip(self.line(index, width), base=base)

    def action_move(self, lines: int) -> None:
        """Move the cursor up or down."""
        self.move_to(self.cursor + lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by a window."""
        self.move_to(self.cursor + pages * max(1, self._window - 1))

    def action_choose(self) -> None:
        """Say that the line under the cursor was chosen."""
        if self.count():
            self.post_message(self.Chosen(self))

    def on_resize(self) -> None:
        """Keep the cursor in sight in the new size."""
        self.changed()

    def on_focus(self) -> None:
        """Show the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Show that keys go elsewhere."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a second click opens."""
        index = event.y - self._head_height + self.scroll_offset.y
        if not 0 <= index < self.count():
            return
        self.move_to(index)
        if event.chain > 1:
            self.action_choose()

    @property
    def _head_height(self) -> int:
        return 0 if self.head(self.size.width) is None else 1

    @property
    def _window(self) -> int:
        return max(1, self.size.height - self._head_height)

    def _keep_in_sight(self) -> None:
        top = self.scroll_offset.y
        wanted = max(min(top, self.cursor), self.cursor - self._window + 1)
        if wanted != top:  # by force: Textual learns only later that there is something to scroll
            self.scroll_to(y=wanted, animate=False, force=True)

    def _strip(self, line: list[Span], *, base: str) -> Strip:
        under = self.rich_style + (self._style(base) if base else _NO_STYLE)
        segments = [
            Segment(text, under if base == "cursor" or not style else under + self._style(style))
            for text, style in spans.crop(line, self.size.width)
        ]
        return Strip(segments, self.size.width)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"lines--{name}", partial=True)
