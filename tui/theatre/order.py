"""Hops in causal order: a cause before its effect, whatever the clocks say; pure."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable

from tui.client.nouns import Hop


def causal(hops: Iterable[Hop]) -> list[Hop]:
    """Return each hop after its parent.

    Where neither of two caused the other, the earlier start goes first. A hop whose parent is
    not known (yet) stands on its own; a circle of parents, which no true trace has, comes last.
    """
    by_id = {hop.id: hop for hop in hops}
    children: dict[str, list[Hop]] = defaultdict(list)
    ready: list[tuple[int, str]] = []
    for hop in by_id.values():
        if hop.parent_id in by_id and hop.parent_id is not None:
            children[hop.parent_id].append(hop)
        else:
            ready.append((hop.started_at, hop.id))
    heapq.heapify(ready)
    ordered: list[Hop] = []
    while ready:
        _, hop_id = heapq.heappop(ready)
        ordered.append(by_id.pop(hop_id))
        for child in children[hop_id]:
            heapq.heappush(ready, (child.started_at, child.id))
    return [*ordered, *sorted(by_id.values(), key=lambda hop: hop.started_at)]


def start_us(hops: Iterable[Hop]) -> int:
    """Return when the first hop began."""
    return min((hop.started_at for hop in hops), default=0)


def took_us(hops: Iterable[Hop], *, now_us: int) -> int:
    """Return the time from the first start to the last end; to now while a hop still runs."""
    hops = list(hops)
    ends = [
        now_us if hop.status == "running" else hop.started_at + (hop.duration_us or 0)
        for hop in hops
    ]
    return max(ends, default=0) - start_us(hops)


def orphans(hops: Iterable[Hop]) -> list[Hop]:
    """Return the hops that name a parent which is not there."""
    hops = list(hops)
    ids = {hop.id for hop in hops}
    return [hop for hop in hops if hop.parent_id is not None and hop.parent_id not in ids]
