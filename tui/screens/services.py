"""Services and queues: who is alive, what waits, and a queue paused, looked into and stepped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from tui import bindings, quantities, words
from tui.actions import Target
from tui.client import decode, nouns, verbs
from tui.client.errors import ClientError
from tui.client.nouns import Message, Service, Topic
from tui.screens import listing
from tui.screens.listing import Listing
from tui.widgets.columns import Column
from tui.widgets.panel import Panel
from tui.widgets.spans import Span, clean, fit
from tui.widgets.table import Table

_MESSAGES_MAX = 3


class Services(Listing):
    """The queues on top, the messages of the chosen one, the processes below."""

    CRUMBS: ClassVar[list[str]] = ["Services and queues"]
    AUTO_FOCUS = "#topics"
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("services")

    def body(self) -> Iterable[Widget]:
        """Return queues, messages, services."""
        with Vertical(classes="box", id="queues"):
            yield Table(self._topic_columns(), key=nouns.key, widget_id="topics")
            yield listing.filter_line()
        yield Panel(widget_id="messages")
        with Vertical(classes="box", id="processes"):
            yield Table(self._service_columns(), key=nouns.key, widget_id="services")

    @property
    def table(self) -> Table[Topic]:
        """The table of queues."""
        return self.query_one("#topics", Table)

    def show(self, topics: frozenset[str]) -> None:
        """Draw queues and services."""
        store = self.app.store
        if "topic" in topics:
            self.table.update(sorted(store.all(Topic), key=nouns.key))
        if "service" in topics:
            services = sorted(store.all(Service), key=nouns.key)
            self.query_one("#services", Table).update(services)
            cost = quantities.size(1024 * sum(item.pss_kib or 0 for item in services))
            box = self.query_one("#processes")
            box.border_title = "Services"
            box.border_subtitle = f"{len(services)} processes, {cost} in all"

    def tick(self) -> None:
        """Draw the ages."""
        self.query_one("#services", Table).refresh()

    def targets(self) -> list[Target]:
        """Return the chosen queues."""
        return [Target(id=item.name, name=item.name, noun=item) for item in self.table.chosen()]

    @on(Table.Moved, "#topics")
    def _look_into(self) -> None:
        box = self.query_one("#queues")
        box.border_title = f"Queues {self.table.count()} of {self.table.total}"
        panel = self.query_one("#messages", Panel)
        topic = self.table.current
        if topic is None:
            panel.border_title = "no queue"
            panel.show("")
            return
        word, meaning = words.of_topic(topic)
        sign = self.app.glyphs.state(meaning)
        panel.border_title = Content(clean(f"{topic.name}  {sign} {word}, {topic.depth} waiting"))
        if topic.depth:
            self._load_messages(topic.name)
        else:
            panel.show(f"last step: {topic.last_step or '-'}", *self._advice(topic))

    @work(exclusive=True, group="messages")
    async def _load_messages(self, name: str) -> None:
        panel = self.query_one("#messages", Panel)
        try:
            messages = await self.app.fetch(verbs.topic(name), decode.messages)
        except ClientError as error:  # most often: only an administrator may look inside
            panel.show(clean(error.reason))
            return
        rows = [self._message(at, item) for at, item in enumerate(messages[:_MESSAGES_MAX], 1)]
        more = len(messages) - len(rows)
        panel.show(*rows, f"and {more} more" if more else "")

    def _message(self, number: int, item: Message) -> str:
        waiting = quantities.since(item.queued_at, now_s=self.app.now_s())
        ellipsis = self.app.glyphs.ellipsis
        step = fit(item.step, 20, ellipsis=ellipsis)
        thing = fit(item.object_id or "-", 10, ellipsis=ellipsis)
        return clean(f"{number:2} {step} {thing} {waiting:>4}  {item.request_id or '-'}")

    def _advice(self, topic: Topic) -> list[str]:
        if topic.is_paused:
            return ["Paused: what comes waits here. o lets one message through, p resumes."]
        return ["p pauses: messages wait, and can be looked at one by one; nothing is lost."]

    def _topic_columns(self) -> list[Column[Topic]]:
        return [
            Column(name="QUEUE", width=16, weight=2, cell=lambda item: (item.name, "")),
            Column(name="STATE", width=10, cell=self._topic_state),
            Column(name="DEPTH", width=5, is_right=True, cell=_depth,
                   sort=lambda item: -item.depth),
            Column(name="OLDEST", width=6, is_right=True, cell=_oldest),
            Column(name="LAST STEP", width=14, weight=1,
                   cell=lambda item: (item.last_step or "-", ""), drop=1),
        ]  # fmt: skip

    def _service_columns(self) -> list[Column[Service]]:
        return [
            Column(name="SERVICE", width=12, weight=1, cell=lambda item: (item.name, "")),
            Column(name="STATE", width=8, cell=self._service_state),
            Column(name="HOST", width=10, cell=lambda item: (item.host or "-", "dim"), drop=3),
            Column(name="PID", width=7, is_right=True, cell=_pid),
            Column(name="MEMORY", width=9, is_right=True, cell=_memory,
                   sort=lambda item: -(item.pss_kib or 0)),
            Column(name="CPU", width=5, is_right=True, cell=_cpu, drop=1),
            Column(name="UP", width=4, is_right=True, cell=self._uptime, drop=2),
            Column(name="SEEN", width=4, is_right=True, cell=self._seen, drop=4),
        ]  # fmt: skip

    def _topic_state(self, item: Topic) -> Span:
        word, meaning = words.of_topic(item)
        return f"{self.app.glyphs.state(meaning)} {word}", meaning

    def _service_state(self, item: Service) -> Span:
        word, meaning = words.of_service(item)
        return f"{self.app.glyphs.state(meaning)} {word}", meaning

    def _uptime(self, item: Service) -> Span:
        return quantities.since(item.started_at, now_s=self.app.now_s()), ""

    def _seen(self, item: Service) -> Span:
        return quantities.since(item.seen_at, now_s=self.app.now_s()), "dim"


def _depth(item: Topic) -> Span:
    return str(item.depth), "attention" if item.depth else ""


def _oldest(item: Topic) -> Span:
    return quantities.age(item.oldest_age_s) if item.depth else "-", ""


def _pid(item: Service) -> Span:
    return str(item.pid or "-"), ""


def _memory(item: Service) -> Span:
    return quantities.size(None if item.pss_kib is None else item.pss_kib * 1024), ""


def _cpu(item: Service) -> Span:
    return "-" if item.cpu_percent is None else f"{item.cpu_percent:.1f}%", ""
