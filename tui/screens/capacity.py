"""Capacity and quotas: who has the room, what still fits, what each project may, what comes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual import work
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget

from tui import bindings, quantities
from tui.client import plans, verbs
from tui.client.nouns import Choice
from tui.client.nouns.planning import Capacity as Found
from tui.client.nouns.planning import Fit
from tui.kinds import quotas
from tui.screens.pick import Pick
from tui.screens.resource import Resource
from tui.store import Topic
from tui.widgets import history, room
from tui.widgets.panel import Panel
from tui.widgets.spans import clean

_AGAIN_S: Final = 60.0  # what nobody changes here is looked at again this often


class Capacity(Resource):
    """The quotas as a list, under the room and over its history."""

    KIND = quotas.KIND
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("capacity")

    def __init__(self) -> None:
        super().__init__()
        self.imagined: list[str] = []
        self._found = Found()
        self._chart = 0

    def crumbs(self) -> list[str]:
        """Return what is on the screen."""
        return ["Capacity"]

    def body(self) -> Iterable[Widget]:
        """Return room, quotas, history."""
        yield Panel("Room", widget_id="room")
        yield from super().body()
        yield Panel(widget_id="history")

    def on_mount(self) -> None:
        """Ask now, and now and then."""
        self.set_interval(_AGAIN_S, self._again)

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.call_after_refresh(self._draw)

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw; what takes room or gives it back has it asked for anew."""
        super().show(topics)
        self._draw()

    @work(exclusive=True, group="read")
    async def load(self) -> None:
        """Ask for all of it at once."""
        self._is_due = False
        if self.app.store.link.state != "live":
            return
        found = await self.app.ask(verbs.planning.capacity(self.imagined), plans.capacity)
        if found is not None:
            self._found = found
            self.app.store.replace({self.KIND.topic: list(found.quotas)}, rev=self.app.store.rev)
            self._draw()

    @work(group="acts")
    async def action_imagine(self) -> None:
        """Add an instance that is only imagined."""
        choices = [
            Choice(id=one.flavor, name=one.flavor, note=_note(one)) for one in self._found.fits
        ]
        chosen = await self.app.push_screen_wait(Pick("What if one more ran?", choices))
        if chosen:
            self.imagined.append(chosen.id)
            self.load()

    def action_forget(self) -> None:
        """Imagine nothing any more."""
        self.imagined.clear()
        self.load()

    def action_next_history(self) -> None:
        """Show the history of the next resource."""
        self._chart = (self._chart + 1) % len(history.CHARTS)
        self._draw()

    def go_back(self) -> bool:
        """Forget what is imagined first."""
        if self.imagined:
            self.action_forget()
            return True
        return super().go_back()

    def _again(self) -> None:
        if self.is_current:
            self.load()

    def _draw(self) -> None:
        glyphs = self.app.glyphs
        above = self.query_one("#room", Panel)
        above.border_title = Content(clean(self._title()))
        above.show(*room.lines(self._found, width=max(above.content_size.width, 40), glyphs=glyphs))
        below, chart = self.query_one("#history", Panel), history.CHARTS[self._chart]
        below.border_title = chart.title
        below.border_subtitle = history.comes(history.of(self._found, chart))
        width, height = below.content_size
        below.show(*history.lines(
            self._found, chart, now_s=self.app.now_s(), width=max(width, 40),
            height=max(height, 2), glyphs=glyphs,
        ))  # fmt: skip

    def _title(self) -> str:
        if self.imagined:
            return f"Room, if {', '.join(self.imagined)} ran too"
        return "Room"


def _note(one: Fit) -> str:
    size = f"{one.vcpus} cpu, {quantities.memory(one.memory_mib)}, {one.disk_gib}G"
    return f"{size}   {one.count} fit" if one.count else f"{size}   none fits"
