"""The last lines of a guest's serial console; asks for nothing itself."""

from __future__ import annotations

from tui.plain import lines_of
from tui.widgets import spans
from tui.widgets.lines import Lines
from tui.widgets.spans import Span


class ConsoleLog(Lines):
    """Lines of console; stays at the end as they come, unless the cursor was moved up."""

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(widget_id=widget_id)
        self._lines: list[str] = []

    def count(self) -> int:
        """Return the number of lines."""
        return len(self._lines)

    def line(self, index: int, width: int) -> list[Span]:
        """Return one line of the console."""
        return [(spans.fit(self._lines[index], width, ellipsis=self.app.glyphs.ellipsis), "")]

    def update(self, output: str) -> None:
        """Show what the console said."""
        was_at_end = self.cursor >= len(self._lines) - 1
        lines = lines_of(output)
        if lines == self._lines:
            return
        self._lines = lines
        if was_at_end:
            self.cursor = len(lines) - 1
        self.changed()

    def clear(self) -> None:
        """Show nothing."""
        self._lines = []
        self.changed()
