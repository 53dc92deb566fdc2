"""The log of one process: followed as it is written, searched, each line whole below."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from tui import bindings
from tui.actions.action import Target
from tui.client import decode, nouns, verbs
from tui.client.errors import ClientError
from tui.screens.view import View
from tui.widgets import log_lines
from tui.widgets.log_lines import LogLines
from tui.widgets.panel import Panel
from tui.widgets.spans import clean

_LINES: Final = 1000
_LOOK_S: Final = 1.0


class ServiceLog(View):
    """What a process wrote; ``service`` is its topic or its name."""

    AUTO_FOCUS = "LogLines"
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings.of("log"),
        *(
            binding for binding in bindings.of("lists")
            if isinstance(binding, Binding) and binding.id == "list.filter"
        ),
    ]  # fmt: skip

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service
        self._found = ""

    def crumbs(self) -> list[str]:
        """Return the path, which ends in the process."""
        return ["Services and queues", self._service, "log"]

    def body(self) -> Iterable[Widget]:
        """Return the lines, the line to search with, the line under the cursor."""
        with Vertical(classes="box", id="lines"):
            yield LogLines()
            line = Input(placeholder="a part of a line", id="filter", compact=True)
            line.display = False
            yield line
        yield Panel(widget_id="whole", wraps=True)

    def on_mount(self) -> None:
        """Ask for the log."""
        self._follow()

    def targets(self) -> list[Target]:
        """Return the request that the line under the cursor was written for."""
        request_id = log_lines.request_of(self._lines.current)
        noun = nouns.Request(id=request_id)
        return [Target(id=request_id, name=request_id, noun=noun)] if request_id else []

    def action_filter(self) -> None:
        """Open the line that searches."""
        self._line.display = True
        self._line.focus()

    def action_find(self, step: int) -> None:
        """Go to the next line that matches."""
        if not self._lines.find(step):
            self.app.say(f"no line has {self._line.value!r}" if self._line.value else "/ searches")

    def action_follow(self) -> None:
        """Follow, or stay."""
        lines = self._lines
        lines.move_to(lines.count() - 2 if lines.is_at_end else lines.count() - 1)

    def go_back(self) -> bool:
        """Close the search first."""
        if self._line.display:
            self._line.value = ""
            self._line.display = False
            self._lines.focus()
            return True
        return False

    @work(exclusive=True, group="log")
    async def _follow(self) -> None:
        """Ask for what was written since, again and again while the screen is there."""
        try:
            call = verbs.novabox.service_log(self._service, lines=_LINES)
            while True:
                piece = await self.app.fetch(call, decode.log)
                if self._is_gone:
                    return
                if piece.lines:
                    self._lines.add(piece.lines)
                self._show()
                call = verbs.novabox.service_log_since(self._service, piece.offset)
                await asyncio.sleep(_LOOK_S)
        except ClientError as error:
            if not self._is_gone:
                self.query_one("#whole", Panel).show(clean(error.reason))
                self.query_one("#lines").border_subtitle = "not followed any more"

    @on(LogLines.Moved)
    def _moved(self) -> None:
        self._show()

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        count = self._lines.search(event.value)
        self._found = f"{count} lines have it" if event.value else ""
        self._show()

    @on(Input.Submitted, "#filter")
    def _entered(self) -> None:
        self._lines.focus()
        self._line.display = bool(self._line.value)
        if self._line.value:
            self._lines.find(-1)

    def _show(self) -> None:
        if self._is_gone:
            return
        lines, dot = self._lines, self.app.glyphs.dot
        box = self.query_one("#lines")
        parts = [f"{self._service} log", f"{lines.count()} lines", self._found]
        box.border_title = Content(clean(f" {dot} ".join(filter(None, parts))))
        box.border_subtitle = "following" if lines.is_at_end else "f follows"
        self.query_one("#whole", Panel).show(clean(lines.current or "(nothing yet)"))

    @property
    def _is_gone(self) -> bool:
        """Whether the screen was closed: what was under way may still end after that."""
        return not (self.query(LogLines) and self.query("#whole"))

    @property
    def _lines(self) -> LogLines:
        return self.query_one(LogLines)

    @property
    def _line(self) -> Input:
        return self.query_one("#filter", Input)
