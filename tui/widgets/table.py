"""A table of any number of rows: sorted, filtered, marked; formats only the rows in sight."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial, reduce
from itertools import compress, repeat
from operator import and_
from typing import Generic, TypeVar

from tui import filters
from tui.widgets import columns as layouts
from tui.widgets import spans
from tui.widgets.columns import Column
from tui.widgets.lines import Lines
from tui.widgets.spans import Span

T = TypeVar("T")

_PREPARED = 4_000  # rows in 5 ms
_MARGIN = 5  # cursor and mark, each with its space; one more before the border


class Table(Lines, Generic[T]):
    """Items of one type as rows.

    The cursor stays on its item while rows come, go and change places.
    """

    def __init__(
        self, columns: Sequence[Column[T]], *, key: Callable[[T], str], widget_id: str | None = None
    ) -> None:
        super().__init__(widget_id=widget_id)
        self.columns = columns
        self.marked: set[str] = set()
        self.filter_text = ""
        self.sorted_by: Column[T] | None = None
        self._key = key
        self._items: list[T] = []
        self._rows: list[T] = []
        self._said: list[str] = []  # all that each of the first items says, for the filter
        self._is_preparing = False

    def count(self) -> int:
        """Return how many rows pass the filter."""
        return len(self._rows)

    @property
    def total(self) -> int:
        """How many items there are, filtered away or not."""
        return len(self._items)

    @property
    def current(self) -> T | None:
        """The item under the cursor, or None."""
        return self._rows[self.cursor] if self._rows else None

    def chosen(self) -> list[T]:
        """Return the marked items in sight of the filter, or else the one under the cursor."""
        if not self.marked:  # asked for with every binding that is shown: not to be looked for
            return [] if self.current is None else [self.current]
        marked = [item for item in self._rows if self._key(item) in self.marked]
        return marked or ([] if self.current is None else [self.current])

    def update(self, items: Iterable[T]) -> None:
        """Take other items."""
        said = dict(zip(map(id, self._items), self._said, strict=False))
        before, self._items = self._items, list(items)
        self._said = self._reused(said) if said else []
        del before  # until here no new item can have the identity of an old one
        if not self._is_preparing and len(self._items) - len(self._said) > _PREPARED:
            self._is_preparing = True
            self.run_worker(self._prepare())
        self.marked &= {self._key(item) for item in self._items} if self.marked else set()
        self._arrange()

    def filter(self, text: str) -> None:
        """Show the items that match ``text`` only."""
        self.filter_text = text
        self._arrange()

    def sort_by_next(self) -> None:
        """Sort by the next column, and after the last one by none."""
        order = [None, *(column for column, _ in layouts.layout(self.columns, self.size.width))]
        here = order.index(self.sorted_by) if self.sorted_by in order else 0
        self.sorted_by = order[(here + 1) % len(order)]
        self._arrange()

    def toggle_mark(self) -> None:
        """Mark the row under the cursor, or not any more, and go on to the next."""
        if self.current is not None:
            self.marked ^= {self._key(self.current)}
            self.refresh_line(self.cursor + 1)
            self.action_move(1)

    def clear_marks(self) -> None:
        """Mark nothing."""
        self.marked = set()
        self.refresh()

    def go_to(self, key: str) -> None:
        """Put the cursor on the item with ``key``, if it is in sight of the filter."""
        index = self._find(key)
        if index is not None:
            self.move_to(index)

    def head(self, width: int) -> list[Span]:
        """Return the names of the columns."""
        texts: list[Span] = [("    ", "")]
        for column, cells in layouts.layout(self.columns, width - _MARGIN):
            name = column.name + ("*" if column is self.sorted_by else "")
            texts += [(self._fit(name, cells, column), ""), (" " * layouts.GAP, "")]
        return texts

    def line(self, index: int, width: int) -> list[Span]:
        """Return one row."""
        item = self._rows[index]
        glyphs = self.app.glyphs
        cursor = glyphs.cursor if index == self.cursor else " "
        mark = glyphs.mark if self._key(item) in self.marked else " "
        texts: list[Span] = [(f"{cursor} ", "title"), (f"{mark} ", "attention")]
        for column, cells in layouts.layout(self.columns, width - _MARGIN):
            text, style = column.draw(item, cells) if column.draw else column.cell(item)
            texts += [(self._fit(text, cells, column), style), (" " * layouts.GAP, "")]
        return texts

    def _fit(self, text: str, cells: int, column: Column[T]) -> str:
        return spans.fit(text, cells, ellipsis=self.app.glyphs.ellipsis, right=column.is_right)

    def _arrange(self) -> None:
        """Show what passes, in order; a filter's turn comes once all is known that items say."""
        before = None if self.current is None else self._key(self.current)
        terms = filters.parse(self.filter_text)
        if terms and self._is_preparing:
            return  # for so long the rows stay as they are
        self._rows = self._passing(terms) if terms else self._items
        if self.sorted_by is not None:
            self._rows = sorted(self._rows, key=self.sorted_by.key)
        index = None if before is None else self._find(before)
        if index is not None:
            self.cursor = index
        self.changed()
        self.post_message(self.Moved(self))

    def _passing(self, terms: Sequence[filters.Term]) -> list[T]:
        """Return the items that pass; what each says is put together once, not with every key."""
        self._said += self._say(self._items[len(self._said) :])
        # no tuple an item: a hundred thousand new ones have the garbage collector look at all
        holds = (term.holds(self._texts(term.column)) for term in terms)
        return list(compress(self._items, reduce(partial(map, and_), holds)))

    def _texts(self, name: str) -> Iterable[str]:
        """Return what each item says in a column, or, without a name, in all of them."""
        if not name:
            return self._said
        column = next((one for one in self.columns if one.name.lower() == name), None)
        if column is None:
            return repeat("", len(self._items))
        return (text.lower() for text, _ in map(column.cell, self._items))

    def _say(self, items: Sequence[T]) -> list[str]:
        """Return all that each item says, column by column: that is twice as fast."""
        texts = [
            [text for text, _ in map(column.cell, items)]
            for column in self.columns
            if column.is_searched
        ]
        if not texts:
            return [""] * len(items)
        return [filters.SEPARATOR.join(row).lower() for row in zip(*texts, strict=True)]

    def _reused(self, said: dict[int, str]) -> list[str]:
        """Return what the first items say, up to where too many are new."""
        known: list[str] = []
        new = 0
        for item in self._items:
            if (text := said.get(id(item))) is None:
                new += 1
                if new > _PREPARED:
                    break
                text = self._say([item])[0]
            known.append(text)
        return known

    async def _prepare(self) -> None:
        """Put together, bit by bit, what items say; once that is all of them, a filter finds it."""
        while len(self._said) < len(self._items):
            await asyncio.sleep(0)  # keys come in between
            at = len(self._said)
            self._said += self._say(self._items[at : at + _PREPARED])
        self._is_preparing = False
        if self.filter_text:
            self._arrange()

    def _find(self, key: str) -> int | None:
        return next((at for at, one in enumerate(map(self._key, self._rows)) if one == key), None)
