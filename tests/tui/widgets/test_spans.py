"""Cutting and padding by cells, whatever the names are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets import spans


@given(st.text(), st.integers(0, 40), st.booleans())
def test_a_fitted_text_has_exactly_its_cells(text: str, width: int, right: bool) -> None:
    assert width == cell_len(spans.fit(text, width, ellipsis="…", right=right))


@given(st.lists(st.tuples(st.text(), st.just("")), max_size=5), st.integers(0, 40))
def test_a_cropped_line_has_exactly_its_cells(line: list[spans.Span], width: int) -> None:
    cleaned = [(spans.clean(text), style) for text, style in line]
    assert width == spans.width_of(spans.crop(cleaned, width))


@given(st.text())
def test_clean_text_moves_no_cursor_and_turns_no_direction(text: str) -> None:
    cleaned = spans.clean(text)
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) <= 0x9F for sign in cleaned)
    assert not set("\u202e\u2066\u200b") & set(cleaned)


def test_clean_text_keeps_its_letters_and_leaves_a_space_for_what_it_drops() -> None:
    assert spans.clean("a\x1b[b\u202ec\n") == "a [b c "
    assert spans.clean("e\u0301 ni\u00f1o \U0001f600") == "é niño \U0001f600"
    assert spans.clean("\u0300x\u0336") == "x"  # marks over nothing, or that no letter has


def test_a_cut_says_so() -> None:
    assert spans.fit("instance", 5, ellipsis="…") == "inst…"
    assert spans.fit("instance", 5, ellipsis="~") == "inst~"
