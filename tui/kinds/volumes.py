"""Volumes: how large, in which state, who has the chosen one and by which path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui import quantities, words
from tui.client.nouns import Instance, Volume, VolumeUse
from tui.kinds import lineage
from tui.kinds.kind import Kind, Line, Pen, dotted, state
from tui.widgets.columns import Column
from tui.widgets.spans import Span

_NEARLY_FULL: Final = 0.9


def _columns(pen: Pen) -> Sequence[Column[Volume]]:
    return [
        Column(name="ID", width=8, cell=lambda item: (item.id[:8], "dim"), drop=3),
        Column(name="NAME", width=10, weight=2, cell=lambda item: (item.name or "-", "")),
        Column(name="SIZE", width=7, is_right=True, sort=lambda item: item.size_gib,
               cell=lambda item: (f"{item.size_gib} GiB", "")),
        Column(name="USED", width=15, drop=1, sort=lambda item: -(used_bytes(item, pen) or 0),
               cell=lambda item: _used(item, pen)),
        Column(name="STATE", width=12, cell=lambda item: state(pen, words.of_volume(item))),
        Column(name="ATTACHED TO", width=11, weight=1, cell=lambda item: (_owner(item, pen), "")),
        Column(name="DEVICE", width=8, cell=lambda item: (item.device or "-", ""), drop=2),
    ]  # fmt: skip


def used_bytes(item: Volume, pen: Pen) -> int | None:
    """Return what the volume really takes, if it is known."""
    use = pen.store.find(VolumeUse, item.id)
    return use.used_bytes if use else None


def _used(item: Volume, pen: Pen) -> Span:
    used = used_bytes(item, pen)
    if used is None:
        return "-", "dim"
    share = used / max(1, item.size_gib << 30)
    style = "attention" if share > _NEARLY_FULL else ""
    return f"{pen.glyphs.bar(share, width=5)} {quantities.size(used):>9}", style


def _detail(item: Volume, pen: Pen, is_wide: bool) -> Iterable[Line]:
    yield from lineage.lines(item, pen.store, pen.glyphs, now_s=pen.now_s())
    yield "path  " + f" {pen.glyphs.crumb} ".join(_path(item, pen))
    if item.reason:
        yield f"{pen.glyphs.failed} {item.reason}"
    made = quantities.since(item.created_at, now_s=pen.now_s())
    boots = "boots" if item.is_bootable else ""
    yield dotted(pen, f"id {item.id}", f"made {made} ago", boots)
    if item.target:
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
    volumes = pen.store.all(Volume)
    used = [taken for item in volumes if (taken := used_bytes(item, pen)) is not None]
    allocated = f"{sum(item.size_gib for item in volumes)} GiB allocated"
    return f"{allocated}, {quantities.size(sum(used))} really used" if used else allocated


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
    empty="n makes the first one",
    summary=_summary,
    follows=frozenset({"instance", "snapshot", "volume_use"}),
)
