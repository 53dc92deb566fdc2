"""The requests of late: who asked what, how long it took, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual import on, work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.widget import Widget

from tui import bindings, quantities, words
from tui.actions import Target
from tui.client import decode, verbs
from tui.client.nouns import Request
from tui.screens import listing
from tui.screens.listing import Listing
from tui.store import Topic
from tui.widgets.columns import Column
from tui.widgets.spans import Span
from tui.widgets.table import Table

_LIMIT: Final = 200
_AGAIN_S: Final = 1.0  # hops come by the hundred: the list is asked for once a second at most


class Traces(Listing):
    """A list of requests; Enter opens one in the theatre."""

    CRUMBS: ClassVar[list[str]] = ["Traces"]
    SHOW = ("novabox", "trace")
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("traces")

    def __init__(self) -> None:
        super().__init__()
        self._is_due = False

    def body(self) -> Iterable[Widget]:
        """Return the table."""
        with Vertical(classes="box"):
            yield Table(self._columns(), key=lambda request: request.id)
            yield listing.filter_line()

    def show(self, topics: frozenset[Topic]) -> None:
        """Ask for the list again, once for all hops of a second."""
        if "link" in topics:
            self._load()
        elif "hop" in topics and not self._is_due:
            self._is_due = True
            self.set_timer(_AGAIN_S, self._load)

    def targets(self) -> list[Target]:
        """Return the chosen requests."""
        chosen: list[Request] = self.table.chosen()
        return [Target(id=item.id, name=item.id, noun=item) for item in chosen]

    @work(exclusive=True)
    async def _load(self) -> None:
        self._is_due = False
        if self.app.store.link.state != "live":
            return
        requests = await self.app.ask(verbs.requests(_LIMIT), decode.requests)
        if requests is not None:
            self.table.update(requests)

    @on(Table.Moved)
    def _show_title(self) -> None:
        count, total = self.table.count(), self.table.total
        self.query_one(".box").border_title = f"Traces {count} of {total}"

    @on(Table.Chosen)
    def _opened(self) -> None:
        self.app.action_trace()

    def _columns(self) -> list[Column[Request]]:
        return [
            Column(name="AT", width=8, cell=lambda item: (quantities.clock(item.started_at), ""),
                   sort=lambda item: item.started_at),
            Column(name="REQUEST", width=8, cell=_short_id, drop=2),
            Column(name="NAME", width=16, weight=1, cell=lambda item: (item.name, "")),
            Column(name="STATE", width=9, cell=self._state),
            Column(name="TOOK", width=9, is_right=True, cell=_took,
                   sort=lambda item: item.duration_us or 0),
            Column(name="HOPS", width=4, is_right=True, cell=lambda item: (str(item.hops), ""),
                   sort=lambda item: item.hops),
            Column(name="USER", width=8, cell=lambda item: (item.user or "-", ""), drop=1),
        ]  # fmt: skip

    def _state(self, item: Request) -> Span:
        word, meaning = words.of_hop(item)
        return f"{self.app.glyphs.state(meaning)} {word}", meaning


def _short_id(item: Request) -> Span:
    return item.id.removeprefix("req-")[:8], "dim"


def _took(item: Request) -> Span:
    return quantities.duration(item.duration_us), ""
