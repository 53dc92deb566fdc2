"""What a screen says, as plain lines: rows with their columns, details, answers of the cloud."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from tui import filters, glyphs, needs, places, quantities
from tui.actions.action import Action
from tui.client import nouns, plans
from tui.kinds.kind import Kind
from tui.places import Place
from tui.plain import clean
from tui.store import Store
from tui.tell import sentences

SPOKEN: Final = replace(
    glyphs.ASCII, good="", busy="", off="", attention="", failed="", unknown="",
    cursor="", mark="", crumb=",", dot=",", ellipsis="...", arrow="to", bar_full="", bar_empty="",
)  # fmt: skip
"""No signs: the words say it all."""

_SPACES: Final = re.compile(r"\s+")
_NOTHING: Final = ("", "-")


class Voice:
    """What lines are made with (a Pen of ``tui.kinds``)."""

    def __init__(self, *, store: Store, now_s: Callable[[], float]) -> None:
        self.store = store
        self.now_s = now_s
        self.glyphs = SPOKEN


def row(kind: Kind[Any], item: Any, voice: Voice) -> str:
    """Return an object as one line: its name, then each column that says something."""
    name = kind.name(item)
    told = [
        f"{column.name.lower()} {text}"
        for column in kind.columns(voice)
        if (text := plain(column.cell(item)[0])) not in _NOTHING and text != name
    ]
    return ", ".join([plain(name) or item.key, *told])


def matching(kind: Kind[Any], items: Sequence[Any], text: str, voice: Voice) -> list[Any]:
    """Return the objects that pass a filter of ``/``."""
    terms, columns = filters.parse(text), kind.columns(voice)
    if not terms:
        return list(items)
    return [
        item
        for item in items
        if filters.passes({one.name.lower(): one.cell(item)[0] for one in columns}, terms)
    ]


def sorted_items(kind: Kind[Any], store: Store) -> list[Any]:
    """Return the objects of a kind in the order of its screen."""
    return sorted(store.all(kind.noun), key=kind.order, reverse=kind.is_newest_first)


def detail(kind: Kind[Any], item: Any, voice: Voice) -> Iterator[str]:
    """Yield all that is known of one object."""
    yield f"{kind.title}: {plain(kind.name(item))}, id {item.key}"
    said = set()
    for column in kind.columns(voice):
        text = plain(column.cell(item)[0])
        if text not in _NOTHING and column.name.lower() not in ("id", "name"):
            said |= {f"{column.name.lower()} {text}", text}
            yield f"{column.name.lower()}: {text}"
    for line in kind.detail(item, voice, True) if kind.detail else ():
        text = plain(line if isinstance(line, str) else line.plain)
        if text and text not in said:
            yield text


def home(store: Store, *, project: str, now_s: float) -> Iterator[str]:
    """Yield what Home says."""
    yield link(store)
    for host in store.all(nouns.Host):
        yield (
            f"host {host.name}: {host.vcpus_used} of {host.vcpus} vCPUs, "
            f"{quantities.memory(host.memory_mib_used)} of {quantities.memory(host.memory_mib)} "
            f"memory, {host.disk_gib_used} of {host.disk_gib} GiB disk"
        )
    services = store.all(nouns.Service)
    up = sum(service.state == "up" for service in services)
    waiting = sum(topic.depth for topic in store.all(nouns.Topic))
    yield f"services: {up} of {len(services)} up; {waiting} messages waiting"
    for need in needs.of(store, None, project=project):
        yield f"needs you: {plain(need.text)}"
    for entry in reversed(store.journal):
        at = quantities.clock(entry.at_s)
        yield f"{at} {entry.kind} {plain(str(getattr(entry.noun, 'name', entry.noun.key)))}"


def room(body: Any) -> Iterator[str]:
    """Say who has the room, what still fits and what comes; the limits are the list's."""
    found = replace(plans.capacity(body), quotas=())
    for line in sentences.capacity(found):
        yield plain(line.replace("×", "times ").replace("✗", "does not fit:")).strip()


def link(store: Store) -> str:
    """Return how fresh all this is."""
    if store.link.state == "live":
        return "connected"
    age_s = store.age_s()
    age = "" if age_s is None else f", what is told is {quantities.age(age_s)} old"
    return f"not connected{age}: {store.link.reason}"


def answer(body: Any, *, depth: int = 0) -> Iterator[str]:
    """Yield an answer of the cloud: text as it is, the rest as ``name: value``."""
    indent = "  " * depth
    if isinstance(body, dict):
        for name, value in body.items():
            if isinstance(value, dict | list):
                yield f"{indent}{name}:"
                yield from answer(value, depth=depth + 1)
            elif isinstance(value, str) and "\n" in value:
                yield from (clean(line) for line in value.splitlines())
            elif value is not None:
                yield f"{indent}{name}: {plain(str(value))}"
    elif isinstance(body, list):
        for at, value in enumerate(body, 1):
            yield from ([f"{indent}{at}."] if isinstance(value, dict) else [])
            yield from answer(value, depth=depth + isinstance(value, dict))
    elif body is not None:
        yield from (indent + clean(line) for line in str(body).splitlines())


def actions_of(place: Place, registered: Iterable[Action]) -> list[Action]:
    """Return what can be done on a place without a screen: what the cloud is asked for."""
    return [one for one in registered if one.call is not None and place.name in one.views]


def screens() -> Iterator[str]:
    """Yield the places one can go to."""
    for place in places.PLACES:
        key = f"{place.key} or " if place.key else ""
        yield f"{key}{place.name}: {place.purpose}"


def plain(text: str) -> str:
    """Return text without what only a screen needs."""
    return _SPACES.sub(" ", clean(text)).strip().replace(" ,", ",")
