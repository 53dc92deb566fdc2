"""Services and queues: who is alive, what waits, and a queue paused, looked into and stepped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from tui import bindings, quantities, words
from tui.client import decode, nouns, verbs
from tui.client.errors import ClientError
from tui.client.nouns import Message, Service, Topic
from tui.kinds import queues, services
from tui.screens.resource import Resource
from tui.widgets.panel import Panel
from tui.widgets.spans import clean, fit
from tui.widgets.table import Table

_MESSAGES_MAX = 3


class Services(Resource):
    """The queues on top, the messages of the chosen one, the processes below."""

    KIND = queues.KIND
    AUTO_FOCUS = "#rows Table"
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("services")

    def crumbs(self) -> list[str]:
        """Return what is on the screen."""
        return ["Services and queues"]

    def body(self) -> Iterable[Widget]:
        """Return queues, messages, services."""
        yield from super().body()
        yield Panel(widget_id="messages")
        with Vertical(classes="box", id="processes"):
            yield Table(services.KIND.columns(self.app), key=nouns.key)

    def show(self, topics: frozenset[str]) -> None:
        """Draw queues and services."""
        super().show(topics)
        if "service" in topics:
            found = sorted(self.app.store.all(Service), key=services.KIND.order)
            self.query_one("#processes Table", Table).update(found)
            cost = quantities.size(1024 * sum(item.pss_kib or 0 for item in found))
            box = self.query_one("#processes")
            box.border_title = "Services"
            box.border_subtitle = f"{len(found)} processes, {cost} in all"

    def tick(self) -> None:
        """Draw the ages."""
        self.query_one("#processes Table", Table).refresh()

    def show_chosen(self) -> None:
        """Look into the chosen queue."""
        panel = self.query_one("#messages", Panel)
        topic: Topic | None = self.table.current
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
            messages = await self.app.fetch(verbs.novabox.topic(name), decode.messages)
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
