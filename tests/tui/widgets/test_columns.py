"""Which columns are given up, and how wide the others get."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.widgets import columns
from tui.widgets.columns import Column


def column(name: str, width: int, *, weight: int = 0, drop: int = 0) -> Column[str]:
    return Column(name=name, cell=lambda item: (item, ""), width=width, weight=weight, drop=drop)


COLUMNS = [
    column("ID", 8),
    column("NAME", 10, weight=3),
    column("STATE", 10, weight=1),
    column("AGE", 4, drop=2),
    column("HOST", 8, drop=3),
]


def names(width: int) -> list[str]:
    return [each.name for each, _ in columns.layout(COLUMNS, width)]


def test_with_room_all_are_there_and_share_the_rest() -> None:
    laid_out = {each.name: width for each, width in columns.layout(COLUMNS, 88)}
    assert laid_out == {"ID": 8, "NAME": 40, "STATE": 20, "AGE": 4, "HOST": 8}


def test_the_least_needed_goes_first() -> None:
    assert names(40) == ["ID", "NAME", "STATE", "AGE"]
    assert names(34) == ["ID", "NAME", "STATE"]


@given(st.integers(0, 300))
def test_what_never_goes_is_always_there_and_nothing_is_too_wide(width: int) -> None:
    laid_out = columns.layout(COLUMNS, width)
    assert {"ID", "NAME", "STATE"} <= {each.name for each, _ in laid_out}
    total = sum(cells for _, cells in laid_out) + columns.GAP * (len(laid_out) - 1)
    assert total <= max(width, 8 + 10 + 10 + 2 * columns.GAP)
