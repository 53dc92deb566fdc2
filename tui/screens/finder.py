"""A line to type in and what fits: the palette, the command line and the menus are made of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from rich.cells import cell_len
from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from tui.app import Tui
from tui.screens.fitting import Dialog
from tui.widgets.lines import Lines
from tui.widgets.spans import Span, fit

_SEEN: Final = 60  # more than ever fit a screen


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that can be chosen: its name, what it is, the Textual action behind it.

    ``key`` does the same without asking: it is shown, so that one learns it.
    """

    name: str
    note: str
    does: str
    key: str = ""


class Offers(Lines):
    """The offers that match, best first."""

    def __init__(self) -> None:
        super().__init__()
        self.can_focus = False
        self.offers: Sequence[Offer] = ()

    def count(self) -> int:
        """Return how many there are."""
        return len(self.offers)

    def line(self, index: int, width: int) -> list[Span]:
        """Return one offer."""
        offer, glyphs = self.offers[index], self.app.glyphs
        cursor = glyphs.cursor if index == self.cursor else " "
        name_width = max(min(24, width // 2), min(cell_len(offer.name), width - 12))
        key_width = 8 if any(one.key for one in self.offers[:_SEEN]) else 0
        note_width = max(0, width - name_width - key_width - 3)
        name = fit(offer.name, name_width, ellipsis=glyphs.ellipsis)
        note = fit(offer.note, note_width, ellipsis=glyphs.ellipsis)
        key = fit(offer.key, key_width, ellipsis=glyphs.ellipsis)
        return [(f"{cursor} ", "key"), (name, "title"), (" ", ""), (key, "key"), (note, "dim")]

    def update(self, offers: Sequence[Offer]) -> None:
        """Show others."""
        self.offers, self.cursor = offers, 0
        self.changed()


class Finder(Dialog[None]):
    """A line to type in and the offers that match; a subclass says what is offered."""

    app = getters.app(Tui)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.back", "close"),
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("down", "move(1)", "down", show=False, priority=True),
        Binding("tab", "complete", "complete", show=False, priority=True),
    ]

    TITLE_TEXT: ClassVar[str] = ""

    def offers(self, text: str) -> Sequence[Offer]:
        """Return what matches ``text``, best first."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Put the line over the offers."""
        with Vertical(classes="dialog finder") as dialog:
            dialog.border_title = self.TITLE_TEXT
            dialog.border_subtitle = "Enter do   Tab complete   Esc leave"
            yield Input(compact=True, placeholder="type a part of a name")
            yield Offers()

    def on_mount(self) -> None:
        """Offer what there is."""
        self.query_one(Offers).update(self.offers(""))

    def action_move(self, lines: int) -> None:
        """Choose another offer while the line keeps the keys."""
        self.query_one(Offers).action_move(lines)

    def action_complete(self) -> None:
        """Write the chosen offer's name into the line."""
        if offer := self._chosen():
            line = self.query_one(Input)
            line.value = f"{offer.name} "
            line.cursor_position = len(line.value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.query_one(Offers).update(self.offers(event.value))

    @on(Input.Submitted)
    def _entered(self) -> None:
        offer = self._chosen()
        app = self.app
        self.dismiss()
        if offer:
            app.call_later(app.run_action, offer.does)

    def _chosen(self) -> Offer | None:
        offers = self.query_one(Offers)
        return offers.offers[offers.cursor] if offers.offers else None
