"""Services and queues: who is alive, what waits; a queue paused, looked into and stepped.

Three lists, one under the other; keys work on the one that has the focus (Tab goes on).
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from textual import on, work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui import bindings, quantities, registry
from tui.actions.action import Target
from tui.client import decode, nouns, verbs
from tui.client.errors import ClientError, Refused
from tui.client.nouns import Message, Service, Topic
from tui.kinds import messages, queues, services
from tui.kinds.kind import Kind
from tui.screens.resource import Resource
from tui.widgets.lines import Lines
from tui.widgets.spans import clean
from tui.widgets.table import Table

_KINDS: Final[dict[str, Kind[Any]]] = {
    "rows": queues.KIND, "messages": messages.KIND, "processes": services.KIND,
}  # fmt: skip


_FORBIDDEN: Final = 403
_ADMINS: Final = "Only an administrator looks inside and holds queues: novabox tui --user admin"


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
        with Vertical(classes="box", id="messages"):
            yield Table(messages.KIND.columns(self.app), key=nouns.key)
            yield Static(id="note", markup=False)
        with Vertical(classes="box", id="processes"):
            yield Table(services.KIND.columns(self.app), key=nouns.key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Return None for what does not work on what is under the cursor."""
        known = {"log": "service.log", "look": "message.look"}.get(action)
        if known and not registry.BY_ID[known].works_on(next(iter(self.targets()), None)):
            return None
        return super().check_action(action, parameters)

    def targets(self) -> list[Target]:
        """Return the chosen objects of the list that has the focus."""
        kind, table = self._pane()
        return [
            Target(id=item.key, name=kind.name(item), noun=item) for item in table.chosen()
        ]  # fmt: skip

    def show(self, topics: frozenset[str]) -> None:
        """Draw queues and services."""
        super().show(topics)
        if "service" in topics:
            self.table.refresh()
            self.show_chosen()
            found = sorted(self.app.store.all(Service), key=services.KIND.order)
            self._table("processes").update(found)
            cost = quantities.size(1024 * sum(item.pss_kib or 0 for item in found))
            up = sum(item.state == "up" for item in found)
            box = self.query_one("#processes")
            box.border_title = f"Services {up} of {len(found)} up"
            troubles = [f"{item.name}: {item.trouble}" for item in found if item.trouble]
            box.border_subtitle = Content(clean("; ".join(troubles) or f"{cost} in all"))

    def tick(self) -> None:
        """Draw ages and what is left of pauses; ask how busy queues are, while they are."""
        for name in _KINDS:
            self._table(name).refresh()
        if topic := self.table.current:
            self._show_topic(topic)
        if self.is_current and any(_is_lively(one) for one in self.app.store.all(Topic)):
            self._load_topics()

    def show_chosen(self) -> None:
        """Look into the chosen queue."""
        topic: Topic | None = self.table.current
        if topic is None:
            self._show_messages([], "")
            return
        self._show_topic(topic)
        if topic.depth:
            self._load_messages(topic)
        else:
            self._show_messages([], self._advice(topic))

    def action_look(self) -> None:
        """Show all that the message under the cursor says."""
        message = self._table("messages").current
        if isinstance(message, Message):
            module = importlib.import_module("tui.screens.inside")
            self.app.push_screen(module.Inside(message))

    def action_log(self) -> None:
        """Show the log of the process under the cursor, or of the one that serves the queue."""
        kind, table = self._pane()
        item = table.current
        if item is None:
            return
        name = item.topic or item.queue if isinstance(item, Message) else item.key
        if kind is not services.KIND and name == "dead":
            self.app.say("nobody serves the dead ones", is_error=True)
            return
        module = importlib.import_module("tui.screens.service_log")
        self.app.push_screen(module.ServiceLog(name))

    def action_sort(self) -> None:
        """Sort the list that has the focus by its next column."""
        self._pane()[1].sort_by_next()

    def action_mark(self) -> None:
        """Mark the row of the list that has the focus."""
        self._pane()[1].toggle_mark()

    def action_copy_as(self) -> None:
        """Copy the shell line that shows what is under the cursor."""
        kind, table = self._pane()
        item = table.current
        if item is not None:
            self.app.action_copy(" ".join((*kind.show, getattr(item, "queue", None) or item.key)))

    @on(Table.Chosen, "#messages Table")
    def _inside(self) -> None:
        self.action_look()

    @on(Table.Chosen, "#rows Table")
    def _into(self) -> None:
        if self._table("messages").count():
            self._table("messages").focus()

    @on(Table.Chosen, "#processes Table")
    def _log_of(self) -> None:
        self.action_log()

    def on_descendant_focus(self) -> None:
        """Give the processes room while they have the keys, where there is little."""
        self.set_class(self._pane()[0] is services.KIND, "-low")

    @on(Lines.Moved)
    def _another(self) -> None:
        self.refresh_bindings()

    @work(exclusive=True, group="topics")
    async def _load_topics(self) -> None:
        """The event stream tells of changes; how busy a queue was changes with every second."""
        with contextlib.suppress(ClientError):  # the stream says what is wrong
            topics = await self.app.fetch(verbs.novabox.topics(), decode.topics)
            self.app.store.replace({"topic": list(topics)}, rev=self.app.store.rev)

    @work(exclusive=True, group="messages")
    async def _load_messages(self, topic: Topic) -> None:
        try:
            found = await self.app.fetch(verbs.novabox.topic(topic.name), decode.messages)
        except ClientError as error:
            is_refused = isinstance(error, Refused) and error.status == _FORBIDDEN
            self._show_messages([], _ADMINS if is_refused else error.reason)
            return
        chosen = self.table.current
        if chosen is not None and chosen.name == topic.name:
            self._show_messages(found, "" if found else self._advice(topic))

    def _show_messages(self, found: list[Message], note: str) -> None:
        table, line = self._table("messages"), self.query_one("#note", Static)
        table.update(found)
        line.update(Content(clean(note)))
        table.display, line.display = bool(found), not found
        if not found and table.has_focus:
            self.table.focus()

    def _show_topic(self, topic: Topic) -> None:
        """Say above the messages whose they are, and what holds them."""
        parts = [topic.name, f"{topic.depth} waiting"]
        if topic.is_paused:
            now_s, since_s = self.app.now_s(), quantities.epoch_s(topic.paused_at)
            ago = "" if since_s is None else f" {quantities.countdown(now_s - since_s)} ago"
            parts.append(f"{self._who(topic.paused_by)} paused it{ago}")
            if left := queues.left(self.app, topic):
                parts.append(f"goes on in {left}")
        is_stopped = queues.is_stopped(self.app, topic)
        if is_stopped:
            parts.append("its process is stopped")
        box = self.query_one("#messages")
        box.border_title = Content(clean(f" {self.app.glyphs.dot} ".join(parts)))
        box.set_class(topic.is_paused or is_stopped, "-held")

    def _who(self, name: str | None) -> str:
        if self.app.who is not None and name == self.app.who.username:
            return "you"
        return name or "somebody"

    def _advice(self, topic: Topic) -> str:
        if topic.is_paused:
            return "Paused: what comes waits here. o lets one through, p resumes."
        if queues.is_stopped(self.app, topic):
            return "Stopped: what comes waits here until the process is started: Tab to it, S."
        if topic.is_dead:
            return "No step has failed for good, and nobody put a message aside."
        last = f"Last step: {topic.last_step}.  " if topic.last_step else ""
        return f"{last}p pauses: messages wait, can be looked at one by one; nothing is lost."

    def _pane(self) -> tuple[Kind[Any], Table[Any]]:
        """The list that has the focus, or the queues."""
        for name, kind in _KINDS.items():
            if (table := self._table(name)).has_focus:
                return kind, table
        return self.KIND, self.table

    def _table(self, name: str) -> Table[Any]:
        return self.query_one(f"#{name} Table", Table)

    def _show_title(self) -> None:
        super()._show_title()
        glyphs = self.app.glyphs
        self.query_one(
            "#rows"
        ).border_subtitle = (
            f"{glyphs.bar_empty} quiet  {glyphs.bar_half} passing  {glyphs.bar_full} waiting"
        )


def _is_lively(topic: Topic) -> bool:
    history = topic.history
    is_held = bool(topic.depth) and not topic.is_dead
    return is_held or any(history.sent) or any(history.taken)
