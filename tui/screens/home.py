"""Home: is there room, is it healthy, what is happening, what needs you, where to start."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import ClassVar, Final

from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget

from tui import bindings, quantities, themes, words
from tui.actions.action import Target
from tui.client import nouns
from tui.glyphs import Meaning
from tui.screens.view import View
from tui.store import Entry, Topic
from tui.widgets import instance_detail
from tui.widgets.panel import Panel
from tui.widgets.spans import clean, fit

_BAR: Final = 14
_FULL_SHARE: Final = 0.9  # from here on a host needs someone


class Home(View):
    """The four questions, top to bottom."""

    BINDINGS: ClassVar[list[BindingType]] = bindings.of("home")
    CRUMBS: ClassVar[list[str]] = ["Home"]

    def body(self) -> Iterable[Widget]:
        """Return the panels."""
        with Horizontal(id="state"):
            yield Panel("Capacity", widget_id="capacity")
            yield Panel("Services", note="7 services and queues", widget_id="health")
        yield Panel("Happening now", note="9 traces", widget_id="happening")
        yield Panel("Needs you", widget_id="needs")
        yield Panel("Start here", widget_id="start")

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw all panels: each is a few lines."""
        self.query_one("#capacity", Panel).show(*self._capacity())
        self.query_one("#health", Panel).show(*self._health())
        self.query_one("#happening", Panel).show(*self._happening())
        self.query_one("#needs", Panel).show(*self._needs())
        self.query_one("#start", Panel).show(*_START)

    def targets(self) -> list[Target]:
        """Return the instance that changed last: its request is the one to look at."""
        for entry in reversed(self.app.store.journal):
            if isinstance(entry.noun, nouns.Instance):
                return [Target(id=entry.noun.id, name=entry.noun.name, noun=entry.noun)]
        newest = max(self.app.store.all(nouns.Instance), key=_born_s, default=None)
        return [] if newest is None else [Target(id=newest.id, name=newest.name, noun=newest)]

    def _capacity(self) -> list[Content]:
        hosts = self.app.store.all(nouns.Host)
        services = self.app.store.all(nouns.Service)
        memory = quantities.memory
        rooms = (
            ("vCPU", "vcpus_used", "vcpus", str),
            ("RAM", "memory_mib_used", "memory_mib", memory),
            ("Disk", "disk_gib_used", "disk_gib", lambda gib: f"{gib}G"),
        )
        lines = []
        for name, used_field, all_field, written in rooms:
            used = sum(getattr(host, used_field) for host in hosts)
            total = sum(getattr(host, all_field) for host in hosts)
            share = used / total if total else 0.0
            bar = self.app.glyphs.bar(share, width=_BAR)
            colour = themes.COLOUR["attention" if share >= _FULL_SHARE else "good"]
            lines.append(
                Content.assemble(f"{name:5}", (bar, colour), f" {written(used)}/{written(total)}")
            )
        own = quantities.size(1024 * sum(service.pss_kib or 0 for service in services))
        ways = ", ".join(sorted({host.virt_type for host in hosts if host.virt_type})) or "-"
        return [
            *lines,
            Content(clean(f"Guests by {ways} on {len(hosts)} host{'s' * (len(hosts) != 1)}")),
            Content(f"Cloud itself: {own}, {len(services)} processes"),
        ]

    def _health(self) -> list[Content]:
        store = self.app.store
        services = [
            self._state(words.of_service(service)[1], fit(service.name, 12))
            for service in sorted(store.all(nouns.Service), key=nouns.key)
        ]
        rows = [Content("  ").join(services[at : at + 2]) for at in range(0, len(services), 2)]
        depth = sum(topic.depth for topic in store.all(nouns.Topic) if not topic.is_dead)
        meaning: Meaning = "busy" if depth else "good"
        return [*rows, self._state(meaning, f"queue       {depth} waiting")]

    def _happening(self) -> list[Content]:
        room = max(1, self.query_one("#happening").size.height)
        entries: dict[str, Entry] = {}
        for entry in [*reversed(self.app.store.journal), *self._before(room)]:
            entries.setdefault(nouns.key(entry.noun), entry)
        quiet = Content.styled("Nothing has happened yet.", "$secondary")
        return [self._line(entry) for entry in list(entries.values())[:room]] or [quiet]

    def _before(self, count: int) -> list[Entry]:
        """What last happened to the objects that changed last, by their own word, newest first."""
        instances, images = self.app.store.all(nouns.Instance), self.app.store.all(nouns.Image)
        entries = [
            *(_entry("instance", noun) for noun in heapq.nlargest(count, instances, key=_moved)),
            *(_entry("image", noun) for noun in heapq.nlargest(count, images, key=_moved)),
        ]
        return sorted(entries, key=lambda entry: entry.at_s, reverse=True)

    def _line(self, entry: Entry) -> Content:
        noun = entry.noun
        match noun:
            case nouns.Instance():
                word, meaning = words.of_instance(noun)
            case nouns.Image():
                word, meaning = words.of_image(noun)
            case _:
                word, meaning = entry.kind, "unknown"
        if entry.is_gone:
            word, meaning = "deleted", "off"
        name = fit(getattr(noun, "name", None) or "-", 20, ellipsis=self.app.glyphs.ellipsis)
        return Content.assemble(
            f"{quantities.clock(entry.at_s)}  {entry.kind:8} {name} ",
            self._state(meaning, f"{word:12}"),
            clean(f" {self._more(noun)}"),
        )

    def _more(self, noun: nouns.Noun) -> str:
        if isinstance(noun, nouns.Image):
            return quantities.size(noun.size_bytes) if noun.size_bytes else ""
        if not isinstance(noun, nouns.Instance):
            return ""
        hop = instance_detail.step(self.app.store.hops(noun.request_id or ""))
        if noun.task_state and hop is not None:
            return hop.name
        born_s, launched_s = (
            quantities.epoch_s(noun.created_at),
            quantities.epoch_s(noun.launched_at),
        )
        if noun.vm_state == "active" and born_s and launched_s:
            return f"{quantities.duration((launched_s - born_s) * 1e6)} from request to running"
        return words.fault(noun)

    def _needs(self) -> list[Content]:
        store = self.app.store
        lines = [self._state("failed", store.link.reason)] if store.link.state == "lost" else []
        lines += [
            self._state("failed", f"{instance.name}: {words.fault(instance) or 'error'}")
            for instance in store.all(nouns.Instance)
            if words.of_instance(instance)[1] == "failed"
        ]
        lines += [
            self._state("failed", f"service {service.name} is down: 7")
            for service in store.all(nouns.Service)
            if words.of_service(service)[1] == "failed"
        ]
        lines += [
            self._state("attention", f"queue {topic.name} is paused, {topic.depth} waiting: 7")
            for topic in store.all(nouns.Topic)
            if topic.is_paused
        ]
        lines += [
            self._state("attention", f"{topic.depth} messages failed for good or lie aside: 7")
            for topic in store.all(nouns.Topic)
            if topic.is_dead and topic.depth
        ]
        return lines or [Content.styled("Nothing.", "$secondary")]

    def _state(self, meaning: Meaning, text: str) -> Content:
        sign = self.app.glyphs.state(meaning)
        return Content.styled(clean(f"{sign} {text}"), themes.COLOUR[meaning])


def _entry(kind: nouns.Kind, noun: nouns.Instance | nouns.Image) -> Entry:
    at_s = quantities.epoch_s(noun.updated_at or noun.created_at)
    return Entry(at_s=at_s or 0.0, kind=kind, noun=noun)


def _moved(noun: nouns.Instance | nouns.Image) -> str:
    """When it last changed, as text: of one cloud all times have one form, and sort as they are."""
    return str(noun.updated_at or noun.created_at or "")


def _born_s(instance: nouns.Instance) -> float:
    return quantities.epoch_s(instance.created_at) or 0.0


_START: Final = (
    Content("n run an instance   2 instances   3 images   5 volumes   7 services   9 traces"),
    Content(": go to anything    ? keys on this screen    ^p find any action or object"),
)
