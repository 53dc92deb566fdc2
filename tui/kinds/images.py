"""Images: what instances are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui import quantities, words
from tui.client.nouns import Image, Instance
from tui.kinds.kind import Kind, Line, Pen, dotted, state
from tui.widgets.columns import Column


def _columns(pen: Pen) -> Sequence[Column[Image]]:
    return [
        Column(name="ID", width=8, cell=lambda item: (item.id[:8], "dim"), drop=4),
        Column(name="NAME", width=10, weight=1, cell=lambda item: (item.name or "-", "")),
        Column(name="STATE", width=11, cell=lambda item: state(pen, words.of_image(item))),
        Column(name="DISK", width=6, cell=lambda item: (item.disk_format or "-", ""), drop=1),
        Column(name="BOX", width=5, cell=lambda item: (item.container_format or "-", ""), drop=3),
        Column(name="SIZE", width=9, is_right=True,
               cell=lambda item: (quantities.size(item.size_bytes), ""),
               sort=lambda item: item.size_bytes or 0),
        Column(name="SEEN BY", width=9, cell=lambda item: (item.visibility, ""), drop=2),
    ]  # fmt: skip


def _detail(item: Image, pen: Pen, is_wide: bool) -> Iterable[Line]:
    users = [one.name for one in pen.store.all(Instance) if one.image and one.image.id == item.id]
    names = ", ".join(users[:5]) + (", ..." if len(users) > 5 else "")
    exact = f" ({item.size_bytes:,} bytes)" if item.size_bytes else ""
    yield dotted(pen, f"id {item.id}", f"owner {item.owner or '-'}")
    yield dotted(pen, f"store {item.store or '-'}", f"{quantities.size(item.size_bytes)}{exact}")
    yield f"used by {len(users)} instances" + (f": {names}" if users else "")


KIND: Final = Kind(
    noun=Image,
    topic="image",
    title="Images",
    purpose="What instances are made of, and who is made of the chosen one.",
    name=lambda item: item.name or item.id,
    columns=_columns,
    show=("openstack", "image", "show"),
    order=lambda item: item.name or "",
    detail=_detail,
    detail_rows=3,
    empty="openstack image create --file FILE --disk-format qcow2 NAME  uploads one",
    follows=frozenset({"instance"}),
)
