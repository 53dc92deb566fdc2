"""Volumes: how large, in which state, who has the chosen one and by which path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui import quantities, words
from tui.client.nouns import Instance, Volume
from tui.kinds.kind import Kind, Line, Pen, dotted, state
from tui.widgets.columns import Column


def _columns(pen: Pen) -> Sequence[Column[Volume]]:
    return [
        Column(name="ID", width=8, cell=lambda item: (item.id[:8], "dim"), drop=2),
        Column(name="NAME", width=12, weight=1, cell=lambda item: (item.name or "-", "")),
        Column(name="STATE", width=13, cell=lambda item: state(pen, words.of_volume(item))),
        Column(name="SIZE", width=8, is_right=True, sort=lambda item: item.size_gib,
               cell=lambda item: (f"{item.size_gib} GiB", "")),
        Column(name="ATTACHED TO", width=14, cell=lambda item: (_owner(item, pen), "")),
        Column(name="DEVICE", width=8, cell=lambda item: (item.device or "-", ""), drop=1),
    ]  # fmt: skip


def _detail(item: Volume, pen: Pen, is_wide: bool) -> Iterable[Line]:
    made = quantities.since(item.created_at, now_s=pen.now_s())
    yield dotted(pen, f"id {item.id}", f"made {made} ago")
    pool = f"pool {item.volume_type} on {item.host}"
    yield dotted(pen, f"{item.size_gib} GiB", pool, "boots" if item.is_bootable else "")
    yield "path " + f" {pen.glyphs.crumb} ".join(_path(item, pen))
    if item.reason:
        yield f"{pen.glyphs.failed} {item.reason}"
    elif item.target:
        yield f"target {item.target.split(' ')[1]}"


def _path(item: Volume, pen: Pen) -> Iterable[str]:
    """Return the stations from the guest to the bytes; those that are there."""
    if item.instance_id:
        yield f"{_owner(item, pen)} {item.device or ''}".strip()
    if item.target:
        address, _, lun = item.target.split(" ")
        yield f"iSCSI {address} LUN {lun}"
    yield f"{item.volume_type} {item.id[:8]}"


def _owner(item: Volume, pen: Pen) -> str:
    if not item.instance_id:
        return "-"
    instance = pen.store.find(Instance, item.instance_id)
    return instance.name if instance else item.instance_id[:8]


def _summary(pen: Pen) -> str:
    return f"{sum(item.size_gib for item in pen.store.all(Volume))} GiB"


KIND: Final = Kind(
    noun=Volume,
    topic="volume",
    title="Volumes",
    purpose="Disks that outlive the instances that have them.",
    name=lambda item: item.name or item.id,
    columns=_columns,
    show=("openstack", "volume", "show"),
    order=lambda item: item.name,
    detail=_detail,
    empty="openstack volume create --size GIB NAME  makes one",
    summary=_summary,
    follows=frozenset({"instance"}),
)
