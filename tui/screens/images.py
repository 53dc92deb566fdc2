"""Images: what instances are made of, and who is made of the chosen one."""

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
from tui.client.nouns import Image, Instance
from tui.screens import listing
from tui.screens.listing import Listing
from tui.store import Topic
from tui.widgets.columns import Column
from tui.widgets.panel import Panel
from tui.widgets.spans import Span, clean
from tui.widgets.table import Table


class Images(Listing):
    """The images the project can use."""

    CRUMBS: ClassVar[list[str]] = ["Images"]
    SHOW = ("openstack", "image", "show")
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("images")

    def body(self) -> Iterable[Widget]:
        """Return the table and what is known of the chosen image."""
        with Vertical(classes="box"):
            yield Table(self._columns(), key=nouns.key)
            yield listing.filter_line()
        yield Panel(widget_id="image")

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw the rows and the chosen image."""
        if topics & {"image", "link"}:
            self.table.update(sorted(self.app.store.all(Image), key=lambda item: item.name or ""))
        if "instance" in topics:
            self._show_chosen()

    def targets(self) -> list[Target]:
        """Return the chosen images."""
        chosen: list[Image] = self.table.chosen()
        return [Target(id=item.id, name=item.name or item.id, noun=item) for item in chosen]

    @on(Table.Moved)
    def _show_chosen(self) -> None:
        self.query_one(".box").border_title = f"Images {self.table.count()} of {self.table.total}"
        panel = self.query_one("#image", Panel)
        image: Image | None = self.table.current
        if image is None:
            panel.border_title = "no image"
            panel.show("openstack image create --file FILE --disk-format qcow2 NAME  uploads one")
            return
        panel.border_title = Content(clean(image.name or image.id))
        panel.show(*self._lines(image))

    def _lines(self, image: Image) -> list[str]:
        users = [
            item
            for item in self.app.store.all(Instance)
            if item.image and item.image.id == image.id
        ]
        names = ", ".join(item.name for item in users[:5]) + (", ..." if len(users) > 5 else "")
        dot = f"  {self.app.glyphs.dot}  "
        exact = f" ({image.size_bytes:,} bytes)" if image.size_bytes else ""
        return [
            clean(line)
            for line in (
                f"id {image.id}{dot}owner {image.owner or '-'}",
                f"store {image.store or '-'}{dot}{quantities.size(image.size_bytes)}{exact}",
                f"used by {len(users)} instances" + (f": {names}" if users else ""),
            )
        ]

    def _columns(self) -> list[Column[Image]]:
        return [
            Column(name="ID", width=8, cell=lambda item: (item.id[:8], "dim"), drop=2),
            Column(name="NAME", width=12, weight=1, cell=lambda item: (item.name or "-", "")),
            Column(name="STATE", width=12, cell=self._state),
            Column(name="DISK", width=6, cell=lambda item: (item.disk_format or "-", "")),
            Column(name="BOX", width=5, cell=lambda item: (item.container_format or "-", "")),
            Column(name="SIZE", width=10, is_right=True, cell=_size,
                   sort=lambda item: item.size_bytes or 0),
            Column(name="SEEN BY", width=9, cell=lambda item: (item.visibility, ""), drop=1),
        ]  # fmt: skip

    def _state(self, item: Image) -> Span:
        word, meaning = words.of_image(item)
        return f"{self.app.glyphs.state(meaning)} {word}", meaning


def _size(item: Image) -> Span:
    return quantities.size(item.size_bytes), ""
