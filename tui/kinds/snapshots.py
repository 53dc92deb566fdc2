"""Snapshots: what a volume held at a moment, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui import quantities, words
from tui.client.nouns import Snapshot, Volume
from tui.kinds.kind import Kind, Pen, since, state
from tui.widgets.columns import Column
from tui.widgets.spans import Span


def _columns(pen: Pen) -> Sequence[Column[Snapshot]]:
    return [
        Column(name="SNAPSHOT", width=14, weight=1,
               cell=lambda item: (item.name or item.id[:8], "")),
        Column(name="STATE", width=12, cell=lambda item: state(pen, words.of_volume(item))),
        Column(name="SIZE", width=7, is_right=True, sort=lambda item: item.size_gib,
               cell=lambda item: (f"{item.size_gib} GiB", "")),
        Column(name="AGE", width=4, is_right=True, cell=lambda item: since(pen, item.created_at),
               sort=lambda item: quantities.epoch_s(item.created_at) or 0.0),
        Column(name="MADE FROM IT", width=14, weight=1, cell=lambda item: _made(item, pen)),
    ]  # fmt: skip


def _made(item: Snapshot, pen: Pen) -> Span:
    if item.reason:
        return f"{pen.glyphs.failed} {item.reason}", "failed"
    names = [one.name or one.id[:8] for one in pen.store.all(Volume) if one.snapshot_id == item.id]
    return ", ".join(names) or "-", ""


def age_order(item: Snapshot) -> float:
    """Return what snapshots are ordered by."""
    return quantities.epoch_s(item.created_at) or 0.0


KIND: Final = Kind(
    noun=Snapshot,
    topic="snapshot",
    title="Snapshots",
    purpose="What a volume held at a moment.",
    name=lambda item: item.name or item.id,
    columns=_columns,
    show=("openstack", "volume", "snapshot", "show"),
    order=age_order,
    is_newest_first=True,
)
