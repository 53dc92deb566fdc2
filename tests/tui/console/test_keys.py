"""Keys as a terminal sends them."""

from __future__ import annotations

import pytest
from textual._xterm_parser import XTermParser
from textual.events import Key

from tui.console import keys
from tui.console.emulator import Modes

PLAIN = Modes()
APPLICATION = Modes(has_application_cursor=True)
BRACKETED = Modes(has_bracketed_paste=True)


@pytest.mark.parametrize(
    ("key", "character", "expected"),
    [
        ("a", "a", b"a"),
        ("A", "A", b"A"),
        ("é", "é", "é".encode()),
        ("space", " ", b" "),
        ("question_mark", "?", b"?"),
        ("question_mark", None, b"?"),
        ("plus", "+", b"+"),
        ("+", "+", b"+"),
        ("enter", "\r", b"\r"),
        ("tab", "\t", b"\t"),
        ("shift+tab", None, b"\x1b[Z"),
        ("escape", "\x1b", b"\x1b"),
        ("backspace", "\x7f", b"\x7f"),
        ("ctrl+backspace", None, b"\x08"),
        ("ctrl+c", "\x03", b"\x03"),
        ("ctrl+q", "\x11", b"\x11"),
        ("ctrl+z", None, b"\x1a"),
        ("ctrl+@", "\x00", b"\x00"),
        ("ctrl+space", None, b"\x00"),
        ("ctrl+backslash", "\x1c", b"\x1c"),
        ("ctrl+circumflex_accent", "\x1e", b"\x1e"),
        ("ctrl+underscore", "\x1f", b"\x1f"),
        ("alt+x", "x", b"\x1bx"),
        ("alt+shift+x", "X", b"\x1bX"),
        ("alt+ctrl+x", None, b"\x1b\x18"),
        ("alt+enter", None, b"\x1b\r"),
        ("alt+backspace", None, b"\x1b\x7f"),
        ("up", None, b"\x1b[A"),
        ("home", None, b"\x1b[H"),
        ("end", None, b"\x1b[F"),
        ("ctrl+right", None, b"\x1b[1;5C"),
        ("shift+up", None, b"\x1b[1;2A"),
        ("alt+left", None, b"\x1b[1;3D"),
        ("ctrl+shift+end", None, b"\x1b[1;6F"),
        ("pageup", None, b"\x1b[5~"),
        ("ctrl+pagedown", None, b"\x1b[6;5~"),
        ("insert", None, b"\x1b[2~"),
        ("shift+delete", None, b"\x1b[3;2~"),
        ("f1", None, b"\x1bOP"),
        ("f4", None, b"\x1bOS"),
        ("f5", None, b"\x1b[15~"),
        ("f12", None, b"\x1b[24~"),
        ("f13", None, b"\x1b[1;2P"),
        ("f20", None, b"\x1b[19;2~"),
        ("ctrl+f1", None, b"\x1b[1;5P"),
        ("ctrl+f6", None, b"\x1b[17;5~"),
        ("left_shift", None, b""),
        ("caps_lock", None, b""),
        ("<ignore>", "\x1b[E", b""),
    ],
)
def test_a_key_is_what_xterm_sends(key: str, character: str | None, expected: bytes) -> None:
    assert expected == keys.encode(key, character, PLAIN)


@pytest.mark.parametrize(
    ("key", "expected"),
    [("up", b"\x1bOA"), ("home", b"\x1bOH"), ("ctrl+up", b"\x1b[1;5A"), ("pageup", b"\x1b[5~")],
)
def test_cursor_keys_of_an_application(key: str, expected: bytes) -> None:
    assert expected == keys.encode(key, None, APPLICATION)


# What the outer terminal sends and the guest gets, where Textual's reading of it loses nothing.
SAME = [
    *(bytes([code]) for code in range(1, 0x1B) if code != 8), b"\x1c", b"\x1e", b"\x1f", b"\x00",
    *(bytes([code]) for code in range(0x20, 0x80)), "żółć漢".encode(),
    b"\x1b[A", b"\x1b[D", b"\x1b[H", b"\x1b[F", b"\x1b[1;5A", b"\x1b[1;2C", b"\x1b[1;6D", b"\x1b[Z",
    b"\x1b[2~", b"\x1b[3~", b"\x1b[5~", b"\x1b[6~", b"\x1b[3;5~", b"\x1b[5;2~",
    b"\x1bOP", b"\x1bOQ", b"\x1bOR", b"\x1bOS", b"\x1b[15~", b"\x1b[17~", b"\x1b[20~", b"\x1b[24~",
    b"\x1b[1;2P", b"\x1b[1;5S", b"\x1b[15;5~", b"\x1b[24;2~", b"\x1bx", b"\x1bX",
]  # fmt: skip


@pytest.mark.parametrize("sent", SAME, ids=[repr(sent) for sent in SAME])
def test_what_goes_through_textual_arrives_as_it_was(sent: bytes) -> None:
    parser = XTermParser()
    heard = [*parser.feed(sent.decode()), *parser.feed("")]
    pressed = [event for event in heard if isinstance(event, Key)]
    typed = b"".join(keys.encode(event.key, event.character, PLAIN) for event in pressed)
    assert sent == typed


def test_a_paste_ends_lines_as_enter_does_and_carries_no_commands() -> None:
    text = "ls\ncd /\r\nx\x1b[201~\x03rm\ty\x9b"
    assert keys.paste(text, PLAIN) == b"ls\rcd /\rx[201~rm\ty"
    assert keys.paste(text, BRACKETED) == b"\x1b[200~ls\rcd /\rx[201~rm\ty\x1b[201~"
    assert keys.paste("żółć", PLAIN) == "żółć".encode()


def test_only_one_key_is_taken() -> None:
    assert keys.encode(keys.TAKEN, None, PLAIN) == keys.TAKEN_BYTE
