"""Instances: the servers of the project."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui import quantities, words
from tui.client.nouns import Instance, Usage
from tui.kinds.kind import Kind, Line, Pen, since, state
from tui.widgets import instance_detail
from tui.widgets.columns import Column
from tui.widgets.spans import Span

_BAR: Final = 2
_BUSY: Final = 80.0  # percent


def _columns(pen: Pen) -> Sequence[Column[Instance]]:
    return [
        Column(name="ID", width=8, cell=lambda item: (item.id[:8], "dim")),
        Column(name="NAME", width=9, weight=3, cell=lambda item: (item.name, "")),
        Column(name="STATE", width=12, weight=1,
               cell=lambda item: state(pen, words.of_instance(item))),
        Column(name="FLAVOR", width=9, cell=lambda item: (item.flavor.name, ""), drop=2),
        Column(name="IP", width=12, weight=1,
               cell=lambda item: (next(iter(item.addresses), "-"), "")),
        Column(name="CPU", width=7, cell=lambda item: _cpu(item, pen), drop=1, is_right=True,
               is_searched=False,               sort=lambda item: _percent(item, pen)),
        Column(name="HOST", width=8, cell=lambda item: (item.host or "-", "dim"), drop=4),
        Column(name="AGE", width=4, cell=lambda item: since(pen, item.created_at), drop=3,
               is_right=True, is_searched=False,
               sort=lambda item: quantities.epoch_s(item.created_at) or 0.0),
    ]  # fmt: skip


def _cpu(item: Instance, pen: Pen) -> Span:
    """How busy its processors are: a bar and a number; nothing while nothing is known."""
    usage = pen.store.find(Usage, item.id)
    if usage is None:
        return "", "dim"
    percent = usage.cpu_percent
    text = f"{pen.glyphs.bar(round(percent) / 100, width=_BAR)}{percent:4.0f}%"
    return text, "attention" if percent >= _BUSY else ""


def _percent(item: Instance, pen: Pen) -> float:
    usage = pen.store.find(Usage, item.id)
    return usage.cpu_percent if usage else -1.0


def _use(usage: Usage) -> Iterable[Line]:
    size = quantities.size
    yield f"cpu      {usage.cpu_percent:.1f} % of its own"
    yield f"memory   {usage.rss_mib} of {usage.memory_mib} MiB of the host's"
    yield (
        f"disk     reads {size(usage.disk_read_bytes_s)}/s, "
        f"writes {size(usage.disk_write_bytes_s)}/s"
    )
    yield f"network  in {size(usage.rx_bytes_s)}/s, out {size(usage.tx_bytes_s)}/s"


def _detail(item: Instance, pen: Pen, is_wide: bool) -> Iterable[Line]:
    hops = pen.store.hops(item.request_id or "")
    yield from instance_detail.lines(
        item, hops, glyphs=pen.glyphs, now_s=pen.now_s(), wide=is_wide
    )  # fmt: skip
    if is_wide and (usage := pen.store.find(Usage, item.id)):
        yield from _use(usage)


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
    follows=frozenset({"hop", "usage"}),
    hint=lambda item: " ".join(item.addresses),
    opens=lambda _: "screen.toggle_log",
)
