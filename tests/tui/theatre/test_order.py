"""Causal order: by links, whatever the clocks say."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.client.nouns import Hop
from tui.theatre import order


def hop(key: str, parent: str | None = None, *, at: int = 0, **fields: str) -> Hop:
    return Hop(id=key, request_id="r", parent_id=parent, started_at=at, **fields)


@st.composite
def traces(draw: st.DrawFn) -> list[Hop]:
    """Trees of hops with clocks that lie, shuffled."""
    size = draw(st.integers(1, 30))
    hops = [hop("0", at=draw(st.integers(0, 100)))]
    for number in range(1, size):
        parent = str(draw(st.integers(0, number - 1)))
        hops.append(hop(str(number), parent, at=draw(st.integers(0, 100))))
    return draw(st.permutations(hops))


@given(traces())
def test_a_cause_comes_before_its_effect(hops: list[Hop]) -> None:
    place = {one.id: at for at, one in enumerate(order.causal(hops))}
    assert len(hops) == len(place)
    assert all(one.parent_id is None or place[one.parent_id] < place[one.id] for one in hops)


@given(traces())
def test_the_order_does_not_depend_on_how_hops_arrive(hops: list[Hop]) -> None:
    assert order.causal(hops) == order.causal(sorted(hops, key=lambda one: one.id))


def test_a_slow_clock_does_not_put_the_answer_before_the_question() -> None:
    hops = [hop("child", "root", at=5), hop("root", at=900)]
    assert [one.id for one in order.causal(hops)] == ["root", "child"]


def test_orphans_are_kept_and_named() -> None:
    hops = [hop("a", "lost", at=2), hop("b", at=1)]
    assert [one.id for one in order.causal(hops)] == ["b", "a"]
    assert [one.id for one in order.orphans(hops)] == ["a"]


def test_a_circle_is_shown_rather_than_lost() -> None:
    hops = [hop("a", "b", at=1), hop("b", "a", at=2)]
    assert [one.id for one in order.causal(hops)] == ["a", "b"]


def test_a_running_hop_takes_until_now() -> None:
    hops = [hop("a", at=100, status="running"), hop("b", "a", at=110)]
    assert order.took_us(hops, now_us=500) == 400
    assert order.took_us([], now_us=500) == 0
