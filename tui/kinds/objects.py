"""Containers and what is in them, a folder at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui import quantities
from tui.client.nouns import Entry, Image
from tui.kinds.kind import Kind, Line, Pen, dotted, since
from tui.widgets.columns import Column
from tui.widgets.spans import Span


def _columns(pen: Pen) -> Sequence[Column[Entry]]:
    return [
        Column(name="NAME", width=16, weight=3, cell=_name, sort=lambda item: item.key),
        Column(name="SIZE", width=9, is_right=True, sort=lambda item: -(item.size_bytes or 0),
               cell=lambda item: (quantities.size(item.size_bytes), "")),
        Column(name="HOLDS", width=6, is_right=True, drop=1, cell=_holds,
               sort=lambda item: -(item.count or 0)),
        Column(name="ETAG", width=8, drop=2, cell=lambda item: (item.etag[:8] or "-", "dim")),
        Column(name="AGE", width=4, is_right=True, drop=3,
               cell=lambda item: since(pen, item.modified_at)),
    ]  # fmt: skip


def _name(item: Entry) -> Span:
    if item.kind == "container":
        return f"{item.container}/", "key"
    name = item.name.rstrip("/").rpartition("/")[2]
    return (f"{name}/", "key") if item.kind == "folder" else (name, "")


def _holds(item: Entry) -> Span:
    return ("-" if item.count is None else f"{item.count}"), "dim"


def name(item: Entry) -> str:
    """Return what an entry is called."""
    return item.name or item.container


def detail(item: Entry, pen: Pen) -> Iterable[Line]:
    """Return what is known of an entry, and of which image it holds bytes."""
    if item.kind == "container":
        yield dotted(pen, f"{item.count or 0} objects", quantities.size(item.size_bytes))
        yield "Enter opens it, p puts a file into it, M lets everybody read it"
        return
    if item.kind == "folder":
        yield "a part that names begin with: Enter shows what is below"
        return
    size = f"{quantities.size(item.size_bytes)} ({item.size_bytes or 0:,} bytes)"
    yield dotted(pen, size, item.content_type, f"etag {item.etag}")
    owner = next((one for one in pen.store.all(Image) if one.id in item.name), None)
    if owner is not None:
        yield f"{pen.glyphs.branch} holds bytes of the image {owner.name or owner.id}"
    yield f"{pen.glyphs.branch} W walks to its segments and bytes, K reads and sums them all"


KIND: Final = Kind(
    noun=Entry,
    topic="entry",
    title="Objects",
    purpose="Containers, and the objects in them: what images are kept as, too.",
    name=name,
    columns=_columns,
    show=("openstack", "container", "show"),
    order=lambda item: (item.kind != "folder", item.key),
    detail=lambda item, pen, _: detail(item, pen),
    empty="n makes a container, p puts a file into the one that is open",
)
