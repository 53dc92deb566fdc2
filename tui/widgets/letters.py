"""The letters of a mode and what each does, in as many columns as there is room for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.content import Content
from textual.widget import Widget

from tui.actions.action import Action
from tui.widgets.hints import key_name

_COLUMN: Final = 26


class Letters(Widget):
    """A table of keys; the style sheet says where, and when it is seen."""

    def __init__(self, actions: Sequence[Action], *, widget_id: str) -> None:
        super().__init__(id=widget_id)
        self._actions = actions
        self.border_title = "^] then"

    def render(self) -> Content:
        """Draw it row by row."""
        columns = max(1, self.size.width // _COLUMN)
        cells = [
            Content.assemble(
                (f"{key_name(action.keys):>4}", "bold $accent"), f" {action.label}"
            ).pad_right(max(0, _COLUMN - 5 - len(action.label)))
            for action in self._actions
        ]
        rows = [cells[at : at + columns] for at in range(0, len(cells), columns)]
        return Content("\n").join(Content("").join(row) for row in rows)
