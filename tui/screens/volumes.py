"""Volumes: how large, in which state, who has the chosen one and by which path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from tui import bindings, quantities, words
from tui.actions import Target
from tui.client import nouns
from tui.client.nouns import Instance, Volume
from tui.screens import listing
from tui.screens.listing import Listing
from tui.store import Topic
from tui.widgets.columns import Column
from tui.widgets.panel import Panel
from tui.widgets.spans import Span, clean
from tui.widgets.table import Table


class Volumes(Listing):
    """The project's volumes."""

    CRUMBS: ClassVar[list[str]] = ["Volumes"]
    SHOW = ("openstack", "volume", "show")
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("volumes")

    def body(self) -> Iterable[Widget]:
        """Return the table and what is known of the chosen volume."""
        with Vertical(classes="box"):
            yield Table(self._columns(), key=nouns.key)
            yield listing.filter_line()
        yield Panel(widget_id="volume")

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw the rows and the chosen volume."""
        if topics & {"volume", "link"}:
            self.table.update(sorted(self.app.store.all(Volume), key=lambda item: item.name))
        if topics & {"volume", "instance"}:
            self._show_chosen()

    def targets(self) -> list[Target]:
        """Return the chosen volumes."""
        chosen: list[Volume] = self.table.chosen()
        return [Target(id=item.id, name=item.name or item.id, noun=item) for item in chosen]

    @on(Table.Moved)
    def _show_chosen(self) -> None:
        size_gib = sum(item.size_gib for item in self.app.store.all(Volume))
        shown = f"Volumes {self.table.count()} of {self.table.total}"
        self.query_one(".box").border_title = f"{shown} {self.app.glyphs.dot} {size_gib} GiB"
        panel = self.query_one("#volume", Panel)
        volume: Volume | None = self.table.current
        if volume is None:
            panel.border_title = "no volume"
            panel.show("openstack volume create --size GIB NAME  makes one")
            return
        panel.border_title = Content(clean(volume.name or volume.id))
        panel.show(*(clean(line) for line in self._lines(volume)))

    def _lines(self, volume: Volume) -> Iterable[str]:
        dot = f"  {self.app.glyphs.dot}  "
        made = quantities.since(volume.created_at, now_s=self.app.now_s())
        boots = f"{dot}boots" if volume.is_bootable else ""
        yield f"id {volume.id}{dot}made {made} ago"
        yield f"{volume.size_gib} GiB{dot}pool {volume.volume_type} on {volume.host}{boots}"
        yield "path " + f" {self.app.glyphs.crumb} ".join(self._path(volume))
        if volume.reason:
            yield f"{self.app.glyphs.failed} {volume.reason}"
        elif volume.target:
            yield f"target {volume.target.split(' ')[1]}"

    def _path(self, volume: Volume) -> Iterable[str]:
        """Return the stations from the guest to the bytes; those that are there."""
        if volume.instance_id:
            yield f"{self._owner(volume)} {volume.device or ''}".strip()
        if volume.target:
            address, _, lun = volume.target.split(" ")
            yield f"iSCSI {address} LUN {lun}"
        yield f"{volume.volume_type} {volume.id[:8]}"

    def _owner(self, volume: Volume) -> str:
        if not volume.instance_id:
            return "-"
        instance = self.app.store.find(Instance, volume.instance_id)
        return instance.name if instance else volume.instance_id[:8]

    def _columns(self) -> list[Column[Volume]]:
        return [
            Column(name="ID", width=8, cell=lambda item: (item.id[:8], "dim"), drop=2),
            Column(name="NAME", width=12, weight=1, cell=lambda item: (item.name or "-", "")),
            Column(name="STATE", width=13, cell=self._state),
            Column(name="SIZE", width=8, is_right=True, sort=lambda item: item.size_gib,
                   cell=lambda item: (f"{item.size_gib} GiB", "")),
            Column(name="ATTACHED TO", width=14, cell=lambda item: (self._owner(item), "")),
            Column(name="DEVICE", width=8, cell=lambda item: (item.device or "-", ""), drop=1),
        ]  # fmt: skip

    def _state(self, item: Volume) -> Span:
        word, meaning = words.of_volume(item)
        return f"{self.app.glyphs.state(meaning)} {word}", meaning
