"""Typing to get anywhere: ``:`` for screens and commands, ``^p`` for any action and any object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.fuzzy import Matcher
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from tui import places, registry
from tui.app import Tui
from tui.widgets.hints import key_name
from tui.widgets.lines import Lines
from tui.widgets.spans import Span, fit

_OFFERED_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Something that can be chosen: its name, what it is, the Textual action behind it."""

    name: str
    note: str
    does: str


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
        name_width = min(24, width // 2)
        note = fit(offer.note, max(0, width - name_width - 3), ellipsis=glyphs.ellipsis)
        name = fit(offer.name, name_width, ellipsis=glyphs.ellipsis)
        return [(f"{cursor} ", "key"), (name, "title"), (f" {note}", "dim")]

    def update(self, offers: Sequence[Offer]) -> None:
        """Show others."""
        self.offers, self.cursor = offers, 0
        self.changed()


class Finder(ModalScreen[None]):
    """A line to type in and the offers that match; a subclass says what is offered."""

    app = getters.app(Tui)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.back", "close"),
        Binding("up", "move(-1)", "up", show=False, priority=True),
        Binding("down", "move(1)", "down", show=False, priority=True),
        Binding("tab", "complete", "complete", show=False, priority=True),
    ]

    def offers(self, text: str) -> Sequence[Offer]:
        """Return what matches ``text``, best first."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Put the line over the offers."""
        with Vertical(classes="dialog"):
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


class Palette(Finder):
    """Every action that works on the screen ``below``, and every object of the store."""

    def __init__(self, *, below: Screen[Any]) -> None:
        super().__init__()
        self._below = below

    def offers(self, text: str) -> Sequence[Offer]:
        """Return what matches fuzzily; with nothing typed, the actions of the screen."""
        candidates = [*self._actions(), *(self._objects() if text else ())]
        if not text:
            return candidates[:_OFFERED_MAX]
        score = Matcher(text).match
        scored = [(score(f"{offer.name} {offer.note}"), offer) for offer in candidates]
        best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])
        return [offer for _, offer in best[:_OFFERED_MAX]]

    def _actions(self) -> Iterable[Offer]:
        for active in self._below.active_bindings.values():
            action = registry.BY_ID.get(active.binding.id or "")
            if action is not None:
                key = key_name(active.binding.key)
                yield Offer(
                    name=action.label, note=f"{key}  {action.purpose}", does=active.binding.action
                )

    def _objects(self) -> Iterable[Offer]:
        store = self.app.store
        for place in places.PLACES:
            if place.kind:
                kind = place.listed()
                for noun in store.all(kind.noun):
                    does = f"app.open({place.name!r}, {noun.key!r})"
                    note = f"{kind.topic}  {noun.key}  {kind.hint(noun)}"
                    yield Offer(name=kind.name(noun), note=note, does=does)


class Command(Finder):
    """``NAME [filter]``: screens, with what to filter them by, and a few verbs."""

    def offers(self, text: str) -> Sequence[Offer]:
        """Return the commands that begin with the first word typed, that very word first."""
        word, _, rest = text.strip().partition(" ")
        matching = [command for command in _COMMANDS if command[0].startswith(word.lower())]
        return [
            Offer(name=name, note=note, does=does(rest.strip()))
            for name, note, does in sorted(matching, key=lambda command: command[0] != word.lower())
        ]


def _go(view: str) -> Callable[[str], str]:
    return lambda rest: f"app.open({view!r}, '', {rest!r})"


def _places() -> Iterable[tuple[str, str, Callable[[str], str]]]:
    for place in places.PLACES:
        note = f"filter: {place.example}" if place.example else place.purpose
        for name in (place.name, *place.aliases):
            yield name, f"{place.key or ' '}  {note}", _go(place.name)


_COMMANDS: Final[tuple[tuple[str, str, Callable[[str], str]], ...]] = (
    *_places(),
    ("trace", "trace REQUEST-ID", lambda rest: f"app.trace({rest!r})"),
    ("run", "run an instance", lambda _: "app.run_form"),
    ("keys", "the keys of this screen", lambda _: "app.help"),
    ("reconnect", "ask for everything anew", lambda _: "app.reconnect"),
    ("quit", "leave; the cloud goes on", lambda _: "app.quit"),
)
