"""The last lines of a guest's serial console; asks for nothing itself."""

from __future__ import annotations

import re
from typing import Final

from tui.widgets import spans
from tui.widgets.lines import Lines
from tui.widgets.spans import Span

_ESCAPE: Final = re.compile(
    "\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)"  # operating system commands: titles, the clipboard
    "|\x1b\\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, the cursor
    "|\x1b[@-_]"
)


def plain(output: str) -> list[str]:
    """Return a guest's output as lines without anything a terminal would obey."""
    text = _ESCAPE.sub("", output).replace("\r\n", "\n")
    return [spans.clean(line.rsplit("\r", 1)[-1]) for line in text.rstrip().split("\n")]


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
        lines = plain(output)
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
