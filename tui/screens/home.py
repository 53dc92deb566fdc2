"""Home: is there room, is it healthy, what is happening, what needs you, where to start."""

from __future__ import annotations

import contextlib
import heapq
import importlib
import ipaddress
from collections.abc import Callable, Iterable
from typing import ClassVar, Final

from textual import on, work
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget

from tui import bindings, needs, quantities, themes, words
from tui.actions.action import Target
from tui.client import nouns, verbs
from tui.client.errors import ClientError
from tui.client.nouns.planning import Capacity
from tui.glyphs import Meaning
from tui.screens.view import View
from tui.store import Entry, Topic
from tui.widgets import instance_detail
from tui.widgets.need_list import NeedList
from tui.widgets.panel import Panel
from tui.widgets.spans import clean, fit

_BAR_MIN: Final = 10
_BAR_MAX: Final = 40
_BESIDE_BAR: Final = 18  # cells of `RAM  ` and ` 9.1G/15.6G`
_NEEDS_MAX: Final = 4  # rows at once; the list scrolls
_MOVING: Final = 12  # cells of the bar of what is on its way
_AGAIN_S: Final = 60.0  # quotas and forecasts are no events: they are asked for this often
_FULL_SHARE: Final = 0.9  # from here on a host needs someone


class _Happening(Panel):
    """Takes the room that the panels below leave, and is drawn anew when that changes."""

    def on_resize(self) -> None:
        """Show more, or less."""
        if isinstance(self.screen, Home):
            self.screen.show_happening()


class Home(View):
    """The four questions, top to bottom."""

    BINDINGS: ClassVar[list[BindingType]] = bindings.of("home")
    CRUMBS: ClassVar[list[str]] = ["Home"]
    AUTO_FOCUS = "NeedList"

    def __init__(self) -> None:
        super().__init__()
        self._capacity_found: Capacity | None = None

    def body(self) -> Iterable[Widget]:
        """Return the panels."""
        with Horizontal(id="state"):
            yield Panel("Capacity", note="8 capacity and quotas", widget_id="capacity")
            yield Panel("Services", note="7 services and queues", widget_id="health")
        yield _Happening("Happening now", note="9 traces", widget_id="happening")
        with Vertical(classes="box", id="needs") as needs_you:
            needs_you.border_title = "Needs you"
            yield NeedList()
        yield Panel("Start here", widget_id="start")

    def on_mount(self) -> None:
        """Ask for what no event tells of, now and now and then."""
        self.set_interval(_AGAIN_S, self._ask)

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw all panels: each is a few lines."""
        if "link" in topics:
            self._ask()
        self.query_one("#capacity", Panel).show(*self._capacity())
        self.query_one("#health", Panel).show(*self._health())
        self.show_happening()
        self._show_needs()
        self.query_one("#start", Panel).show(*_START)

    def targets(self) -> list[Target]:
        """Return what needs somebody, under the cursor; else the instance that changed last."""
        need = self.query_one(NeedList).current
        if need and need.target:
            return [need.target]
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
            lines.append(self._bar(name, used, total, written, may=self._may(all_field)))
        networks = self.app.store.all(nouns.Network)
        taken = sum(network.ports for network in networks)
        lines.append(self._bar("IPs", taken, sum(_addresses(one) for one in networks), str))
        own = quantities.size(1024 * sum(service.pss_kib or 0 for service in services))
        return [*lines, Content(f"Cloud itself: {own}, {len(services)} processes")]

    def _may(self, resource: str) -> int:
        """Return how much may be given away: of vCPUs more than there are; 0 while unknown."""
        found = self._capacity_found
        return sum(getattr(host, f"{resource}_limit") for host in found.hosts) if found else 0

    def _bar(
        self, name: str, used: int, total: int, written: Callable[[int], str], *, may: int = 0
    ) -> Content:
        """Return how much is used of all there is, in the colour of how much may be."""
        share = used / total if total else 0.0
        width = self.query_one("#capacity").content_size.width - _BESIDE_BAR
        bar = self.app.glyphs.bar(min(share, 1.0), width=max(_BAR_MIN, min(width, _BAR_MAX)))
        is_full = used >= (may or total) * _FULL_SHARE and used > 0
        colour = themes.COLOUR["attention" if is_full else "good"]
        return Content.assemble(f"{name:5}", (bar, colour), f" {written(used)}/{written(total)}")

    def _health(self) -> list[Content]:
        store = self.app.store
        services = [
            self._state(
                words.of_service(service)[1],
                fit(service.name, 12, ellipsis=self.app.glyphs.ellipsis),
            )
            for service in sorted(store.all(nouns.Service), key=nouns.key)
        ]
        rows = [Content("  ").join(services[at : at + 2]) for at in range(0, len(services), 2)]
        depth = sum(topic.depth for topic in store.all(nouns.Topic) if not topic.is_dead)
        meaning: Meaning = "busy" if depth else "good"
        return [*rows, self._state(meaning, f"queue       {depth} waiting")]

    def show_happening(self) -> None:
        """Draw as much of what happened as there is room for."""
        self.query_one("#happening", Panel).show(*self._happening())

    def _happening(self) -> list[Content]:
        room = max(1, self.query_one("#happening").content_size.height)
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
            case nouns.Volume():
                word, meaning = words.of_volume(noun)
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
            return self._progress(hop)
        born_s, launched_s = (
            quantities.epoch_s(noun.created_at),
            quantities.epoch_s(noun.launched_at),
        )
        if noun.vm_state == "active" and born_s and launched_s:
            return f"{quantities.duration((launched_s - born_s) * 1e6)} from request to running"
        return words.fault(noun)

    def _progress(self, hop: nouns.Hop) -> str:
        """Return a bar of the bytes that go by, or the name of the step."""
        total = hop.detail.get("total_bytes") if isinstance(hop.detail, dict) else None
        if not total or hop.bytes is None:
            return hop.name
        bar = self.app.glyphs.bar(min(hop.bytes / total, 1.0), width=_MOVING)
        return f"{bar} {quantities.size(hop.bytes)} of {quantities.size(total)}"

    @on(NeedList.Chosen)
    async def _chosen(self) -> None:
        if need := self.query_one(NeedList).current:
            await self.run_action(need.does)

    @work(exclusive=True, group="capacity")
    async def _ask(self) -> None:
        """Ask for quotas and forecasts; without an answer the last one stands."""
        if self.app.store.link.state == "live" and self.is_current:
            plans = importlib.import_module("tui.client.plans")  # after the first paint
            with contextlib.suppress(ClientError):
                call = verbs.planning.capacity()
                self._capacity_found = await self.app.fetch(call, plans.capacity)
                self.show(frozenset({"host"}))

    def on_resize(self) -> None:
        """Draw for the new width."""
        self.call_after_refresh(self.show, frozenset({"host"}))

    def _show_needs(self) -> None:
        project = self.app.who.project_name if self.app.who else ""
        found = needs.of(self.app.store, self._capacity_found, project=project)
        rows = self.query_one(NeedList)
        rows.update(found)
        box = self.query_one("#needs")
        box.border_title = f"Needs you {self.app.glyphs.dot} {len(found)}" if found else "Needs you"
        box.styles.height = min(max(len(found), 1), _NEEDS_MAX) + 2

    def _state(self, meaning: Meaning, text: str) -> Content:
        sign = self.app.glyphs.state(meaning)
        return Content.styled(clean(f"{sign} {text}"), themes.COLOUR[meaning])


def _entry(kind: nouns.Kind, noun: nouns.Instance | nouns.Image) -> Entry:
    at_s = quantities.epoch_s(noun.updated_at or noun.created_at)
    return Entry(at_s=at_s or 0.0, kind=kind, noun=noun)


def _moved(noun: nouns.Instance | nouns.Image) -> str:
    """When it last changed, as text: of one cloud all times have one form, and sort as they are."""
    return str(noun.updated_at or noun.created_at or "")


def _addresses(network: nouns.Network) -> int:
    """How many addresses guests can have: not the network's, the gateway's and the last."""
    if network.cidr is None:
        return 0
    return max(ipaddress.ip_network(network.cidr).num_addresses - 3, 0)


def _born_s(instance: nouns.Instance) -> float:
    return quantities.epoch_s(instance.created_at) or 0.0


_START: Final = (
    Content("n run an instance   w why it is so   t trace its request   Enter go there"),
    Content(": go to anything    ? keys on this screen    ^p find any action or object"),
)
