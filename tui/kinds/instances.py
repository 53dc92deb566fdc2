"""Instances: the servers of the project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui import quantities, words
from tui.client.nouns import Instance
from tui.kinds.kind import Kind, Line, Pen, since, state
from tui.widgets import instance_detail
from tui.widgets.columns import Column


def _columns(pen: Pen) -> Sequence[Column[Instance]]:
    return [
        Column(name="ID", width=8, cell=lambda item: (item.id[:8], "dim")),
        Column(name="NAME", width=10, weight=3, cell=lambda item: (item.name, "")),
        Column(name="STATE", width=14, weight=1,
               cell=lambda item: state(pen, words.of_instance(item))),
        Column(name="FLAVOR", width=9, cell=lambda item: (item.flavor.name, ""), drop=1),
        Column(name="IP", width=13, cell=lambda item: (next(iter(item.addresses), "-"), "")),
        Column(name="HOST", width=8, cell=lambda item: (item.host or "-", "dim"), drop=3),
        Column(name="AGE", width=4, cell=lambda item: since(pen, item.created_at), drop=2,
               is_right=True, is_searched=False,
               sort=lambda item: quantities.epoch_s(item.created_at) or 0.0),
    ]  # fmt: skip


def _detail(item: Instance, pen: Pen, is_wide: bool) -> Iterable[Line]:
    hops = pen.store.hops(item.request_id or "")
    return instance_detail.lines(item, hops, glyphs=pen.glyphs, now_s=pen.now_s(), wide=is_wide)


def _born(item: Instance) -> str:
    """As text: of one cloud all times have one form, and 100 000 are sorted in no time."""
    return str(item.created_at or "")


KIND: Final = Kind(
    noun=Instance,
    topic="instance",
    title="Instances",
    purpose="The servers of the project. What each waits for is told below the list.",
    name=lambda item: item.name,
    columns=_columns,
    show=("openstack", "server", "show"),
    order=_born,
    is_newest_first=True,
    detail=_detail,
    empty="n runs the first one",
    follows=frozenset({"hop"}),
    hint=lambda item: " ".join(item.addresses),
    opens=lambda _: "screen.toggle_log",
)
