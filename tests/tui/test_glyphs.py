"""The choice of signs, and that a set is complete."""

from __future__ import annotations

from dataclasses import fields

import pytest

from tui import glyphs


@pytest.mark.parametrize(
    ("wanted", "environ", "expected"),
    [
        ("ascii", {}, "ascii"),
        ("tty", {"LANG": "C"}, "tty"),
        ("auto", {"LANG": "en_GB.UTF-8", "TERM": "xterm-256color"}, "unicode"),
        ("auto", {"LANG": "en_GB.UTF-8", "TERM": "linux"}, "tty"),
        ("auto", {"LANG": "C.utf8", "TERM": "xterm"}, "unicode"),
        ("auto", {"LANG": "en_GB.UTF-8", "LC_ALL": "C", "TERM": "xterm"}, "ascii"),
        ("auto", {}, "ascii"),
        ("auto", {"LANG": "C", "LC_CTYPE": "C.UTF-8", "TERM": "xterm"}, "ascii"),
    ],
)
def test_the_set_follows_terminal_and_locale(
    wanted: str, environ: dict[str, str], expected: str
) -> None:
    assert expected == glyphs.choose(wanted, environ).name


def test_every_sign_of_the_ascii_set_is_ascii() -> None:
    signs = [getattr(glyphs.ASCII, field.name) for field in fields(glyphs.ASCII)]
    assert all(sign.isascii() for sign in signs)


def test_states_have_six_different_signs_in_each_set() -> None:
    meanings: tuple[glyphs.Meaning, ...] = (
        "good", "busy", "off", "attention", "failed", "unknown",
    )  # fmt: skip
    for signs in glyphs.SETS.values():
        assert len({signs.state(meaning) for meaning in meanings}) == 6


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.0, "...."), (0.01, "#..."), (0.5, "##.."), (1.0, "####"), (7, "####")],
)
def test_a_bar_shows_that_there_is_something(share: float, expected: str) -> None:
    assert expected == glyphs.ASCII.bar(share, width=4)
