"""The journal: who did what, and what of it can still be undone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui import deeds, quantities, words
from tui.client.nouns import Deed
from tui.kinds.kind import Kind, Line, Pen, dotted, state
from tui.widgets.columns import Column


def _columns(pen: Pen) -> Sequence[Column[Deed]]:
    return [
        Column(name="AT", width=8, cell=lambda item: (quantities.clock(item.at), ""),
               sort=lambda item: quantities.epoch_s(item.at) or 0.0),
        Column(name="USER", width=8, cell=lambda item: (item.user or "-", "dim"), drop=2),
        Column(name="CLIENT", width=9, cell=lambda item: (item.client or "-", "dim"), drop=1),
        Column(name="WHAT", width=28, weight=1, cell=lambda item: (item.what, "")),
        Column(name="STATE", width=11, cell=lambda item: state(pen, words.of_deed(item))),
        Column(name="UNDO", width=6, cell=lambda item: (deeds.left(item, pen.now_s()), ""),
               is_right=True),
        Column(name="REQUEST", width=8, drop=3,
               cell=lambda item: (item.request_id.removeprefix("req-")[:8], "dim")),
    ]  # fmt: skip


def _detail(item: Deed, pen: Pen, is_wide: bool) -> Iterable[Line]:
    yield dotted(
        pen,
        f"by {item.user or 'somebody'}",
        item.client and f"with {item.client}",
        f"at {quantities.clock(item.at)}",
        item.action,
    )
    yield f"{item.kind} {item.object_id}"
    yield _advice(item, pen)


def _advice(item: Deed, pen: Pen) -> str:
    if deeds.can_undo(item, pen.now_s()):
        until = f" until {quantities.clock(item.undo_until)}" if item.undo_until else ""
        return f"u undoes it{until}; z undoes what you did last"
    if item.state == "undone":
        return "u does it again"
    if item.state in ("expired", "done"):
        return "too late: its bytes are not in the trash any more"
    return f"cannot be undone: {item.reason}" if item.reason else "cannot be undone"


def _born(item: Deed) -> str:
    return str(item.at or "")


KIND: Final = Kind(
    noun=Deed,
    topic="journal",
    title="Journal",
    purpose="Who did what, by whichever client, and what of it can still be undone.",
    name=lambda item: item.what,
    columns=_columns,
    show=("novabox", "journal"),
    order=_born,
    is_newest_first=True,
    detail=_detail,
    detail_rows=3,
    empty="nothing was changed yet",
    follows=frozenset({"journal"}),
    opens=lambda _: "app.trace",
)
