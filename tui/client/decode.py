"""From the JSON of novabox's own API to values; ``tui.client.openstack`` does the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

import msgspec

from tui.client import events, nouns, sharing
from tui.client.errors import Unreadable

T = TypeVar("T")


class _WireSnapshot(msgspec.Struct):
    rev: int
    objects: dict[str, list[msgspec.Raw]]


class _WireChange(msgspec.Struct):
    rev: int
    kind: str
    id: str
    op: Literal["upsert", "delete"]
    object: msgspec.Raw = msgspec.Raw(b"null")


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
    return convert(body, _Hops).hops


def requests(body: Any) -> list[nouns.Request]:
    """Read ``GET /requests``. Raises Unreadable."""
    return convert(body, _Requests).requests


def messages(body: Any) -> list[nouns.Message]:
    """Read the messages of ``GET /topics/{name}``. Raises Unreadable."""
    found = convert(body, _Messages)
    topic = found.topic or nouns.Topic(name="")
    return [
        replace(message, queue=topic.name, is_held=topic.is_paused) for message in found.messages
    ]


def topics(body: Any) -> list[nouns.Topic]:
    """Read ``GET /topics``. Raises Unreadable."""
    return convert(body, _Topics).topics


def log(body: Any) -> nouns.Piece:
    """Read ``GET /services/{topic}/log``. Raises Unreadable."""
    return convert(body, _Log).log


def volume_uses(body: Any) -> list[nouns.VolumeUse]:
    """Read ``GET /xray/volumes``. Raises Unreadable."""
    return convert(body, _VolumeUses).volumes


def convert(body: Any, kind: type[T]) -> T:
    """Read ``body`` as a ``kind``. Raises Unreadable."""
    try:
        return msgspec.convert(body, kind, strict=False)
    except msgspec.ValidationError as error:
        raise Unreadable(f"the answer is not as the API promises: {error}") from error


def _snapshot(wire: _WireSnapshot) -> events.Snapshot:
    objects: dict[nouns.Kind, list[nouns.Noun]] = {}
    for kind, noun in nouns.NOUN_BY_KIND.items():
        if kind in wire.objects:
            read = msgspec.json.Decoder(noun).decode
            objects[kind] = sharing.share(map(read, wire.objects[kind]))
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
    topic: nouns.Topic | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Topics:
    topics: list[nouns.Topic]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Log:
    log: nouns.Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class _VolumeUses:
    volumes: list[nouns.VolumeUse]
