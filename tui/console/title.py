"""The line over a console: whose it is, how it is, and how much comes."""

from __future__ import annotations

from textual import getters
from textual.content import Content
from textual.widget import Widget

from tui import themes
from tui.app import Tui
from tui.glyphs import Meaning
from tui.widgets import spans


class Title(Widget):
    """Left the guest, right what comes from it, between them the line."""

    app = getters.app(Tui)

    def __init__(self) -> None:
        super().__init__()
        self._left = self._right = ""
        self._meaning: Meaning = "unknown"

    def show(self, left: str, right: str, meaning: Meaning) -> None:
        """Show other words; the same again repaints nothing."""
        if (left, right, meaning) != (self._left, self._right, self._meaning):
            self._left, self._right, self._meaning = left, right, meaning
            self.refresh()

    def render(self) -> Content:
        """Draw it as wide as there is room."""
        wire, width = self.app.glyphs.wire, self.size.width
        right = spans.clean(self._right)[: max(0, width - 4)]
        room = width - len(right) - 7
        left = spans.fit(self._left, max(0, room), ellipsis=self.app.glyphs.ellipsis).rstrip()
        between = wire * max(1, width - len(right) - 6 - spans.width_of([(left, "")]))
        dim = "$border"
        return Content.assemble(
            (f"{wire} ", dim), (left, "bold $primary"), (f" {between} ", dim),
            (right, themes.COLOUR[self._meaning]), (f" {wire}", dim),
        )  # fmt: skip
