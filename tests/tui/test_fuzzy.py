"""Letters of a name, in their order."""

from __future__ import annotations

import pytest

from tui import fuzzy


@pytest.mark.parametrize("wanted", ["web", "b2", "wb2", "WEB-12", "w12"])
def test_letters_in_their_order_fit(wanted: str) -> None:
    assert fuzzy.match(wanted, "web-12") > 0


@pytest.mark.parametrize("wanted", ["bew", "web-13", "web-122", "wx"])
def test_others_do_not(wanted: str) -> None:
    assert fuzzy.match(wanted, "web-12") == 0


@pytest.mark.parametrize(
    ("wanted", "better", "worse"),
    [
        ("web", "web", "web-1"),
        ("web", "my web", "wide beach"),
        ("rs", "reboot server", "restart"),
    ],
)
def test_words_beginnings_and_what_stands_together_count_more(
    wanted: str, better: str, worse: str
) -> None:
    assert fuzzy.match(wanted, better) > fuzzy.match(wanted, worse)


def test_a_long_name_of_one_letter_is_searched_as_fast_as_others() -> None:
    assert fuzzy.match("x" * 20 + "y", "x" * 200) == 0
    assert fuzzy.match("x " * 30, "x" * 60 + " " + "x" * 60) == 0
    assert fuzzy.match("x" * 20 + "y", "x" * 200 + "zy") > 0
