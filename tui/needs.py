"""What somebody has to do something about: one row each, the worst first, with the key that helps.

Drawn from what is known of the cloud; asks nothing itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tui import quantities, words
from tui.actions.action import Target
from tui.client import nouns
from tui.client.nouns.planning import Capacity, Used
from tui.glyphs import Meaning
from tui.store import Store

NEAR: Final = 0.8  # of a limit: from here on it is worth a row
_SOON_S: Final = 14 * 86_400.0  # what is full later than in two weeks is no row yet
_WORDS: Final = {"vcpus": "vCPUs", "memory_mib": "RAM", "disk_gib": "disk"}
_MEANINGS: Final[tuple[Meaning, ...]] = ("failed", "attention")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One row: what is the matter, the key that helps and what it does, the object it is about."""

    meaning: Meaning
    text: str
    key: str
    does: str
    target: Target | None = None


def of(store: Store, capacity: Capacity | None, *, project: str) -> list[Need]:
    """Return all there is to do, failures before warnings."""
    found = [*_link(store), *_objects(store), *_parts(store), *_room(capacity, project)]
    return sorted(found, key=lambda need: _MEANINGS.index(need.meaning))


def _link(store: Store) -> Iterable[Need]:
    if store.link.state == "lost":
        text = "the cloud does not answer: what is shown may be old"
        yield Need(meaning="failed", text=text, key="^r reconnect", does="app.reconnect")
        yield Need(meaning="failed", text=store.link.reason, key="", does="app.reconnect")


def _objects(store: Store) -> Iterable[Need]:
    for instance in store.all(nouns.Instance):
        if words.of_instance(instance)[1] == "failed":
            reason = words.fault(instance) or "it failed"
            yield _why("instances", f"{instance.name}: {reason}", instance.name, instance)
    for volume in store.all(nouns.Volume):
        if words.of_volume(volume)[1] == "failed":
            name = volume.name or volume.id[:8]
            text = f"volume {name}: {volume.reason or volume.status}"
            yield _why("volumes", text, name, volume)


def _why(place: str, text: str, name: str, noun: nouns.Instance | nouns.Volume) -> Need:
    return Need(
        meaning="failed", text=text, key="w why", does=f"app.open({place!r}, {noun.key!r})",
        target=Target(id=noun.id, name=name, noun=noun),
    )  # fmt: skip


def _parts(store: Store) -> Iterable[Need]:
    for host in store.all(nouns.Host):
        if not host.is_up:
            yield _part("failed", f"host {host.name} is down", host.name, host)
    for service in store.all(nouns.Service):
        word, meaning = words.of_service(service)
        if meaning != "good":
            said = f": {service.trouble}" if meaning == "attention" else f" is {word}"
            text = f"service {service.name}{said}"
            yield _part("attention" if meaning == "off" else meaning, text, service.key, service)
    for topic in store.all(nouns.Topic):
        if topic.is_paused:
            text = f"queue {topic.name} is paused, {topic.depth} waiting"
            yield _part("attention", text, topic.name, topic)
        elif topic.is_dead and topic.depth:
            what = "message" if topic.depth == 1 else "messages"
            text = f"{topic.depth} {what} failed for good, or put aside"
            yield _part("attention", text, topic.name, topic)


def _part(
    meaning: Meaning, text: str, name: str, noun: nouns.Host | nouns.Service | nouns.Topic
) -> Need:
    place = "capacity" if isinstance(noun, nouns.Host) else "services"
    key = "8 capacity" if isinstance(noun, nouns.Host) else "7 services"
    return Need(meaning=meaning, text=text, key=key, does=f"app.open({place!r})",
                target=Target(id=noun.key, name=name, noun=noun))  # fmt: skip


def _room(capacity: Capacity | None, project: str) -> Iterable[Need]:
    if capacity is None:
        return
    for quota in capacity.quotas:
        if quota.project == project:
            yield from (_limit(one) for one in quota.resources if _is_near(one))
    for forecast in capacity.forecasts:
        if forecast.full_in_s <= _SOON_S:
            what = _WORDS.get(forecast.resource, forecast.resource)
            when = "is" if forecast.full_in_s < 1 else (
                f"in {quantities.age(forecast.full_in_s)}, at this rate, is"
            )  # fmt: skip
            text = f"all {what} {when} given away"
            yield Need(meaning="attention", text=text, key="8 capacity",
                       does="app.open('capacity')")  # fmt: skip


def _is_near(one: Used) -> bool:
    return 0 <= one.limit <= one.used / NEAR and one.used > 0


def _limit(one: Used) -> Need:
    word = "used up" if one.used >= one.limit else "nearly used up"
    text = f"quota of {one.resource.replace('_', ' ')} is {word}: {one.used} of {one.limit}"
    return Need(meaning="attention", text=text, key="8 capacity", does="app.open('capacity')")
