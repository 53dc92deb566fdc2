"""Choosing one of many by a part of its name: a line to type in, and what matches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from tui.app import Tui
from tui.client.nouns import Choice
from tui.screens.finder import Offer, Offers
from tui.screens.fitting import Dialog
from tui.widgets.spans import clean


class Pick(Dialog[Choice | None]):
    """Gives the one chosen, or None. ``marked`` are ids that are chosen already."""

    app = getters.app(Tui)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "leave"),
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("down", "move(1)", "down", show=False, priority=True),
    ]

    def __init__(
        self, title: str, choices: Sequence[Choice], *, marked: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._title = title
        self._choices = choices
        self._marked = marked
        self._matching: Sequence[Choice] = choices

    def compose(self) -> ComposeResult:
        """Put the line over what matches."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(clean(self._title))
            dialog.border_subtitle = "type a part of a name   Enter choose   Esc leave"
            yield Input(compact=True)
            yield Offers()

    def on_mount(self) -> None:
        """Offer all."""
        self._show("")

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)

    def action_move(self, lines: int) -> None:
        """Go to another one while the line keeps the keys."""
        self.query_one(Offers).action_move(lines)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._show(event.value)

    @on(Input.Submitted)
    def _entered(self) -> None:
        at = self.query_one(Offers).cursor
        self.dismiss(self._matching[at] if self._matching else None)

    def _show(self, text: str) -> None:
        words = text.lower().split()
        self._matching = [
            one
            for one in self._choices
            if all(word in f"{one.name} {one.note}".lower() for word in words)
        ]
        mark = self.app.glyphs.mark
        self.query_one(Offers).update(
            [
                Offer(
                    name=f"{mark if one.id in self._marked else ' '} {one.name}",
                    note=one.note,
                    does="",
                )
                for one in self._matching
            ]
        )
