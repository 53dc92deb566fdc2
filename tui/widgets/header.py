"""The first line: where one is, and how the cloud is."""

from __future__ import annotations

from collections.abc import Sequence

from textual import getters
from textual.content import Content
from textual.widget import Widget

from tui import quantities, themes, words
from tui.app import Tui
from tui.client import nouns
from tui.glyphs import Meaning
from tui.widgets import spans


class Header(Widget):
    """Breadcrumb left; services, queue depth, age of the data and clock right."""

    app = getters.app(Tui)

    def __init__(self, crumbs: list[str]) -> None:
        super().__init__()
        self._crumbs = crumbs

    def render(self) -> Content:
        """Draw both halves, the right one first when there is no room."""
        where = f" {self.app.glyphs.crumb} ".join([self._cloud(), *self._crumbs])
        right = self._health()
        room = self.size.width - right.cell_length - 3
        cut = spans.fit(where, max(0, room), ellipsis=self.app.glyphs.ellipsis)
        left = Content.styled(cut, "bold")
        return Content.assemble(" ", left, " ", right, " ")

    def _cloud(self) -> str:
        hosts = self.app.store.all(nouns.Host)
        name = hosts[0].name if hosts else "novabox"
        who = self.app.who
        name = f"{name} (read-only)" if self.app.is_read_only else name
        return f"{name} {self.app.glyphs.crumb} {who.project_name}" if who else name

    def _health(self) -> Content:
        clock = quantities.clock(self.app.now_s())
        if self.app.is_resting:  # nobody redraws the seconds while nothing happens
            clock = f"{clock[:5]:8}"
        meaning, text = self._summary()
        sign = self.app.glyphs.state(meaning)
        style = f"{themes.COLOUR[meaning]}{' reverse' if meaning == 'attention' else ''}"
        return Content.assemble((f"{sign} {text}", style), f"  {clock}")

    def _left(self, topic: nouns.Topic) -> str:
        until_s = quantities.epoch_s(topic.paused_until)
        return "" if until_s is None else quantities.countdown(until_s - self.app.now_s())

    def _summary(self) -> tuple[Meaning, str]:
        store = self.app.store
        if store.link.state == "connecting":
            age_s = store.age_s()
            told = "connecting" if age_s is None else f"connecting, stale {quantities.age(age_s)}"
            return "busy", told
        if store.link.state == "lost":
            age_s = store.age_s()
            return "failed", "no cloud" if age_s is None else f"stale {quantities.age(age_s)}"
        services, topics = store.all(nouns.Service), store.all(nouns.Topic)
        up = sum(service.state == "up" for service in services)
        depth = sum(topic.depth for topic in topics if not topic.is_dead)
        text = f"{up}/{len(services)} up  mq {depth}"
        if loud := self._held(services, topics):
            return "attention", f"{loud}  {text}"
        if up < len(services):
            return "failed", text
        is_well = all(words.of_service(service)[1] == "good" for service in services)
        return ("good" if is_well else "attention"), text

    def _held(self, services: Sequence[nouns.Service], topics: Sequence[nouns.Topic]) -> str:
        """Return what somebody holds, by its name, or how many: it is loud everywhere."""
        paused = [topic for topic in topics if topic.is_paused]
        stopped = [one.key for one in services if words.of_service(one)[1] == "off"]
        if len(paused) + len(stopped) == 1:
            (word,) = [f"{one.name} PAUSED {self._left(one)}" for one in paused] + [
                f"{name} STOPPED" for name in stopped
            ]
            return word.rstrip()
        counts = {"PAUSED": len(paused), "STOPPED": len(stopped)}
        return ", ".join(f"{count} {word}" for word, count in counts.items() if count)
