"""One line of a form: one of several things, or some of them; gone through or picked by name."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import ClassVar

from textual import events, getters
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.app import Tui
from tui.client.nouns import Choice
from tui.widgets.spans import clean, fit

_PLACE_FROM = 44  # cells: narrower, a field shows no `1 of 12`


class ChoiceField(Widget, can_focus=True):
    """Shows what is chosen of what is offered; None among the offers stands for none.

    Left and right go through them, a letter goes to the next that begins with it, Enter opens a
    list to pick from. With ``is_many`` picking adds one, or takes it away again.
    """

    app = getters.app(Tui)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "previous", show=False),
        Binding("right,space", "turn(1)", "next", show=False),
        Binding("enter", "pick", "pick", show=False),
    ]

    class Changed(Message):
        """Another one is chosen."""

        def __init__(self, field: ChoiceField) -> None:
            super().__init__()
            self.field = field

        @property
        def control(self) -> ChoiceField:
            """The field."""
            return self.field

    def __init__(self, *, widget_id: str, title: str = "", is_many: bool = False) -> None:
        super().__init__(id=widget_id)
        self._title = title or widget_id
        self._is_many = is_many
        self._offers: Sequence[Choice | None] = ()
        self._at = 0
        self._more: list[str] = []  # ids that are chosen beside the one at `_at`

    @property
    def choice(self) -> Choice | None:
        """The chosen one; None when there is nothing to choose, or none is chosen."""
        return self._offers[self._at] if self._offers else None

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All that are chosen, in the order of the offers."""
        wanted = {*self._more, self.choice.id if self.choice else ""}
        return tuple(one for one in self._offers if one is not None and one.id in wanted)

    def offer(self, choices: Sequence[Choice | None], *, prefer: str = "") -> None:
        """Offer ``choices``; the chosen one stays, else the one with id ``prefer`` is."""
        wanted = ",".join(one.id for one in self.choices) or prefer
        first = next((one.id if one else "" for one in choices), "")
        self._take(choices, wanted or first)

    def choose(self, ids: str) -> None:
        """Choose the one with this id, or those: ids with commas between."""
        self._take(self._offers, ids)

    def _take(self, choices: Sequence[Choice | None], wanted: str) -> None:
        first, *more = wanted.split(",") if self._is_many else [wanted]
        known = [choice.id if choice else "" for choice in choices]
        self._offers = choices
        self._at = known.index(first) if first in known else 0
        self._more = [one for one in more if one in known and one != first]
        self.refresh()

    def render(self) -> Content:
        """Draw the chosen, a note, and where it is among how many."""
        glyphs = self.app.glyphs
        if not self._offers:
            return Content.styled("(none there)", "$secondary")
        chosen = self.choices
        style = "reverse" if self.has_focus else ""
        room = max(self.size.width - 2, 1)
        name = clean(", ".join(one.name for one in chosen) or "none")
        if len(name) > room:
            name = fit(name, room, ellipsis=glyphs.ellipsis)
        note = chosen[0].note if len(chosen) == 1 else ""
        place = f"{self._at + 1} of {len(self._offers)}" if self.size.width >= _PLACE_FROM else ""
        rest = clean("  ".join(filter(None, (note, place))))
        left = room - len(name) - 3
        rest = fit(rest, left, ellipsis=glyphs.ellipsis) if len(rest) > left > 3 else rest
        return Content.assemble(
            (f"{glyphs.crumb} {name}", style), "   " if rest and left > 3 else "",
            (rest if left > 3 else "", "$secondary"),
        )  # fmt: skip

    def action_turn(self, by: int) -> None:
        """Choose the next one, round and round, and none beside it."""
        if self._offers:
            self._at = (self._at + by) % len(self._offers)
            self._more = []
            self._tell()

    def action_pick(self) -> None:
        """Open the list of them all."""
        offered = [one or Choice(id="", name="none") for one in self._offers]
        if offered:
            pick = importlib.import_module("tui.screens.pick")
            marked = [one.id for one in self.choices]
            self.app.push_screen(pick.Pick(self._title, offered, marked=marked), self._picked)

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

    def _picked(self, choice: Choice | None) -> None:
        if choice is None:
            return
        chosen = [one.id for one in self.choices]
        if self._is_many and choice.id in chosen and len(chosen) > 1:
            chosen.remove(choice.id)
        elif self._is_many and choice.id:
            chosen = [*(one for one in chosen if one != choice.id), choice.id]
        else:
            chosen = [choice.id]
        self._more = []
        self._take(self._offers, ",".join(chosen))
        self._tell()

    def _tell(self) -> None:
        self.refresh()
        self.post_message(self.Changed(self))
