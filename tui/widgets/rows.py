"""Lines that are made beforehand, each with what it stands for: trees, mostly."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from tui.widgets.lines import Lines
from tui.widgets.spans import Span

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row(Generic[T]):
    """What a line shows in so many cells, and what it stands for; ``key`` names it for good."""

    key: Hashable
    item: T
    draw: Callable[[int], list[Span]]


class Rows(Lines, Generic[T]):
    """The lines; the cursor stays on what it was on."""

    def __init__(self, *, widget_id: str | None = None) -> None:
        super().__init__(widget_id=widget_id)
        self._rows: list[Row[T]] = []

    @property
    def current(self) -> T | None:
        """What the line under the cursor stands for."""
        return self._rows[self.cursor].item if self._rows else None

    def count(self) -> int:
        """Return how many lines there are."""
        return len(self._rows)

    def line(self, index: int, width: int) -> list[Span]:
        """Return what a line shows; the sign of the cursor before it, as in tables."""
        cursor = self.app.glyphs.cursor
        is_here = index == self.cursor
        room = width - len(cursor) - 1
        return [(f"{cursor if is_here else ' ' * len(cursor)} ", ""),
                *self._rows[index].draw(room)]  # fmt: skip

    def update_rows(self, rows: Sequence[Row[T]]) -> None:
        """Show other lines."""
        key = self._rows[self.cursor].key if self._rows else None
        self._rows = list(rows)
        place = next((at for at, row in enumerate(self._rows) if row.key == key), self.cursor)
        self.cursor = place
        self.changed()
        self.post_message(self.Moved(self))
