"""What every full screen has: header, body, hints, and being told when the store changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual import getters
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Static

from tui import messages, store
from tui.actions.action import Target
from tui.app import Tui
from tui.client import nouns
from tui.screens.fitting import Fitting
from tui.widgets.header import Header
from tui.widgets.hints import Hints

EVERYTHING: frozenset[store.Topic] = frozenset((*nouns.NOUN_BY_KIND, "hop", "link"))
_WIDTHS: Final = [(0, "-narrow"), (116, "-wide")]
_HEIGHTS: Final = [(0, "-short"), (30, "-tall")]
_LOW: Final = 24  # lines of a terminal that is less than what screens are made for
_LEAST: Final = (40, 12)  # where no list and its keys have room


class View(Fitting[None]):
    """A screen that draws the store; a subclass composes ``body`` and draws in ``show``.

    Textual calls the ``on_…`` of a subclass and then the one here: no super() in them.
    """

    CRUMBS: ClassVar[list[str]] = []
    IS_OF_USAGE: ClassVar[bool] = False  # whether it shows what instances use just now
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    app = getters.app(Tui)
    _is_on_top = False

    def __init__(self) -> None:
        super().__init__()
        # It gets the styles of the theme as it is: Textual would parse all of them for a new place.
        self._css_update_count = self.app._css_update_count

    def crumbs(self) -> list[str]:
        """Return the path to this screen, from the project on."""
        return self.CRUMBS

    def body(self) -> Iterable[Widget]:
        """Return what is between header and hints."""
        raise NotImplementedError

    def show(self, topics: frozenset[store.Topic]) -> None:
        """Draw what changed in ``topics``."""

    def tick(self) -> None:
        """Draw what gets older by itself."""

    def targets(self) -> list[Target]:
        """Return the objects that actions work on: the marked ones, or the one under the cursor."""
        return []

    def compose(self) -> ComposeResult:
        """Put header, body and hints on the screen."""
        yield Header(self.crumbs())
        yield from self.body()
        yield Hints()
        yield Static("{} by {} at least, please".format(*_LEAST), id="least")

    def on_resize(self) -> None:
        """Give way where there is less room than screens are made for; say where there is none."""
        width, height = self.size
        self.set_class(height < _LOW, "-small")
        self.set_class(width < _LEAST[0] or height < _LEAST[1], "-least")

    def on_mount(self) -> None:
        """Draw all there is."""
        self._come()

    def on_screen_resume(self) -> None:
        """Draw all that changed while another screen was on top."""
        if not self._is_on_top:  # Textual says so of a new screen too, and of a new mode's twice
            self._come()

    def on_screen_suspend(self) -> None:
        """Let go of what is measured for this screen only."""
        self._is_on_top = False
        if self.IS_OF_USAGE:
            self.app.leave_usage()

    def on_store_changed(self, event: messages.StoreChanged) -> None:
        """Draw what changed."""
        self.query_one(Header).refresh()
        self.show(event.topics)

    def on_tick(self) -> None:
        """Draw the clock and the ages."""
        self.query_one(Header).refresh()
        self.tick()

    def _come(self) -> None:
        self._is_on_top = True
        if self.IS_OF_USAGE:
            self.app.follow_usage()
        self.show(EVERYTHING)
