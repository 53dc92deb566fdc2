"""Where one was: the last view, and back and forth through all of them; knows no screen."""

from __future__ import annotations

from typing import Final

_REMEMBERED_MAX: Final = 50


class History:
    """A list of view names with a place in it, as a browser has."""

    def __init__(self, first: str) -> None:
        self._views = [first]
        self._at = 0
        self._last = first

    def visit(self, view: str) -> None:
        """Note that ``view`` is shown now; what lay ahead is forgotten."""
        here = self._views[self._at]
        if view == here:
            return
        self._last = here
        self._views = [*self._views[: self._at + 1], view][-_REMEMBERED_MAX:]
        self._at = len(self._views) - 1

    def step(self, by: int) -> str:
        """Return the view ``by`` steps on, and be there; empty at either end."""
        wanted = self._at + by
        if not 0 <= wanted < len(self._views):
            return ""
        self._last, self._at = self._views[self._at], wanted
        return self._views[wanted]

    @property
    def last(self) -> str:
        """The view that was shown before this one."""
        return self._last
