"""``:``: screens, with what to filter them by, and a few verbs; each completed as it is typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from tui import keymaps, places, themes
from tui.app import Tui
from tui.places import Place
from tui.screens.finder import Finder, Offer

_ROWS_MAX: Final = 2_000  # looked at for what a column can be filtered by
_VALUES_MAX: Final = 12

Does = Callable[[str], str]
Completes = Callable[[Tui, str], Iterable[tuple[str, str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A command: ``does`` makes a Textual action of the line's rest, ``completes`` offers rests.

    ``is_free``: the rest may be anything, not only what is offered.
    """

    name: str
    note: str
    does: Does
    completes: Completes | None = None
    is_free: bool = True


class Command(Finder):
    """``NAME [filter]``, ``theme NAME``, ``trace REQUEST-ID`` and the like."""

    TITLE_TEXT: ClassVar[str] = "Go to, or do"

    def offers(self, text: str) -> Sequence[Offer]:
        """Return commands by their beginning, or, after a space, what may follow."""
        word, space, rest = text.lstrip(": ").partition(" ")
        verbs = [verb for verb in VERBS if verb.name.startswith(word.lower())]
        verbs.sort(key=lambda verb: verb.name != word.lower())
        if not space or not verbs:
            return [_plain(verb) for verb in verbs]
        verb, rest = verbs[0], rest.strip()
        more = [
            Offer(name=f"{verb.name} {told}", note=note, does=verb.does(told))
            for told, note in (verb.completes(self.app, rest) if verb.completes else ())
        ]
        if not verb.is_free and (rest or more):
            return more
        own = Offer(name=f"{verb.name} {rest}".strip(), note=verb.note, does=verb.does(rest))
        return [own, *(offer for offer in more if offer.name != own.name)]


def _plain(verb: Verb) -> Offer:
    return Offer(name=verb.name, note=verb.note, does=verb.does(""))


def _of_place(place: Place) -> Iterable[Verb]:
    note = f"filter: {place.example}" if place.example else place.purpose
    for name in (place.name, *place.aliases):
        yield Verb(
            name=name, note=f"{place.key or ' '}  {note}",
            does=lambda rest: f"app.open({place.name!r}, '', {rest!r})",
            completes=(lambda app, rest: _filters(app, place, rest)) if place.kind else None,
        )  # fmt: skip


def _filters(app: Tui, place: Place, rest: str) -> Iterable[tuple[str, str]]:
    """Complete the last word of a filter: a column's name, or, after it, what stands in it."""
    before, _, last = rest.rpartition(" ")
    start = f"{before} " if before else ""
    mark = "!" if last.startswith("!") else ""
    last = last.removeprefix("!").lower()
    kind = place.listed()
    column_name, colon, value = last.partition(":")
    for column in kind.columns(app):
        name = column.name.lower()
        if not colon and name.startswith(last):
            yield f"{start}{mark}{name}:", f"what stands in {column.name}"
        elif colon and name == column_name:
            for told in _values(app, kind, column):
                if told.startswith(value):
                    yield f"{start}{mark}{name}:{told}", ""


def _values(app: Tui, kind: Any, column: Any) -> list[str]:
    """Return the last words of a column's cells: of a state the word, not the sign."""
    cells = (column.cell(item)[0] for item in app.store.all(kind.noun)[:_ROWS_MAX])
    values = sorted({cell.split()[-1].lower() for cell in cells if cell.split()})
    return values[:_VALUES_MAX]


def _themes(_: Tui, rest: str) -> Iterable[tuple[str, str]]:
    return [(name, themes.skin(name)["purpose"]) for name in themes.NAMES if name.startswith(rest)]


def _presets(_: Tui, rest: str) -> Iterable[tuple[str, str]]:
    return [(name, "keys of a preset") for name in keymaps.PRESETS if name.startswith(rest)]


VERBS: Final[tuple[Verb, ...]] = (
    *(verb for place in places.PLACES for verb in _of_place(place)),
    Verb(name="trace", note="trace REQUEST-ID", does=lambda rest: f"app.trace({rest!r})"),
    Verb(name="run", note="run an instance", does=lambda _: "app.run_form"),
    Verb(name="theme", note=" | ".join(themes.NAMES), does=lambda rest: f"app.theme({rest!r})",
         completes=_themes, is_free=False),
    Verb(name="keymap", note=" | ".join(keymaps.PRESETS),
         does=lambda rest: f"app.keymap({rest!r})", completes=_presets, is_free=False),
    Verb(name="mask", note="hide names, ids, addresses, or show them", does=lambda _: "app.mask"),
    Verb(name="keys", note="the keys of this screen", does=lambda _: "app.help"),
    Verb(name="reconnect", note="ask for everything anew", does=lambda _: "app.reconnect"),
    Verb(name="quit", note="leave; the cloud goes on", does=lambda _: "app.quit"),
)  # fmt: skip
