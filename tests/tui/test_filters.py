"""The filter language."""

from __future__ import annotations

import pytest

from tui import filters

ROW = {"name": "web-1", "state": "● running", "flavor": "m1.tiny"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("web", True),
        ("WEB", True),
        ("run tiny", True),
        ("run small", False),
        ("!db", True),
        ("!web", False),
        ("state:run", True),
        ("name:run", False),
        ("!state:run", False),
        ("colour:run", False),
        ("!", False),
        ("!!web", True),
        ("state:", True),
    ],
)
def test_words_add_up_and_may_be_turned_round(text: str, expected: bool) -> None:
    assert expected == filters.passes(ROW, filters.parse(text))
