"""Services: the processes of the cloud, and what each costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui import quantities, words
from tui.client.nouns import Service
from tui.kinds.kind import Kind, Pen, since, state
from tui.widgets.columns import Column
from tui.widgets.spans import Span


def _columns(pen: Pen) -> Sequence[Column[Service]]:
    return [
        Column(name="SERVICE", width=12, weight=1, cell=lambda item: (item.name, "")),
        Column(name="STATE", width=9, cell=lambda item: state(pen, words.of_service(item))),
        Column(name="HOST", width=10, cell=lambda item: (item.host or "-", "dim"), drop=3),
        Column(name="PID", width=7, is_right=True, cell=lambda item: (str(item.pid or "-"), "")),
        Column(name="MEMORY", width=9, is_right=True, cell=_memory,
               sort=lambda item: -(item.pss_kib or 0)),
        Column(name="CPU", width=5, is_right=True, cell=_cpu, drop=1),
        Column(name="UP", width=4, is_right=True, drop=2,
               cell=lambda item: since(pen, item.started_at)),
        Column(name="SEEN", width=4, is_right=True, drop=4,
               cell=lambda item: since(pen, item.seen_at)),
    ]  # fmt: skip


def _memory(item: Service) -> Span:
    return quantities.size(None if item.pss_kib is None else item.pss_kib * 1024), ""


def _cpu(item: Service) -> Span:
    return "-" if item.cpu_percent is None else f"{item.cpu_percent:.1f}%", ""


KIND: Final = Kind(
    noun=Service,
    topic="service",
    title="Services",
    purpose="The processes of the cloud, and what each costs.",
    name=lambda item: item.name,
    columns=_columns,
    show=("novabox", "logs"),
    order=lambda item: item.key,
)
