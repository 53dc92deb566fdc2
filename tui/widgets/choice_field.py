"""One line of a form: one of several things, gone through with left and right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events, getters
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.app import Tui
from tui.client.nouns import Choice
from tui.widgets.spans import clean


class ChoiceField(Widget, can_focus=True):
    """Shows the chosen one of what is offered; None among the offers stands for none."""

    app = getters.app(Tui)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "previous", show=False),
        Binding("right,space,enter", "turn(1)", "next", show=False),
    ]

    class Changed(Message):
        """Another one is chosen."""

    def __init__(self, *, widget_id: str) -> None:
        super().__init__(id=widget_id)
        self._offers: Sequence[Choice | None] = ()
        self._at = 0

    @property
    def choice(self) -> Choice | None:
        """The chosen one; None when there is nothing to choose, or none is chosen."""
        return self._offers[self._at] if self._offers else None

    def offer(self, choices: Sequence[Choice | None], *, prefer: str = "") -> None:
        """Offer ``choices``; the chosen one stays, else the one with id ``prefer`` is."""
        wanted = self.choice.id if self.choice else prefer
        ids = [choice.id if choice else "" for choice in choices]
        self._offers = choices
        self._at = ids.index(wanted) if wanted and wanted in ids else 0
        self.refresh()

    def render(self) -> Content:
        """Draw the chosen one, its note, and how many there are."""
        glyphs = self.app.glyphs
        if not self._offers:
            return Content.styled("(none there)", "$secondary")
        choice = self.choice
        style = "reverse" if self.has_focus else ""
        name = clean(choice.name if choice else "none")
        place = f"{self._at + 1} of {len(self._offers)}"
        note = f"{choice.note}  " if choice and choice.note else ""
        return Content.assemble(
            (f"{glyphs.crumb} {name}", style), "   ", (clean(f"{note}{place}"), "$secondary")
        )

    def action_turn(self, by: int) -> None:
        """Choose the next one, round and round."""
        if self._offers:
            self._at = (self._at + by) % len(self._offers)
            self.refresh()
            self.post_message(self.Changed())

    def on_key(self, event: events.Key) -> None:
        """Choose the next one that begins with the letter typed."""
        letter = event.character or ""
        if not letter.isalnum():
            return
        count = len(self._offers)
        for at in ((self._at + by) % count for by in range(1, count + 1)):
            choice = self._offers[at]
            if choice and choice.name.lower().startswith(letter.lower()):
                self.action_turn(at - self._at)
                event.stop()
                return
