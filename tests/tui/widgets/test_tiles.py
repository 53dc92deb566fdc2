"""Boxes and charts in cells: as wide as what they stand for, and never wider than the row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui import glyphs
from tui.widgets import tiles
from tui.widgets.spans import width_of

NAMES = st.text(alphabet="abc-é猫", max_size=12)


def test_a_box_is_as_wide_as_its_share_and_the_rest_is_free() -> None:
    row = tiles.row(
        [("web", 1, "title"), ("database", 3, "title")], 8, width=32, glyphs=glyphs.UNICODE
    )
    assert row == [
        ("███|", "title"), ("[database  ]", "title"), ("░" * 16, "dim"),
    ]  # fmt: skip


@given(
    parts=st.lists(st.tuples(NAMES, st.floats(0, 100), st.just("")), max_size=60),
    total=st.floats(0, 200), width=st.integers(1, 80),
    signs=st.sampled_from(list(glyphs.SETS.values())),
)  # fmt: skip
def test_a_row_is_never_wider_nor_narrower_than_its_place(
    parts: list[tuple[str, float, str]], total: float, width: int, signs: glyphs.Glyphs
) -> None:
    assert width_of(tiles.row(parts, total, width=width, glyphs=signs)) == width


def test_a_chart_rounds_to_whole_and_half_cells() -> None:
    rows = tiles.chart([None, 0, 2, 3, 8], 8, height=2, glyphs=glyphs.UNICODE)

    assert rows == ["    █", "  ███"]
    assert tiles.chart([5], 8, height=2, glyphs=glyphs.UNICODE) == ["▒", "█"]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        ([], [None, None, None]),
        ([(15, 3.0)], [None, 3.0, 3.0]),
        ([(0, 1.0), (1, 5.0), (2, 2.0), (25, 4.0)], [5.0, 5.0, 4.0]),
        ([(-9, 1.0), (-5, 9.0), (99, 2.0)], [9.0, 9.0, 9.0]),
    ],
)
def test_samples_fall_into_spans_and_last_until_the_next(
    samples: list[tuple[float, float]], expected: list[float | None]
) -> None:
    assert tiles.buckets(samples, start_s=0, end_s=30, count=3) == expected
