"""The rows of what needs somebody, each with its key at the end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from tui.needs import Need
from tui.widgets.lines import Lines
from tui.widgets.spans import Span, fit

QUIET: Final = "Nothing."


class NeedList(Lines):
    """A list that keeps its cursor on the same matter while others come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.needs: Sequence[Need] = ()
        self._is_chosen = False  # until somebody moves, the cursor is on the worst

    @property
    def current(self) -> Need | None:
        """The row under the cursor, or None."""
        return self.needs[self.cursor] if self.needs else None

    def count(self) -> int:
        """Return how many rows there are; one that says so where there is nothing to do."""
        return max(len(self.needs), 1)

    def line(self, index: int, width: int) -> list[Span]:
        """Return one row."""
        if not self.needs:
            return [(f"  {QUIET}", "dim")]
        need, glyphs = self.needs[index], self.app.glyphs
        cursor = glyphs.cursor if index == self.cursor and self.has_focus else " "
        room = max(width - 5 - cell_len(need.key) - 2, 1)
        text = fit(need.text, room, ellipsis=glyphs.ellipsis)
        return [
            (f"{cursor} ", "title"), (f"{glyphs.state(need.meaning)} {text}", need.meaning),
            (f"  {need.key}", "key"),
        ]  # fmt: skip

    def move_to(self, index: int) -> None:
        """Put the cursor on a row; from then on it stays on what that is about."""
        self._is_chosen = True
        super().move_to(index)

    def update(self, needs: Sequence[Need]) -> None:
        """Take other rows."""
        before = self.current if self._is_chosen else None
        self.needs = needs
        same = [at for at, need in enumerate(needs) if before and need.does == before.does
                and need.target == before.target]  # fmt: skip
        self._is_chosen = bool(same)
        self.cursor = same[0] if same else 0
        self.changed()
