"""What screens with a table have: filter, sort, marks, copying; knows no kind of object."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.widgets import Input

from tui import actions, bindings
from tui.screens.view import View
from tui.widgets.table import Table

CLIPBOARD_BYTES_MAX = 74_994  # what terminals take by OSC 52, after k9s


class Listing(View):
    """A view whose one table has the focus; ``/`` opens a line under it to filter."""

    BINDINGS: ClassVar[list[BindingType]] = bindings.of("lists")
    AUTO_FOCUS = "Table"
    SHOW: ClassVar[tuple[str, ...]] = ()
    """The shell line that shows one of the objects, but for its id."""

    @property
    def table(self) -> Table[Any]:
        """The table."""
        return self.query_one(Table)

    def action_filter(self) -> None:
        """Open the filter line."""
        line = self._filter_line()
        line.display = True
        line.focus()

    def action_sort(self) -> None:
        """Sort by the next column."""
        self.table.sort_by_next()

    def action_mark(self) -> None:
        """Mark the row."""
        self.table.toggle_mark()

    def action_copy_id(self) -> None:
        """Copy the id of the object under the cursor."""
        if target := self.app.target():
            self._copy(target.id)

    def action_copy_line(self) -> None:
        """Copy the shell line that shows the object under the cursor."""
        if target := self.app.target():
            self._copy(actions.quote((*self.SHOW, target.id)))

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

    @on(Input.Changed, "#filter")
    def _typed(self, event: Input.Changed) -> None:
        self.table.filter(event.value)

    @on(Input.Submitted, "#filter")
    def _entered(self) -> None:
        self._filter_line().display = bool(self.table.filter_text)
        self.table.focus()

    def _filter_line(self) -> Input:
        return self.query_one("#filter", Input)

    def _copy(self, text: str) -> None:
        self.app.copy_to_clipboard(text[:CLIPBOARD_BYTES_MAX])
        self.app.say(f"copied: {text}")


def filter_line() -> Input:
    """Return the line that filters, hidden until asked for."""
    line = Input(placeholder="word  !word  column:value", id="filter", compact=True)
    line.display = False
    return line
