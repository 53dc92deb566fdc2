"""Traces: the requests of late, who asked what, how long it took, how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui import quantities, words
from tui.client import decode, verbs
from tui.client.nouns import Request
from tui.kinds.kind import Kind, Pen, Read, state
from tui.widgets.columns import Column

_LIMIT: Final = 200


def _columns(pen: Pen) -> Sequence[Column[Request]]:
    return [
        Column(name="AT", width=8, cell=lambda item: (quantities.clock(item.started_at), ""),
               sort=lambda item: item.started_at),
        Column(name="REQUEST", width=8, drop=2,
               cell=lambda item: (item.id.removeprefix("req-")[:8], "dim")),
        Column(name="NAME", width=16, weight=1, cell=lambda item: (item.name, "")),
        Column(name="STATE", width=9, cell=lambda item: state(pen, words.of_hop(item))),
        Column(name="TOOK", width=9, is_right=True,
               cell=lambda item: (quantities.duration(item.duration_us), ""),
               sort=lambda item: item.duration_us or 0),
        Column(name="HOPS", width=4, is_right=True, cell=lambda item: (str(item.hops), ""),
               sort=lambda item: item.hops),
        Column(name="USER", width=8, cell=lambda item: (item.user or "-", ""), drop=1),
    ]  # fmt: skip


KIND: Final = Kind(
    noun=Request,
    topic="request",
    title="Traces",
    purpose="The requests of late; Enter opens one hop by hop.",
    name=lambda item: item.id,
    columns=_columns,
    show=("novabox", "trace"),
    order=lambda item: item.started_at,
    is_newest_first=True,
    follows=frozenset({"hop"}),
    opens=lambda _: "app.trace",
    read=Read(call=lambda: verbs.novabox.requests(_LIMIT), read=decode.requests),
)
