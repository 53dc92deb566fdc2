"""One request as a live sequence diagram, and the hop under the cursor in detail."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from textual import on, work
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from tui import quantities, themes, words
from tui.actions.action import Target
from tui.client import decode, nouns, verbs
from tui.client.errors import ClientError, Refused
from tui.client.nouns import Hop
from tui.screens.view import View
from tui.store import Topic
from tui.theatre import diagram, lanes, order, story
from tui.widgets.lines import Lines
from tui.widgets.panel import Panel
from tui.widgets.spans import Span, clean


class Diagram(Lines):
    """The hops as lines; the cursor stays on the newest unless it was moved up."""

    def __init__(self) -> None:
        super().__init__()
        self.hops: list[Hop] = []
        self._stage: Sequence[str] = lanes.LANES
        self._start_us = 0

    def count(self) -> int:
        """Return the number of hops."""
        return len(self.hops)

    def head(self, width: int) -> list[Span]:
        """Return the names of the lanes."""
        return diagram.head(self._stage, width=width)

    def line(self, index: int, width: int) -> list[Span]:
        """Return the line of one hop."""
        glyphs = self.app.glyphs
        sign = glyphs.arrow_left if index == self.cursor else " "
        return diagram.line(
            self.hops[index],
            self._stage,
            number=f"{index + 1}{sign}",
            start_us=self._start_us,
            width=width,
            glyphs=glyphs,
        )

    def update(self, hops: Iterable[Hop]) -> None:
        """Show ``hops`` in causal order."""
        was_at_end = self.cursor >= len(self.hops) - 1
        here = self.hops[self.cursor].id if self.hops else ""
        self.hops = order.causal(hops)
        self._stage = lanes.on_stage(self.hops)
        self._start_us = order.start_us(self.hops)
        if was_at_end:
            self.cursor = len(self.hops) - 1
        else:
            self.cursor = next(at for at, hop in enumerate(self.hops) if hop.id == here)
        self.changed()
        self.post_message(self.Moved(self))


class Theatre(View):
    """The trace of one request while it happens, or after."""

    AUTO_FOCUS = "Diagram"

    def __init__(self, *, request_id: str) -> None:
        super().__init__()
        self.request_id = request_id

    def crumbs(self) -> list[str]:
        """Return the path, which ends in the request."""
        return ["Traces", self.request_id]

    def body(self) -> Iterable[Widget]:
        """Return the diagram, the line of progress, the hop under the cursor."""
        with Vertical(id="stage"):
            yield Diagram()
        yield Panel(widget_id="hop", wraps=True)

    def on_mount(self) -> None:
        """Ask for the hops that have been; the event stream brings those to come."""
        self._load()

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw the hops."""
        if "hop" in topics:
            hops = self.app.store.hops(self.request_id)
            if hops != self._diagram.hops:
                self._diagram.update(hops)

    def tick(self) -> None:
        """Draw how long the hop under the cursor has been running."""
        self._show_hop()

    def targets(self) -> list[Target]:
        """Return the request."""
        request = nouns.Request(id=self.request_id)
        return [Target(id=self.request_id, name=self.request_id, noun=request)]

    @work(exclusive=True)
    async def _load(self) -> None:
        try:
            hops = await self.app.fetch(verbs.novabox.request(self.request_id), decode.hops)
        except Refused as error:
            if error.status != 404:  # a request just sent may not have left its first hop yet
                self.app.say(error.reason, is_error=True)
        except ClientError as error:
            self.app.say(error.reason, is_error=True)
        else:
            self.app.store.add_hops(hops)

    @on(Lines.Moved)
    def _show_hop(self) -> None:
        panel, hops = self.query_one("#hop", Panel), self._diagram.hops
        if not hops:
            panel.border_title = "no hop yet"
            panel.show("The request has left no trace, or it is on its way here.")
            return
        hop = hops[self._diagram.cursor]
        panel.border_title = f"hop {self._diagram.cursor + 1} of {len(hops)}"
        panel.border_subtitle = self._progress(hops)
        panel.show(*self._lines(hop))

    def _progress(self, hops: list[Hop]) -> str:
        running = sum(hop.status == "running" for hop in hops)
        failed = sum(hop.status == "error" for hop in hops)
        took = quantities.duration(order.took_us(hops, now_us=int(self.app.now_s() * 1e6)))
        return f"{took} in all, {running} running, {failed} failed"

    def _lines(self, hop: Hop) -> list[Content]:
        word, meaning = words.of_hop(hop)
        glyphs = self.app.glyphs
        facts = [
            f"{hop.source} {glyphs.arrow} {hop.target}",
            hop.kind,
            f"took {quantities.duration(hop.duration_us)}" if hop.duration_us is not None else "",
            quantities.size(hop.bytes) if hop.bytes is not None else "",
        ]
        dot = f"  {glyphs.dot}  "
        return [
            Content.assemble(
                (f"{glyphs.state(meaning)} {word}", themes.COLOUR[meaning]),
                clean(dot + dot.join(filter(None, facts))),
            ),
            Content(clean(story.tell(hop))),
            Content.styled(clean(_detail(hop)), "$secondary"),
        ]

    @property
    def _diagram(self) -> Diagram:
        return self.query_one(Diagram)


def _detail(hop: Hop) -> str:
    if not hop.detail:
        return ""
    return hop.detail if isinstance(hop.detail, str) else json.dumps(hop.detail, ensure_ascii=False)
