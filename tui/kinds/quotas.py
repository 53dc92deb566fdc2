"""Quotas: what each project may have, and how much of it it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tui import quantities
from tui.client import plans, verbs
from tui.client.nouns.planning import ProjectQuota, Used
from tui.kinds.kind import Kind, Pen, Read
from tui.widgets.columns import Column
from tui.widgets.spans import Span

NEAR: Final = 0.8  # of a limit: from here on it is worth a sign
_BAR: Final = 6


def _columns(pen: Pen) -> Sequence[Column[ProjectQuota]]:
    return [
        Column(name="PROJECT", width=9, weight=1, cell=lambda item: (item.project, "")),
        _column(pen, "INSTANCES", "instances", str),
        _column(pen, "CORES", "cores", str),
        _column(pen, "RAM", "ram", quantities.memory, width=_BAR + 13),
        _column(pen, "VOLUMES", "volumes", str, drop=2),
        _column(pen, "VOL GiB", "gigabytes", str, drop=1),
        _column(pen, "NETWORKS", "network", str, drop=3),
    ]


def _column(
    pen: Pen,
    name: str,
    resource: str,
    written: Callable[[int], str],
    *,
    drop: int = 0,
    width: int = _BAR + 8,
) -> Column[ProjectQuota]:
    return Column(
        name=name, width=width, drop=drop, sort=lambda item: share(item.of(resource)),
        cell=lambda item: _cell(pen, item.of(resource), written),
    )  # fmt: skip


def _cell(pen: Pen, one: Used, written: Callable[[int], str]) -> Span:
    """A bar, the numbers, and a sign where little is left: colour is the last of the cues."""
    bar = pen.glyphs.bar(min(share(one), 1.0), width=_BAR)
    if one.limit < 0:
        return f"{pen.glyphs.bar(0, width=_BAR)} {written(one.used)}", "dim"
    text = f"{bar} {written(one.used)}/{written(one.limit)}"
    if share(one) >= 1:
        return f"{text} {pen.glyphs.failed}", "failed"
    return (f"{text} {pen.glyphs.attention}", "attention") if share(one) >= NEAR else (text, "")


def share(one: Used) -> float:
    """Return how much of the limit is used; 0 where there is none."""
    if one.limit < 0:
        return 0.0
    return one.used / one.limit if one.limit else 1.0


KIND: Final = Kind(
    noun=ProjectQuota,
    topic="quota",
    title="Quotas",
    purpose="What each project may have. Enter sets a limit.",
    name=lambda item: item.project,
    columns=_columns,
    show=("openstack", "quota", "show"),
    order=lambda item: item.project,
    follows=frozenset({"instance", "volume", "network"}),
    opens=lambda _: "app.act('quota.compute')",
    read=Read(call=verbs.planning.capacity, read=lambda body: plans.capacity(body).quotas),
)
