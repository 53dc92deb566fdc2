"""From the wire's JSON to values; the only place that knows how the two differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec

from tui.client import events, nouns
from tui.client.errors import Unreadable

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _WireSnapshot:
    rev: int
    objects: dict[str, list[msgspec.Raw]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _WireChange:
    rev: int
    kind: str
    id: str
    op: Literal["upsert", "delete"]
    object: msgspec.Raw = field(default_factory=msgspec.Raw)


def event(name: str, data: str) -> Iterator[events.Event]:
    """Yield what one server-sent event says; an event of a newer server yields nothing.

    Raises Unreadable when the data is not what its event promises.
    """
    try:
        match name:
            case "snapshot":
                yield _snapshot(msgspec.json.decode(data, type=_WireSnapshot))
            case "change":
                yield from _change(msgspec.json.decode(data, type=_WireChange))
            case "hop":
                yield msgspec.json.decode(data, type=nouns.Hop)
    except msgspec.DecodeError as error:
        raise Unreadable(f"event {name}: {error}") from error


def hops(body: Any) -> list[nouns.Hop]:
    """Read ``GET /requests/{id}``. Raises Unreadable."""
    return _convert(body, _Hops).hops


def requests(body: Any) -> list[nouns.Request]:
    """Read ``GET /requests``. Raises Unreadable."""
    return _convert(body, _Requests).requests


def messages(body: Any) -> list[nouns.Message]:
    """Read the messages of ``GET /topics/{name}``. Raises Unreadable."""
    return _convert(body, _Messages).messages


def console(body: Any) -> str:
    """Read the answer of ``os-getConsoleOutput``. Raises Unreadable."""
    return _convert(body, _Console).output


def flavors(body: Any) -> list[nouns.Choice]:
    """Read ``GET /flavors/detail`` as choices. Raises Unreadable."""
    return [
        nouns.Choice(
            id=flavor.id,
            name=flavor.name,
            note=f"{flavor.vcpus} cpu, {flavor.ram}M, {flavor.disk}G",
        )
        for flavor in _convert(body, _Flavors).flavors
    ]


def key_pairs(body: Any) -> list[nouns.Choice]:
    """Read ``GET /os-keypairs`` as choices. Raises Unreadable."""
    return [
        nouns.Choice(id=wrapped.keypair.name, name=wrapped.keypair.name)
        for wrapped in _convert(body, _KeyPairs).keypairs
    ]


def networks(body: Any) -> list[nouns.Choice]:
    """Read ``GET /networks`` as choices. Raises Unreadable."""
    return [
        nouns.Choice(id=network.id, name=network.name)
        for network in _convert(body, _Networks).networks
    ]


def _convert(body: Any, kind: type[T]) -> T:
    try:
        return msgspec.convert(body, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Unreadable(f"the answer is not as the API promises: {error}") from error


def _snapshot(wire: _WireSnapshot) -> events.Snapshot:
    objects: dict[nouns.Kind, list[nouns.Noun]] = {}
    for kind, noun in nouns.NOUN_BY_KIND.items():
        if kind in wire.objects:
            objects[kind] = [msgspec.json.decode(raw, type=noun) for raw in wire.objects[kind]]
    return events.Snapshot(rev=wire.rev, objects=objects)


def _change(wire: _WireChange) -> Iterator[events.Change]:
    if wire.kind not in nouns.NOUN_BY_KIND:
        return
    noun = None
    if wire.op == "upsert":
        noun = msgspec.json.decode(wire.object, type=nouns.NOUN_BY_KIND[wire.kind])
    yield events.Change(rev=wire.rev, kind=wire.kind, id=wire.id, noun=noun)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hops:
    hops: list[nouns.Hop]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Requests:
    requests: list[nouns.Request]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Messages:
    messages: list[nouns.Message]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Console:
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flavor:
    id: str
    name: str
    vcpus: int = 0
    ram: int = 0
    disk: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flavors:
    flavors: list[_Flavor]


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyPair:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _WrappedKeyPair:
    keypair: _KeyPair


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyPairs:
    keypairs: list[_WrappedKeyPair]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Network:
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Networks:
    networks: list[_Network]
