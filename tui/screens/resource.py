"""A list of one kind: filter, sort, marks, copying, and what is known of the chosen object.

What it lists is declared in ``tui.kinds``; a screen with more on it is a subclass.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from textual import on, work
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from tui import bindings, places
from tui.actions.action import Target
from tui.client import nouns
from tui.kinds.kind import Kind
from tui.places import Place
from tui.screens.copying import Copying
from tui.screens.view import View
from tui.store import Topic
from tui.widgets.panel import Panel
from tui.widgets.spans import clean
from tui.widgets.table import Table

_AGAIN_S: Final = 1.0  # hops come by the hundred: a list is asked for once a second at most
_BORDER: Final = 2


class Resource(View):
    """A view of ``KIND`` whose table has the focus; ``/`` opens a line under it to filter."""

    BINDINGS: ClassVar[list[BindingType]] = bindings.of("lists")
    AUTO_FOCUS = "Table"
    KIND: ClassVar[Kind[Any]]

    def __init__(self) -> None:
        super().__init__()
        self._is_due = False

    @property
    def table(self) -> Table[Any]:
        """The table."""
        return self.query_one("#rows Table", Table)

    def crumbs(self) -> list[str]:
        """Return the kind's title."""
        return [self.KIND.title]

    def body(self) -> Iterable[Widget]:
        """Return table and detail; the style sheet puts detail beside where it is wide."""
        with Container(id="beside"):
            with Vertical(classes="box", id="rows"):
                yield Table(self.KIND.columns(self.app), key=nouns.key)
                yield from self.filter_line()
            if self.KIND.detail:
                yield Panel(widget_id="detail")

    def filter_line(self) -> Iterable[Widget]:
        """Return the line that filters, hidden until asked for."""
        yield _filter_line()

    def on_mount(self) -> None:
        """Give the detail its room."""
        if self.KIND.detail:
            self.query_one("#detail").styles.min_height = self.KIND.detail_rows + _BORDER

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw the rows and the chosen object, or ask for them anew."""
        if self.KIND.topic in topics:
            self.show_rows()
        if topics & self.KIND.follows:
            self.show_chosen()
        if self.KIND.read and "link" in topics:
            self.load()
        elif self.KIND.read and topics & self.KIND.follows and not self._is_due:
            self._is_due = True
            self.set_timer(_AGAIN_S, self.load)

    def on_acted(self) -> None:
        """Ask anew for what the event stream does not tell of."""
        if self.KIND.read:
            self.load()

    def tick(self) -> None:
        """Draw the ages."""
        self.table.refresh()
        self.show_chosen()

    def targets(self) -> list[Target]:
        """Return the chosen objects."""
        return [
            Target(id=item.key, name=self.KIND.name(item), noun=item)
            for item in self.table.chosen()
        ]

    @work(exclusive=True, group="read")
    async def load(self) -> None:
        """Ask for the objects that the event stream does not tell of."""
        self._is_due = False
        read = self.KIND.read
        if read and self.app.store.link.state == "live":
            items = await self.app.ask(read.call(), read.read)
            if items is not None:
                self.app.store.replace({self.KIND.topic: list(items)}, rev=self.app.store.rev)

    def action_filter(self) -> None:
        """Open the filter line."""
        line = self._filter_line()
        line.display = True
        self.set_focus(line)  # now: the next key may be here already

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.table.sort_by_next()

    def action_mark(self) -> None:
        """Mark the row."""
        self.table.toggle_mark()

    def action_copy_id(self) -> None:
        """Copy the id of the object under the cursor."""
        if target := self.app.target():
            self.app.action_copy(target.id)

    def action_copy_as(self) -> None:
        """Copy the object under the cursor in one of several forms."""
        if target := self.app.target():
            place = next((one for one in places.PLACES if one.name == self.app.current_mode), None)
            call = place.call.line() if place else ""
            self.app.push_screen(Copying(target, show=self.shows(), call=call))

    def shows(self) -> tuple[str, ...]:
        """Return the shell line that shows one of the objects, but for its id."""
        return self.KIND.show

    def filter_by(self, text: str) -> None:
        """Filter the table, as if ``text`` had been typed."""
        line = self._filter_line()
        line.value = text
        line.display = bool(text)
        self.table.filter(text)

    def go_back(self) -> bool:
        """Clear the filter, or else the marks; return whether there was any."""
        if self._filter_line().display:
            self.filter_by("")
            self.table.focus()
            return True
        if self.table.marked:
            self.table.clear_marks()
            return True
        return False

    def show_chosen(self) -> None:
        """Draw what is known of the object under the cursor."""
        if self.KIND.detail is None:
            return
        panel, item = self.query_one("#detail", Panel), self.table.current
        if item is None:
            panel.border_title = "nothing here"
            panel.show("the filter hides all" if self.table.total else self.KIND.empty)
            return
        panel.border_title = Content(clean(f"{item.key[:8]} {self.KIND.name(item)}"))
        lines = self.KIND.detail(item, self.app, self.has_class("-wide"))
        panel.show(*(clean(line) if isinstance(line, str) else line for line in lines))

    @on(Table.Moved, "#rows Table")
    def _moved(self) -> None:
        self._show_title()
        self.show_chosen()

    @on(Table.Chosen, "#rows Table")
    async def _opened(self) -> None:
        if self.KIND.opens and self.table.current is not None:
            await self.run_action(self.KIND.opens(self.table.current))

    def show_rows(self) -> None:
        """Draw the rows, with the cursor on what was just made, once that is there."""
        kind = self.KIND
        items = self.app.store.all(kind.noun)
        self.table.update(sorted(items, key=kind.order, reverse=kind.is_newest_first))
        expected = self.app.expected.get(kind.topic, "")
        if expected and self.app.store.find(kind.noun, expected):
            del self.app.expected[kind.topic]
            self.table.go_to(expected)
        self._show_title()

    def _show_title(self) -> None:
        table, dot = self.table, self.app.glyphs.dot
        parts = [f"{self.KIND.title} {table.count()} of {table.total}"]
        parts += [f"{len(table.marked)} marked"] if table.marked else []
        parts += [self.KIND.summary(self.app)] if self.KIND.summary else []
        self.query_one("#rows").border_title = Content(clean(f" {dot} ".join(parts)))

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        self.table.filter(event.value)

    @on(Input.Submitted, "#filter")
    def _entered(self) -> None:
        self._filter_line().display = bool(self.table.filter_text)
        self.table.focus()

    def _filter_line(self) -> Input:
        return self.query_one("#filter", Input)


def listing(place: Place) -> Resource:
    """Return the screen of a place that is no more than its kind's list."""
    kind = place.listed()
    fields = {"KIND": kind, "BINDINGS": bindings.of(place.name), "__doc__": kind.purpose}
    made: Resource = type(kind.title, (Resource,), fields)()
    return made


def _filter_line() -> Input:
    """Return the line that filters, hidden until asked for."""
    line = Input(placeholder="word  !word  column:value", id="filter", compact=True)
    line.display = False
    return line
