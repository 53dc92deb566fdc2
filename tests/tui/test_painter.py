"""The painter: whatever is drawn, a terminal shows it, for few bytes."""

from __future__ import annotations

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.painter import Painter

WIDTH, HEIGHT = 12, 6
STYLES = [
    Style.null(), Style.parse("red"), Style.parse("bold white on blue"), Style.parse("reverse"),
    Style.parse("underline"), Style.parse("dim on blue"),
]  # fmt: skip
TEXTS = st.text(alphabet="ab ─●日é\u0301", min_size=1, max_size=WIDTH)
STRIPS = st.lists(
    st.tuples(
        st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1),
        st.lists(st.tuples(TEXTS, st.sampled_from(STYLES)), min_size=1, max_size=3),
    ), max_size=12,
)  # fmt: skip


class Terminal:
    """A terminal, and the same one that is always drawn anew."""

    def __init__(self, colors: ColorSystem = ColorSystem.STANDARD) -> None:
        self.painter = Painter(colors)
        self.painter.resize(WIDTH, HEIGHT)
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self.screen.reset_mode(7, private=True)  # the driver switches wrapping off
        self.stream = pyte.Stream(self.screen)

    def show(self) -> str:
        frame = self.painter.frame(None)
        self.stream.feed(frame.replace("\n", "\r\n"))  # the tty does so
        return frame

    def cells(self) -> list[list[tuple[str, ...]]]:
        """What is seen: of a blank only its background, and what lines and reversal show."""
        seen = []
        for y in range(HEIGHT):
            row = self.screen.buffer[y]
            seen.append([_seen(row[x]) for x in range(WIDTH)])
        return seen


def _seen(cell: pyte.screens.Char) -> tuple[str, ...]:
    text = cell.data or ""
    if text == " " and not (cell.reverse or cell.underscore):
        return (text, cell.bg)
    return (text, cell.fg, cell.bg, str((cell.bold, cell.reverse, cell.underscore)))


def strip(*parts: tuple[str, Style]) -> Strip:
    return Strip([Segment(text, style) for text, style in parts])


@settings(max_examples=150, deadline=None)
@given(st.lists(STRIPS, min_size=1, max_size=5))
def test_what_differs_is_all_that_must_be_sent(frames: list[list[tuple[int, int, list]]]) -> None:
    thrifty, whole = Terminal(), Terminal()
    for frame in frames:
        for x, y, parts in frame:
            drawn = strip(*parts).crop(0, WIDTH - x)
            thrifty.painter.take(x, y, drawn)
            whole.painter.take(x, y, drawn)
        thrifty.show()
        whole.painter.forget()
        whole.show()
    assert whole.cells() == thrifty.cells()


def test_the_same_again_costs_nothing() -> None:
    terminal = Terminal()
    drawn = strip(("hello", STYLES[2]))
    terminal.painter.take(0, 0, drawn)
    terminal.show()
    terminal.painter.take(0, 0, drawn)
    assert terminal.show() == ""


def test_a_list_that_moves_by_a_line_is_moved_by_the_terminal() -> None:
    terminal = Terminal()
    for top in (0, 1, 0):
        for y in range(HEIGHT):
            terminal.painter.take(0, y, strip((f"row {top + y:8}", STYLES[1])))
        frame = terminal.show()
        assert terminal.screen.display == [f"row {top + y:8}" for y in range(HEIGHT)]
    assert len(frame) < 50


def test_a_wide_sign_that_is_cut_leaves_no_half() -> None:
    terminal = Terminal()
    terminal.painter.take(0, 0, strip(("a日b", STYLES[0])))
    terminal.show()
    terminal.painter.take(2, 0, strip(("x", STYLES[0])))
    terminal.show()
    assert terminal.screen.display[0].rstrip() == "a xb"


def test_control_characters_do_not_reach_the_terminal() -> None:
    terminal = Terminal()
    terminal.painter.take(0, 0, strip(("a\x1b[2Jb\x07", STYLES[0])))
    assert "\x07" not in terminal.show()
    assert terminal.screen.display[0].startswith("a [2Jb")


def test_after_other_programs_have_written_all_is_sent_again() -> None:
    terminal = Terminal()
    terminal.painter.take(0, 0, strip(("hello", STYLES[0])))
    terminal.show()
    terminal.stream.feed("\x1b[2J")
    terminal.painter.forget()
    terminal.show()
    assert terminal.screen.display[0].startswith("hello")
