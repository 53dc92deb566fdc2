"""``F2``: a letter on every part of the screen; pressing it puts the focus there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from tui.screens.fitting import Dialog

_LETTERS: Final = "asdfghjklqwertyuiop"  # the home row first


class Jump(Dialog[None]):
    """Letters over the parts of the screen below that can have the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f2", "app.back", "close")]

    def __init__(self, *, below: Screen[Any]) -> None:
        super().__init__(classes="jump")
        self._parts = dict(zip(_LETTERS, parts(below), strict=False))

    def compose(self) -> ComposeResult:
        """Put each letter on the upper left corner of its part."""
        for letter, part in self._parts.items():
            label = Static(f"[{letter.upper()}] {_name(part)}", markup=False, classes="letter")
            label.styles.offset = (max(0, part.region.x), max(0, part.region.y))
            yield label

    def on_key(self, event: events.Key) -> None:
        """Go where the letter is."""
        part = self._parts.get(event.key)
        if part is not None:
            event.stop()
            self.dismiss()
            part.focus()


def parts(screen: Screen[Any]) -> Sequence[Widget]:
    """Return what can have the focus, in the order in which Tab goes."""
    return [widget for widget in screen.focus_chain if widget.region.area]


def _name(part: Widget) -> str:
    """Return what a part is called: by the box it is in, or by what it is."""
    for node in part.ancestors_with_self:
        if isinstance(node, Widget) and node.border_title:
            return str(node.border_title).split("  ")[0].strip()[:24]
    return (part.id or type(part).__name__).lower()
