"""Several lists on one screen: keys work on the one that has the focus (Tab goes on)."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from textual import on

from tui import registry
from tui.actions.action import Target
from tui.kinds.kind import Kind
from tui.screens.resource import Resource
from tui.widgets.lines import Lines
from tui.widgets.table import Table

_BY_DEED: Final = {action.does: action for action in registry.REGISTRY if action.takes}


class Panes(Resource):
    """A list as all others, ``KIND``, and beside it further ones in boxes of their own."""

    BESIDE: ClassVar[dict[str, Kind[Any]]] = {}
    """The further lists: the id of each one's box, and what it lists."""
    AUTO_FOCUS = "#rows Table"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return None, which shows it as not to be had, for what does not work on the object."""
        known = _BY_DEED.get(f"screen.{action}")
        if known is not None and self.is_mounted:
            target = next(iter(self.targets()), None)
            return True if known.works_on(target) else None
        return super().check_action(action, parameters)

    def pane(self) -> tuple[Kind[Any], Table[Any]]:
        """Return the list that has the focus, or the main one."""
        for name, kind in self.BESIDE.items():
            if (table := self.beside(name)).has_focus:
                return kind, table
        return self.KIND, self.table

    def beside(self, name: str) -> Table[Any]:
        """Return one of the further lists."""
        return self.query_one(f"#{name} Table", Table)

    def targets(self) -> list[Target]:
        """Return the chosen objects of the list that has the focus."""
        kind, table = self.pane()
        return [Target(id=item.key, name=kind.name(item), noun=item) for item in table.chosen()]

    def shows(self) -> tuple[str, ...]:
        """Return the shell line that shows one object of the list that has the focus."""
        return self.pane()[0].show

    def action_sort(self) -> None:
        """Sort the list that has the focus by its next column."""
        self.pane()[1].sort_by_next()

    def action_mark(self) -> None:
        """Mark the row of the list that has the focus."""
        self.pane()[1].toggle_mark()

    @on(Lines.Moved)
    def _another(self) -> None:
        self.refresh_bindings()

    def on_descendant_focus(self) -> None:
        """Offer what works in the list that has the focus now."""
        self.refresh_bindings()
