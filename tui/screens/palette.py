"""``^p``: every action and every object, found by a part of their names, together.

What fits the object under the cursor comes first. Two words, ``stop web``, are an action and an
object.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from textual.screen import Screen

from tui import fuzzy, places, registry, themes
from tui.actions.action import Action, Level, Target, shell_line
from tui.client import nouns
from tui.kinds.kind import Kind
from tui.places import Place
from tui.screens.finder import Finder, Offer
from tui.widgets.hints import key_name

_OFFERED_MAX: Final = 50
_TRIED_MAX: Final = 2_000  # fuzzily; of more, only names that have the text in them
_HERE: Final = 2.0  # how much more what fits the cursor counts
_AN_ACTION: Final = 1.3


class Palette(Finder):
    """Actions and objects, with the key that each has."""

    TITLE_TEXT: ClassVar[str] = "Find an action or an object"

    def __init__(self, *, below: Screen[Any]) -> None:
        super().__init__()
        self._below = below
        self._target = self._target_below()

    def offers(self, text: str) -> Sequence[Offer]:
        """Return what matches; with nothing typed, the actions of the screen."""
        text = text.strip()
        here = [*self._here()]
        if not text:
            return here
        scored = [(_score(text, offer) * _HERE, offer) for offer in here]
        scored += [(_score(text, offer) * _AN_ACTION, offer) for offer in self._elsewhere(here)]
        scored += [
            (_score(text, offer) + _own(text, offer), offer) for offer in self._objects(text)
        ]
        scored += self._pairs(text)
        best = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])
        return [offer for _, offer in best[:_OFFERED_MAX]]

    def _target_below(self) -> Target | None:
        targets: list[Target] = getattr(self._below, "targets", list)()
        return targets[0] if targets else None

    def _here(self) -> Iterator[Offer]:
        """What the screen's keys do now; what is on the object under its cursor comes first."""
        offers: dict[str, tuple[int, Offer]] = {}
        for active in self._below.active_bindings.values():
            action = registry.BY_ID.get(active.binding.id or "")
            if action is None or action.views == ("cursor",) or action.id in offers:
                continue
            if action.id.startswith("go."):
                offers[action.id] = (2, _going(action))
                continue
            has_object = self._target is not None and _names(action, self._target)
            name = f"{action.label} {self._target.name}" if self._target else action.label
            note = _careful(action) if active.enabled else f"not now: {action.purpose}"
            offers[action.id] = (0 if has_object else 1, Offer(
                name=name if has_object else action.label, note=note,
                does=active.binding.action, key=key_name(active.binding.key),
            ))  # fmt: skip
        yield from (offer for _, offer in sorted(offers.values(), key=lambda one: one[0]))

    def _elsewhere(self, here: Sequence[Offer]) -> Iterator[Offer]:
        """What other screens' keys do: choosing it goes there first."""
        known = {offer.does for offer in here}
        for action in registry.REGISTRY:
            place = _place_of(action)
            does = action.does or f"app.act({action.id!r})"
            if place is not None and does.replace('"', "'") not in known and does not in known:
                yield Offer(
                    name=action.label, note=f"{place.name}: {_careful(action)}",
                    does=f"app.perform({action.id!r}, {place.name!r})", key=_key(action),
                )  # fmt: skip
        for name in themes.NAMES:
            yield Offer(
                name=f"theme {name}", note=themes.skin(name)["purpose"], does=f"app.theme({name!r})"
            )

    def _objects(self, text: str) -> Iterator[Offer]:
        for place, kind, noun in self._matching(text):
            yield Offer(
                name=kind.name(noun), note=f"{kind.topic}  {noun.key}  {kind.hint(noun)}",
                does=f"app.open({place.name!r}, {noun.key!r})",
            )  # fmt: skip

    def _pairs(self, text: str) -> Iterator[tuple[float, Offer]]:
        """An action and an object typed together."""
        verb, _, rest = text.partition(" ")
        if not rest:
            return
        for place, kind, noun in self._matching(rest):
            for action in registry.of_view(place.name):
                if action.call and not action.makes and action.label.startswith(verb.lower()):
                    name = kind.name(noun)
                    yield 4 * _HERE + fuzzy.match(rest, name), Offer(
                        name=f"{action.label} {name}", note=_careful(action),
                        does=f"app.perform({action.id!r}, {place.name!r}, {noun.key!r})",
                        key=_key(action),
                    )  # fmt: skip

    def _matching(self, text: str) -> Iterator[tuple[Place, Kind[Any], nouns.Noun]]:
        wanted = text.lower()
        for place in places.PLACES:
            if not place.kind:
                continue
            kind = place.listed()
            items = self.app.store.all(kind.noun)
            is_many = len(items) > _TRIED_MAX
            for noun in items:
                if not is_many or wanted in kind.name(noun).lower() or wanted in noun.key:
                    yield place, kind, noun


class Menu(Palette):
    """``a``: all that can be done to the object under the cursor, and to the screen."""

    TITLE_TEXT: ClassVar[str] = "All actions here"

    def offers(self, text: str) -> Sequence[Offer]:
        """Return the actions whose name has ``text`` in it."""
        wanted = text.strip().lower()
        return [offer for offer in self._here() if wanted in f"{offer.name} {offer.note}".lower()]


def _going(action: Action) -> Offer:
    return Offer(
        name=f"go to {action.label}", note=action.purpose, does=action.does, key=_key(action)
    )


def _careful(action: Action) -> str:
    is_careful = action.level >= Level.ONE_OBJECT
    return f"careful: {action.purpose}" if is_careful else action.purpose


def _names(action: Action, target: Target) -> bool:
    """Whether the action is one on the object, not only one on its screen."""
    return bool(target.id) and target.id in shell_line(action, target)


def _key(action: Action) -> str:
    return key_name(action.keys.split(",")[0])


def _place_of(action: Action) -> Place | None:
    return next((places.BY_NAME[view] for view in action.views if view in places.BY_NAME), None)


def _own(text: str, offer: Offer) -> float:
    """How much more an object counts whose very name is typed."""
    name, wanted = offer.name.lower(), text.lower()
    if offer.note.startswith("journal "):  # what was done is worth less than what there is
        return -5.0
    return 30.0 if name == wanted else 15.0 if name.startswith(wanted) else 0.0


def _score(text: str, offer: Offer) -> float:
    """How well it fits: by its name first, at the name's beginning best, else by its note."""
    name, wanted = offer.name.lower(), text.lower()
    by_name = fuzzy.match(text, offer.name)
    if name.startswith(wanted):
        return by_name + 10
    if f" {wanted}" in name:
        return by_name + 6
    if wanted in name:
        return by_name + 3
    return by_name or (0.3 if wanted in offer.note.lower() else 0.0)
