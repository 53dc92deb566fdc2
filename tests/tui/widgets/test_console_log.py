"""A guest's output is shown and never obeyed."""

from __future__ import annotations

from tui.plain import lines_of


def test_colours_titles_and_returns_are_taken_out() -> None:
    output = "boot\r\n\x1b[1;32mok\x1b[0m\r\n\x1b]0;evil\x07name\r\n50%\r100%\r\n\r\n"
    assert lines_of(output) == ["boot", "ok", "name", "100%"]


def test_a_torn_escape_leaves_no_control_character() -> None:
    assert not any(
        ord(sign) < 32 for sign in "".join(lines_of("x\x1b[12;\nend\x1b]52;c;abc\n\x07"))
    )
