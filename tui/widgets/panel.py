"""A box with a title and lines of text in it."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class Panel(Static):
    """Text in a border; the title says what, the subtitle which key leads on.

    Long lines are cut, or wrapped where the box ``wraps``.
    """

    def __init__(
        self, title: str = "", *, note: str = "", widget_id: str | None = None, wraps: bool = False
    ) -> None:
        super().__init__("", id=widget_id, markup=False, classes="wraps" if wraps else None)
        self.border_title = title
        self.border_subtitle = note
        self._shown: Content | None = None

    def show(self, *lines: Content | str) -> None:
        """Show ``lines``; the same again repaints nothing."""
        text = Content("\n").join(lines)
        if self._shown is None or not text.is_same(self._shown):
            self._shown = text
            self.update(text)
            # Textual 8.2 counts the first of several changes between two rests only, and takes the
            # height that it found after that one for the last one's
            self._layout_updates += 1
