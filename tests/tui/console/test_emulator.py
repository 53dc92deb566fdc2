"""The emulator against what a VT102 and xterm do (as vttest asks), and against hostile guests."""

from __future__ import annotations

import time
import tracemalloc
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.console.avt import KEPT_LINES, LARGEST, Avt
from tui.console.emulator import Emulator, Pen, text_of

WIDE = "漢"


def fed(*said: str, columns: int = 10, rows: int = 4) -> Emulator:
    emulator = Avt(columns, rows)
    for text in said:
        emulator.feed(text.encode())
    return emulator


def screen(emulator: Emulator) -> list[str]:
    return [text_of(emulator.row(y)).rstrip() for y in range(emulator.rows)]


def place(emulator: Emulator) -> tuple[int, int]:
    return emulator.cursor.row, emulator.cursor.column


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param("ab\r\ncd", ["ab", "cd", "", ""], id="lines"),
        pytest.param("ab\ncd", ["ab", "  cd", "", ""], id="a line feed keeps the column"),
        pytest.param("\x1b[20hab\ncd", ["ab", "cd", "", ""], id="new line mode"),
        pytest.param("ab\b\bx", ["xb", "", "", ""], id="backspace"),
        pytest.param("\b\bx", ["x", "", "", ""], id="backspace stops at the margin"),
        pytest.param("\x1b[3;4Hx", ["", "", "   x", ""], id="CUP"),
        pytest.param("\x1b[3;4fx", ["", "", "   x", ""], id="HVP"),
        pytest.param("\x1b[99;99Hx", ["", "", "", "         x"], id="CUP beyond the screen"),
        pytest.param("\x1b[0;0Hx", ["x", "", "", ""], id="CUP zero is one"),
        pytest.param("\x1b[4;10H\x1b[2A\x1b[3Dx", ["", "      x", "", ""], id="CUU CUB"),
        pytest.param("\x1b[B\x1b[2Cx", ["", "  x", "", ""], id="CUD CUF"),
        pytest.param("ab\x1b[Ex", ["ab", "x", "", ""], id="CNL"),
        pytest.param("\n\nab\x1b[2Fx", ["x", "", "ab", ""], id="CPL"),
        pytest.param("abc\x1b[2Gx\x1b[3dy", ["axc", "", "  y", ""], id="CHA VPA"),
        pytest.param("abc\x1b[5`x", ["abc x", "", "", ""], id="HPA"),
        pytest.param("abcdef\x1b[3G\x1b[K", ["ab", "", "", ""], id="EL right"),
        pytest.param("abcdef\x1b[3G\x1b[1K", ["   def", "", "", ""], id="EL left"),
        pytest.param("abcdef\x1b[3G\x1b[2K", ["", "", "", ""], id="EL all"),
        pytest.param("a\r\nb\r\nc\x1b[2;1H\x1b[J", ["a", "", "", ""], id="ED below"),
        pytest.param("a\r\nb\r\nc\x1b[2;1H\x1b[1J", ["", "", "c", ""], id="ED above"),
        pytest.param("a\r\nb\x1b[2Jc", ["", " c", "", ""], id="ED all keeps the cursor"),
        pytest.param("abcdef\x1b[2G\x1b[2P", ["adef", "", "", ""], id="DCH"),
        pytest.param("abcdef\x1b[2G\x1b[2@", ["a  bcdef", "", "", ""], id="ICH"),
        pytest.param("abcdef\x1b[2G\x1b[2X", ["a  def", "", "", ""], id="ECH"),
        pytest.param("abc\x1b[1G\x1b[4hxy\x1b[4lz", ["xyzbc", "", "", ""], id="insert mode"),
        pytest.param("a\r\nb\r\nc\x1b[1;1H\x1b[L", ["", "a", "b", "c"], id="IL"),
        pytest.param("a\r\nb\r\nc\x1b[1;1H\x1b[M", ["b", "c", "", ""], id="DL"),
        pytest.param("a\r\nb\r\nc\r\nd\r\ne", ["b", "c", "d", "e"], id="scrolling"),
        pytest.param("a\r\nb\x1b[1;1H\x1bMx", ["x", "a", "b", ""], id="RI at the top"),
        pytest.param("a\x1bDb\x1bEc", ["a", " b", "c", ""], id="IND NEL"),
        pytest.param("a\r\nb\r\nc\x1b[S", ["b", "c", "", ""], id="SU"),
        pytest.param("a\r\nb\r\nc\x1b[T", ["", "a", "b", "c"], id="SD"),
        pytest.param(
            "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[3;1H\nx", ["a", "c", "x", "d"], id="scroll region"
        ),
        pytest.param(
            "a\r\nb\r\nc\r\nd\x1b[2;3r\x1b[2;1H\x1bMx", ["a", "x", "b", "d"], id="RI in a region"
        ),
        pytest.param("\x1b[2;3r\x1b[?6h\x1b[1;1Hx", ["", "x", "", ""], id="origin mode"),
        pytest.param("0123456789x", ["0123456789", "x", "", ""], id="wrap"),
        pytest.param("0123456789\rx", ["x123456789", "", "", ""], id="a wrap waits"),
        pytest.param("\x1b[?7l0123456789xy", ["012345678y", "", "", ""], id="no wrap"),
        pytest.param("a\tb", ["a       b", "", "", ""], id="tab"),
        pytest.param("\x1b[3g\x1b[4G\x1bH\r\tx", ["   x", "", "", ""], id="tab stops"),
        pytest.param("abc\t\x1b[Zx", ["xbc", "", "", ""], id="back tab"),
        pytest.param("ab\x1b7\x1b[4;1Hc\x1b8x", ["abx", "", "", "c"], id="DECSC DECRC"),
        pytest.param("ab\x1b[s\x1b[4;1Hc\x1b[ux", ["abx", "", "", "c"], id="SCOSC SCORC"),
        pytest.param("\x1b(0lqk\x1b(Bq", ["┌─┐q", "", "", ""], id="line drawing in G0"),
        pytest.param("\x1b)0a\x0eqx\x0fq", ["a─│q", "", "", ""], id="line drawing in G1"),
        pytest.param("a\x1b[4bb", ["aaaaab", "", "", ""], id="REP"),
        pytest.param("\x1b#8", ["E" * 10] * 4, id="DECALN"),
        pytest.param("ab\x1bcx", ["x", "", "", ""], id="RIS"),
        pytest.param("\x1b[4h\x1b[!pabc\rx", ["xbc", "", "", ""], id="DECSTR"),
        pytest.param("\x1b]0;title\x07ab", ["ab", "", "", ""], id="a title is no text"),
        pytest.param("\x1b]52;c;aGk=\x1b\\ab", ["ab", "", "", ""], id="nor is a clipboard"),
        pytest.param("\x1bPq#0~\x1b\\ab", ["ab", "", "", ""], id="nor a picture"),
        pytest.param("a\x07\x00\x05\x7fb", ["ab", "", "", ""], id="bell, null, DEL"),
        pytest.param("\x1b[1\n;2Hx", [" x", "", "", ""], id="controls inside a sequence"),
        pytest.param("\x1b[12\x18ab", ["ab", "", "", ""], id="CAN ends a sequence"),
        pytest.param("\x1b[38:2::9:9:9mab", ["ab", "", "", ""], id="colons in colours"),
        pytest.param("\x1b[?2026h\x1b[?25;7786lab", ["ab", "", "", ""], id="modes of others"),
        pytest.param(f"12345678 {WIDE}", ["12345678", WIDE, "", ""], id="wide at the margin"),
        pytest.param(f"{WIDE}b\r x", [" xb", "", "", ""], id="half a wide character"),
        pytest.param("a\u200b\u202e\u2066b", ["ab", "", "", ""], id="invisible characters"),
    ],
)
def test_the_screen_is_what_a_terminal_would_show(said: str, expected: list[str]) -> None:
    assert expected == screen(fed(said))
    byte_by_byte = Avt(10, 4)
    for byte in said.encode():
        byte_by_byte.feed(bytes([byte]))
    assert expected == screen(byte_by_byte)


@pytest.mark.parametrize(
    ("said", "pen"),
    [
        ("\x1b[1;31;44mx", Pen(foreground=1, background=4, is_bold=True)),
        ("\x1b[95;107mx", Pen(foreground=13, background=15)),
        ("\x1b[38;5;200;48;5;17mx", Pen(foreground=200, background=17)),
        ("\x1b[38;2;1;2;3mx", Pen(foreground=(1, 2, 3))),
        ("\x1b[2;3;4;5;7;9mx", Pen(is_faint=True, is_italic=True, is_underlined=True,
                                   is_blinking=True, is_inverse=True, is_struck=True)),
        ("\x1b[1;4;7m\x1b[22;24;27mx", Pen()),
        ("\x1b[31;42m\x1b[39;49mx", Pen()),
        ("\x1b[31m\x1b[mx", Pen()),
    ],
)  # fmt: skip
def test_looks_are_kept(said: str, pen: Pen) -> None:
    first = fed(said).row(0)[0]
    assert first.text.startswith("x")
    assert first.pen == pen


def test_combining_characters_are_put_together() -> None:
    assert screen(fed("e\u0301te\u0301!"))[0] == "été!"


def test_erased_cells_have_the_background_of_the_moment() -> None:
    assert [("     ", Pen(background=4))] == [
        (run.text, run.pen) for run in fed("\x1b[44m\x1b[2K", columns=5).row(0)
    ]


def test_a_row_is_as_wide_as_the_screen() -> None:
    emulator = fed(f"a{WIDE}b\x1b[31mc", columns=12)
    assert [cell_len(text_of(emulator.row(y))) for y in range(4)] == [12] * 4


@pytest.mark.parametrize("mode", ["1049", "1047", "47"])
def test_the_alternate_screen_leaves_the_other_as_it_was(mode: str) -> None:
    emulator = fed(f"before\x1b[?{mode}h\x1b[2J\x1b[Hduring")
    assert "during" in screen(emulator)[0]
    emulator.feed(f"\x1b[?{mode}l".encode())
    assert screen(emulator) == ["before", "", "", ""]


def test_the_cursor_is_where_it_should_be_also_at_the_margin() -> None:
    assert place(fed("abc")) == (0, 3)
    assert place(fed("0123456789")) == (0, 9)
    assert not fed("\x1b[?25l").cursor.is_visible
    assert fed("\x1b[?25l\x1b[?25h").cursor.is_visible


def test_modes_of_the_keyboard() -> None:
    asked = fed("\x1b[?1h\x1b[?20", "04h")
    assert asked.modes.has_application_cursor
    assert asked.modes.has_bracketed_paste
    for end in ("\x1b[?1l\x1b[?2004l", "\x1bc"):
        left = fed("\x1b[?1h\x1b[?2004h", end)
        assert not left.modes.has_application_cursor
        assert not left.modes.has_bracketed_paste


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("ab\r\nc\x1b[6n", b"\x1b[2;2R"),
        ("ab\x1b[?6n", b"\x1b[?1;3R"),
        ("\x1b[999;999H\x1b[6n\x1b[H", b"\x1b[4;10R"),
        ("\x1b[5n", b"\x1b[0n"),
        ("\x1b[c\x1b[0c\x1bZ", b"\x1b[?6c" * 3),
        ("\x1b[>c", b"\x1b[>0;0;0c"),
        ("\x1b[18t", b"\x1b[8;4;10t"),
        ("\x1b[21t\x1b]0;rm -rf\x07\x1b[>q\x1bP$qm\x1b\\\x1b]10;?\x07", b""),
    ],
)
def test_questions_have_answers_of_fixed_shapes(asked: str, expected: bytes) -> None:
    assert expected == Avt(10, 4).feed(asked.encode())
    byte_by_byte = Avt(10, 4)
    assert expected == b"".join(byte_by_byte.feed(bytes([byte])) for byte in asked.encode())


def test_who_asks_for_ever_gets_few_answers() -> None:
    emulator = Avt()
    answers = emulator.feed(b"\x1b[6n" * 4000)
    assert answers.count(b"R") == 16
    assert emulator.feed(b"\x1b[6n") == b"\x1b[1;1R"


def test_a_new_size_keeps_what_is_there_and_its_limits() -> None:
    emulator = fed("one\r\ntwo")
    emulator.resize(40, 6)
    assert (emulator.columns, emulator.rows) == (40, 6)
    assert screen(emulator)[:2] == ["one", "two"]
    assert emulator.changes() == set(range(6))
    emulator.resize(10**6, 10**6)
    assert (emulator.columns, emulator.rows) == LARGEST
    emulator.resize(0, -3)
    assert emulator.columns >= 1
    assert emulator.rows >= 1


def test_a_guest_cannot_resize_its_screen() -> None:
    emulator = fed("\x1b[8;9999;9999t\x1b[?3h\x1b[4;9999;9999t")
    assert (emulator.columns, emulator.rows) == (10, 4)


def test_changes_are_the_rows_that_changed() -> None:
    emulator = fed("one\r\ntwo")
    emulator.changes()
    emulator.feed(b"\x1b[2;5Hx")
    assert 1 in emulator.changes()
    assert emulator.changes() == set()
    before = [emulator.row(y) for y in range(4)]
    emulator.feed(b"\x1b[4;1Hlast\x1b[2;1Hy")
    changed = emulator.changes()
    assert {y for y in range(4) if emulator.row(y) != before[y]} <= changed


def test_kept_lines_are_of_one_moment_and_wrapped_ones_are_copied_whole() -> None:
    emulator = fed("".join(f"line {n}\r\n" for n in range(20)), "0123456789abcdef\r\n")
    kept = emulator.kept()
    emulator.feed(b"later\r\n" * 30)
    texts = [kept.text(index) for index in range(len(kept))]
    assert texts[:2] == ["line 0", "line 1"]
    assert texts[20:22] == ["0123456789", "abcdef"]
    assert kept.copy(19, 21) == "line 19\n0123456789abcdef"
    assert text_of(kept.row(3)) == "line 3    "


def test_only_so_many_lines_are_kept() -> None:
    emulator = Avt()
    emulator.feed(b"\n" * (KEPT_LINES + 1000))
    assert KEPT_LINES <= len(emulator.kept()) <= KEPT_LINES + 2 * emulator.rows


@given(st.lists(st.binary(max_size=200), max_size=20))
@settings(max_examples=150, deadline=None)
def test_whatever_bytes_come_rows_stay_printable_and_as_wide_as_the_screen(
    chunks: list[bytes],
) -> None:
    _stays_sane(chunks)


_BITS = st.one_of(
    st.sampled_from([
        "\x1b[", "\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1b(0", "\x0e", "\x1b7", "\x1b8", "\x1bc",
        "\x1bM", "\x1b[?1049h", "\x1b[?1049l", "\x1b[?6h", "\x1b[r", "\x1b[4h", "\x1b#8", "\r",
        "\n", "\t", "\b",
        "漢", "e\u0301", "\U0001f469\u200d\U0001f680", "\u202e", "\x9b", "\x85", "\x1b\\", "\x07",
        "\xad",
    ]),
    st.builds(
        lambda sign, numbers, final: f"\x1b[{sign}{';'.join(map(str, numbers))}{final}",
        st.sampled_from(["", "?", ">", "!", "="]),
        st.lists(
            st.sampled_from([0, 1, 2, 7, 23, 24, 25, 80, 81, 65535, 65536, 10**30]), max_size=5
        ),
        st.sampled_from("ABCDEFGHIJKLMPSTXZ`abcdefghilmnpqrstux@"),
    ),
    st.text(max_size=30),
)  # fmt: skip


@given(st.lists(_BITS, max_size=40))
@settings(max_examples=200, deadline=None)
def test_whatever_sequences_come_rows_stay_printable_and_as_wide_as_the_screen(
    bits: list[str],
) -> None:
    _stays_sane([bit.encode(errors="surrogatepass") for bit in bits])


def _stays_sane(chunks: list[bytes]) -> None:
    emulator = Avt(20, 5, kept_lines=30)
    for chunk in chunks:
        answers = emulator.feed(chunk)
        assert len(answers) <= 16 * 20
    assert (emulator.columns, emulator.rows) == (20, 5)
    kept = emulator.kept()
    rows = [emulator.row(y) for y in range(5)] + [kept.row(index) for index in range(len(kept))]
    for row in rows:
        text = text_of(row)
        assert cell_len(text) == 20
        assert {unicodedata.category(sign) for sign in text} & {
            "Cc",
            "Cf",
            "Cs",
            "Zl",
            "Zp",
        } == set()
    cursor = emulator.cursor
    assert 0 <= cursor.row < 5
    assert 0 <= cursor.column < 20


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x1b]0;" + b"t" * 4_000_000,
        b"\x1bP" + b"d" * 4_000_000,
        b"\x1b[" + b"1;" * 2_000_000,
        b"\x1b[" + b"9" * 4_000_000 + b"m",
        b"x\x1b[4294967295b" * 1000,
        b"\x1b[99999999L\x1b[99999999S\x1b[99999999@" * 1000,
        bytes(range(256)) * 8000,
        "".join(chr(code) for code in range(0xA0, 0x20000) if not 0xD800 <= code < 0xE000).encode(),
    ],
    ids=["title", "picture", "numbers", "digits", "repeat", "insert", "binary", "all of Unicode"],
)
def test_no_input_takes_long_or_stays_in_memory(hostile: bytes) -> None:
    emulator = Avt(kept_lines=100)
    tracemalloc.start()
    try:
        began = time.process_time()
        for start in range(0, len(hostile), 16384):
            emulator.feed(hostile[start : start + 16384])
        took_s = time.process_time() - began
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert took_s < 10  # seconds of a loaded machine, traced; without tracing each is under 1
    assert grown < 4 * 1024 * 1024  # widths of characters are remembered, a few thousand
    emulator.feed(b"\x1b\\\x18\x1bcstill here")
    assert screen(emulator)[0] == "still here"
