"""Lines of a process's log: time, how bad, who says it, what; asks for nothing itself."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from tui.glyphs import Meaning
from tui.widgets import spans
from tui.widgets.lines import Lines
from tui.widgets.spans import Span

_KEPT_MAX: Final = 20_000  # some 4 MiB
_NAME_COLUMNS: Final = 18
# 2026-01-01T10:00:00.100 WARNING services.network.manager [req-…] host box1: …
_FORM: Final = re.compile(
    r"\S+T(?P<time>\d\d:\d\d:\d\d\.\d{3}) (?P<level>[A-Z]+) +(?P<name>\S+) \[(?P<request>[^]]*)\]"
    r" (?P<text>.*)"
)
_MEANINGS: Final[dict[str, Meaning]] = {
    "ERROR": "failed", "CRITICAL": "failed", "WARNING": "attention",
}  # fmt: skip


class LogLines(Lines):
    """A log that may grow; stays at its end as it does, unless the cursor was moved up."""

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(widget_id=widget_id)
        self._lines: list[str] = []
        self._wanted = ""

    def count(self) -> int:
        """Return the number of lines."""
        return len(self._lines)

    @property
    def current(self) -> str:
        """The line under the cursor, as it was written."""
        return self._lines[self.cursor] if self._lines else ""

    @property
    def is_at_end(self) -> bool:
        """Whether new lines are followed."""
        return self.cursor >= len(self._lines) - 1

    def line(self, index: int, width: int) -> list[Span]:
        """Return one line: a line that goes on the one before is set in."""
        written, glyphs = self._lines[index], self.app.glyphs
        sign = glyphs.cursor if index == self.cursor else " "
        found = _FORM.match(written)
        if found is None:
            rest = spans.fit(f"  {written}", width - 2, ellipsis=glyphs.ellipsis)
            return [(f"{sign} ", "title"), (rest, self._tone(index, "dim"))]
        meaning = _MEANINGS.get(found["level"])
        state = f"{glyphs.state(meaning) if meaning else ' '} "
        name = spans.fit(_short(found["name"]), _NAME_COLUMNS, ellipsis=glyphs.ellipsis)
        room = max(0, width - 2 - 13 - 2 - _NAME_COLUMNS - 1)
        text = spans.fit(found["text"], room, ellipsis=glyphs.ellipsis)
        return [
            (f"{sign} ", "title"),
            (f"{found['time']} ", "dim"),
            (state, meaning or ""),
            (f"{name} ", "dim"),
            (text, self._tone(index, meaning or "")),
        ]

    def add(self, lines: Iterable[str]) -> None:
        """Take more lines."""
        was_at_end = self.is_at_end
        self._lines.extend(lines)
        gone = max(0, len(self._lines) - _KEPT_MAX)
        del self._lines[:gone]
        self.cursor = len(self._lines) - 1 if was_at_end else max(0, self.cursor - gone)
        self.changed()
        self.post_message(self.Moved(self))

    def search(self, text: str) -> int:
        """Show which lines have ``text``; return how many."""
        self._wanted = text.lower()
        self.refresh()
        return sum(self._matches(index) for index in range(len(self._lines))) if text else 0

    def find(self, step: int) -> bool:
        """Go to the next line that matches, round the end; return whether there is one."""
        count = len(self._lines)
        for away in range(1, count + 1):
            index = (self.cursor + step * away) % count
            if self._matches(index):
                self.move_to(index)
                return True
        return False

    def _matches(self, index: int) -> bool:
        return bool(self._wanted) and self._wanted in self._lines[index].lower()

    def _tone(self, index: int, style: str) -> str:
        return "key" if self._matches(index) else style


def request_of(line: str) -> str:
    """Return the request that a line was written for, or an empty text."""
    found = _FORM.match(line)
    return found["request"] if found and found["request"].startswith("req-") else ""


def _short(name: str) -> str:
    """A module without the package that all are in."""
    return name.removeprefix("services.").removeprefix("appliance.")
