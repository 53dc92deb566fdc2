"""One line that says how far a transfer is."""

from __future__ import annotations

import time

from textual import getters
from textual.content import Content
from textual.widget import Widget

from tui import quantities
from tui.app import Tui
from tui.widgets import spans

_REPAINT_S = 0.2
_BAR = 16


class Transfer(Widget):
    """Verb, name, bar, amount, pace and what is left; not to be seen while nothing goes."""

    app = getters.app(Tui)

    def __init__(self) -> None:
        super().__init__()
        self.display = False
        self._what = ""
        self._total: int | None = None
        self._done = 0
        self._began_s = self._drawn_s = 0.0

    def start(self, what: str, total_bytes: int | None) -> None:
        """Begin a transfer."""
        self._what, self._total, self._done = what, total_bytes, 0
        self._began_s = self._drawn_s = time.monotonic()
        self.display = True
        self.refresh()

    def advance(self, size_bytes: int) -> None:
        """Take note that so many bytes went."""
        self._done += size_bytes
        now_s = time.monotonic()
        if now_s - self._drawn_s >= _REPAINT_S:
            self._drawn_s = now_s
            self.refresh()

    def stop(self) -> None:
        """End it."""
        self.display = False

    def render(self) -> Content:
        """Draw it."""
        took_s = max(0.001, time.monotonic() - self._began_s)
        pace = self._done / took_s
        parts = [quantities.size(self._done)]
        if self._total:
            share = min(1.0, self._done / self._total)
            parts.insert(0, f"{self.app.glyphs.bar(share, width=_BAR)} {share:4.0%}")
            if pace and took_s > 1:
                parts.append(f"{quantities.age((self._total - self._done) / pace)} left")
        parts.insert(-1, f"{quantities.size(pace)}/s") if took_s > 1 else None
        told = "  ".join(parts) + "   Esc stops it"
        room = max(0, self.size.width - len(told) - 2)
        what = spans.fit(self._what, room, ellipsis=self.app.glyphs.ellipsis).rstrip()
        return Content.assemble((what, "bold"), "  ", told)
