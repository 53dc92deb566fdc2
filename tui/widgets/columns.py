"""Which columns fit in a width and how wide each is; pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from tui.widgets.spans import Span

T = TypeVar("T")

GAP = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[T]):
    """One column of a table.

    ``cell`` gives the text and its style, ``sort`` what rows are ordered by. A column is at
    least ``width`` wide, takes ``weight`` shares of what is left, and the one with the highest
    ``drop`` goes first when there is no room; 0 never goes. One that is not ``is_searched``
    (an age, which is another every second) is no place where a filter finds a word.
    """

    name: str
    cell: Callable[[T], Span]
    width: int
    weight: int = 0
    drop: int = 0
    is_right: bool = False
    is_searched: bool = True
    sort: Callable[[T], Any] | None = None
    draw: Callable[[T, int], Span] | None = None  # what it shows in so many cells, if that counts

    def key(self, item: T) -> Any:
        """Return what ``item`` is ordered by in this column."""
        return self.cell(item)[0].lower() if self.sort is None else self.sort(item)


def layout(columns: Sequence[Column[T]], width: int) -> list[tuple[Column[T], int]]:
    """Return the columns that fit and their widths, in the given order."""
    kept = list(columns)
    while kept and _needed(kept) > width and max(column.drop for column in kept) > 0:
        kept.remove(max(kept, key=lambda column: column.drop))
    spare = max(0, width - _needed(kept))
    shares = sum(column.weight for column in kept) or 1
    return [(column, column.width + spare * column.weight // shares) for column in kept]


def _needed(columns: Sequence[Column[T]]) -> int:
    return sum(column.width for column in columns) + GAP * max(0, len(columns) - 1)
