"""Lines that a command printed, to be read; they may still come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.containers import Vertical
from textual.widget import Widget

from tui.screens.view import View
from tui.widgets.log_lines import LogLines


class Output(View):
    """What ``name`` said; ``lines`` is the list to which more is added."""

    AUTO_FOCUS = "LogLines"

    def __init__(self, name: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._name = name
        self._lines = lines
        self._shown = 0

    def crumbs(self) -> list[str]:
        """Return the path to it."""
        return ["Welcome", "log"]

    def body(self) -> Iterable[Widget]:
        """Return the lines."""
        with Vertical(classes="box", id="lines") as box:
            box.border_title = f"{self._name}: all that was run, and what it said"
            yield LogLines()

    def on_mount(self) -> None:
        """Show what was said so far."""
        self.tick()

    def tick(self) -> None:
        """Show what was said since."""
        more = self._lines[self._shown :]
        if more:
            self._shown += len(more)
            self.query_one(LogLines).add(more)
