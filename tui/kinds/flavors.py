"""Flavors: how big an instance can be."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui import quantities
from tui.client.nouns import Flavor, Instance
from tui.kinds.kind import Kind, Line, Pen, dotted
from tui.widgets.columns import Column


def _columns(pen: Pen) -> Sequence[Column[Flavor]]:
    return [
        Column(name="ID", width=4, cell=lambda item: (item.id[:8], "dim"), drop=1),
        Column(name="NAME", width=12, weight=1, cell=lambda item: (item.name, "")),
        Column(name="VCPUS", width=6, is_right=True, sort=lambda item: item.vcpus,
               cell=lambda item: (str(item.vcpus), "")),
        Column(name="MEMORY", width=8, is_right=True, sort=lambda item: item.memory_mib,
               cell=lambda item: (quantities.memory(item.memory_mib), "")),
        Column(name="DISK", width=8, is_right=True, sort=lambda item: item.disk_gib,
               cell=lambda item: (f"{item.disk_gib} GiB", "")),
        Column(name="INSTANCES", width=9, is_right=True, sort=lambda item: _count(item, pen),
               cell=lambda item: (str(_count(item, pen)), "")),
    ]  # fmt: skip


def _detail(item: Flavor, pen: Pen, is_wide: bool) -> Iterable[Line]:
    yield dotted(pen, f"id {item.id}", f"{item.vcpus} vCPU", quantities.memory(item.memory_mib),
                 f"{item.disk_gib} GiB disk")  # fmt: skip
    names = [one.name for one in pen.store.all(Instance) if one.flavor.name == item.name]
    yield f"instances  {', '.join(names[:8]) or 'none'}"


def _count(item: Flavor, pen: Pen) -> int:
    return sum(one.flavor.name == item.name for one in pen.store.all(Instance))


KIND: Final = Kind(
    noun=Flavor,
    topic="flavor",
    title="Flavors",
    purpose="How big an instance can be. What still fits is on 8.",
    name=lambda item: item.name,
    columns=_columns,
    show=("openstack", "flavor", "show"),
    order=lambda item: (item.memory_mib, item.vcpus, item.name),
    detail=_detail,
    detail_rows=2,
    follows=frozenset({"instance"}),
)
