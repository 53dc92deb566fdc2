"""Volumes: what each takes, who has it and by which way; its snapshots, and what came of them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from textual import work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget

from tui import bindings
from tui.client import decode, nouns, verbs
from tui.client.errors import ClientError
from tui.client.nouns import Snapshot, Volume
from tui.kinds import snapshots, volumes
from tui.kinds.kind import Kind
from tui.screens.panes import Panes
from tui.store import Topic
from tui.widgets.spans import clean
from tui.widgets.table import Table

_ASKED_EVERY_S: Final = 10  # what volumes take changes with what guests write


class Volumes(Panes):
    """The volumes of the project; below them the snapshots of the chosen one."""

    KIND = volumes.KIND
    BESIDE: ClassVar[dict[str, Kind[Any]]] = {"snapshots": snapshots.KIND}
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("volumes")

    def __init__(self) -> None:
        super().__init__()
        self._ticks = 0

    def body(self) -> Iterable[Widget]:
        """Return volumes, what is known of the chosen one, and its snapshots."""
        yield from super().body()
        with Vertical(classes="box", id="snapshots"):
            yield Table(snapshots.KIND.columns(self.app), key=nouns.key)

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw what changed; a volume that is new or gone changes what all take."""
        if "volume_use" in topics:
            self.show_rows()
        super().show(topics)
        if topics & {"volume", "link"}:
            self._load_used()

    def tick(self) -> None:
        """Draw the ages; now and then ask what the volumes take."""
        super().tick()
        self._ticks += 1
        if self.is_current and self._ticks % _ASKED_EVERY_S == 0:
            self._load_used()

    def show_chosen(self) -> None:
        """Draw the chosen volume and its snapshots."""
        super().show_chosen()
        volume: Volume | None = self.table.current
        found = [
            one for one in self.app.store.all(Snapshot) if volume and one.volume_id == volume.id
        ]
        kind = snapshots.KIND
        self.beside("snapshots").update(sorted(found, key=kind.order, reverse=True))
        whose = f" of {volume.name or volume.id[:8]}" if volume else ""
        box = self.query_one("#snapshots")
        box.border_title = Content(clean(f"Snapshots {len(found)}{whose}"))

    @work(exclusive=True, group="used")
    async def _load_used(self) -> None:
        if self.app.store.link.state != "live":
            return
        with contextlib.suppress(ClientError):  # the column says that it is not known
            found = await self.app.fetch(verbs.novabox.volume_uses(), decode.volume_uses)
            self.app.store.replace({"volume_use": list(found)}, rev=self.app.store.rev)
