"""Instances: the live list, what is known of the chosen one, its console log."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar, Final

from textual import on, work
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.widget import Widget

from tui import bindings, quantities, words
from tui.actions import Target
from tui.client import nouns, openstack, verbs
from tui.client.nouns import Instance
from tui.screens import listing
from tui.screens.listing import Listing
from tui.store import Topic
from tui.widgets import instance_detail
from tui.widgets.columns import Column
from tui.widgets.console_log import ConsoleLog
from tui.widgets.panel import Panel
from tui.widgets.spans import Span
from tui.widgets.table import Table

_LOG_LINES: Final = 300
_LOG_EVERY_S: Final = 2.0


class Instances(Listing):
    """The servers of the project."""

    CRUMBS: ClassVar[list[str]] = ["Instances"]
    SHOW = ("openstack", "server", "show")
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("instances")

    def body(self) -> Iterable[Widget]:
        """Return table, detail and log; the style sheet puts detail beside where it is wide."""
        with Container(id="beside"):
            with Vertical(classes="box", id="rows"):
                yield Table(self._columns(), key=nouns.key)
                yield listing.filter_line()
            yield Panel(widget_id="detail")
        with Vertical(classes="box", id="log"):
            yield ConsoleLog()

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw the rows and the chosen instance."""
        if topics & {"instance", "link"}:
            self.table.update(sorted(self.app.store.all(Instance), key=_born, reverse=True))
            self._show_title()
        if topics & {"hop"}:
            self._show_chosen()

    def tick(self) -> None:
        """Draw the ages."""
        self.table.refresh()
        self._show_chosen()

    def targets(self) -> list[Target]:
        """Return the chosen instances."""
        chosen: list[Instance] = self.table.chosen()
        return [Target(id=item.id, name=item.name, noun=item) for item in chosen]

    def action_toggle_log(self) -> None:
        """Show or hide the console log."""
        self.toggle_class("-log")
        self._follow_log()

    def go_back(self) -> bool:
        """Close the log first."""
        if self.has_class("-log"):
            self.action_toggle_log()
            return True
        return super().go_back()

    @on(Table.Moved, "Table")
    def _moved(self) -> None:
        self._show_title()
        self._show_chosen()
        self._follow_log()

    @on(Table.Chosen, "Table")
    def _opened(self) -> None:
        self.action_toggle_log()

    def _show_title(self) -> None:
        table = self.table
        marked = f" {self.app.glyphs.dot} {len(table.marked)} marked" if table.marked else ""
        box = self.query_one("#rows")
        box.border_title = f"Instances {table.count()} of {table.total}{marked}"

    def _show_chosen(self) -> None:
        panel = self.query_one("#detail", Panel)
        instance: Instance | None = self.table.current
        if instance is None:
            panel.border_title = "no instance"
            panel.show("n runs the first one" if not self.table.total else "the filter hides all")
            return
        panel.border_title = instance_detail.title(instance)
        panel.show(
            *instance_detail.lines(
                instance,
                self.app.store.hops(instance.request_id or ""),
                glyphs=self.app.glyphs,
                now_s=self.app.now_s(),
                wide=self.has_class("-wide"),
            )
        )

    @work(exclusive=True, group="log")
    async def _follow_log(self) -> None:
        """Ask for the console of the chosen instance again and again while it is in sight."""
        log = self.query_one(ConsoleLog)
        log.clear()
        instance: Instance | None = self.table.current
        if not self.has_class("-log") or instance is None:
            return
        self.query_one("#log").border_title = instance_detail.title(instance) + " console"
        while self.is_current:
            call = verbs.console_output(instance.id, lines=_LOG_LINES)
            output = await self.app.ask(call, openstack.console)
            if output is None:
                return
            log.update(output or "(nothing yet)")
            await asyncio.sleep(_LOG_EVERY_S)

    def _columns(self) -> list[Column[Instance]]:
        return [
            Column(name="ID", width=8, cell=lambda item: (item.id[:8], "dim")),
            Column(name="NAME", width=10, weight=3, cell=lambda item: (item.name, "")),
            Column(name="STATE", width=14, weight=1, cell=self._state),
            Column(name="FLAVOR", width=9, cell=lambda item: (item.flavor.name, ""), drop=1),
            Column(name="IP", width=13, cell=lambda item: (_address(item), "")),
            Column(name="HOST", width=8, cell=lambda item: (item.host or "-", "dim"), drop=3),
            Column(name="AGE", width=4, cell=self._age, drop=2, is_right=True, sort=_born_s),
        ]

    def _state(self, item: Instance) -> Span:
        word, meaning = words.of_instance(item)
        return f"{self.app.glyphs.state(meaning)} {word}", meaning

    def _age(self, item: Instance) -> Span:
        return quantities.since(item.created_at, now_s=self.app.now_s()), ""


def _address(item: Instance) -> str:
    return next(iter(item.addresses), "-")


def _born(item: Instance) -> str:
    """As text: of one cloud all times have one form, and 100 000 are sorted in no time."""
    return str(item.created_at or "")


def _born_s(item: Instance) -> float:
    return quantities.epoch_s(item.created_at) or 0.0
