"""Keys as the bytes a terminal sends for them (xterm's, which guests' terminfo knows)."""

from __future__ import annotations

import re
from typing import Final

from textual.keys import key_to_character

from tui.console.emulator import Modes

TAKEN: Final = "ctrl+right_square_bracket"
"""The one key that does not go to the guest: virsh's and telnet's."""
TAKEN_BYTE: Final = b"\x1d"

_CURSOR: Final = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_TILDE: Final = {
    "insert": 2, "delete": 3, "pageup": 5, "pagedown": 6,
    "f5": 15, "f6": 17, "f7": 18, "f8": 19, "f9": 20, "f10": 21, "f11": 23, "f12": 24,
}  # fmt: skip
_LETTERED: Final = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_WORDS: Final = {
    "enter": "\r", "return": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f",
    "space": " ",
}  # fmt: skip
_CONTROLS: Final = {
    "at": 0, "@": 0, "space": 0, "2": 0, "left_square_bracket": 27, "3": 27, "backslash": 28,
    "4": 28, "right_square_bracket": 29, "5": 29, "circumflex_accent": 30, "6": 30,
    "underscore": 31, "minus": 31, "slash": 31, "7": 31, "backspace": 8, "8": 127,
    "question_mark": 127,
}  # fmt: skip
_WEIGHT: Final = {"shift": 1, "alt": 2, "ctrl": 4, "meta": 8}
_PASTE_START: Final = b"\x1b[200~"
_PASTE_END: Final = b"\x1b[201~"
# what xterm leaves out of a paste: it could end the brackets, or type for whoever pastes
_CONTROL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def encode(key: str, character: str | None, modes: Modes) -> bytes:
    """Return what the guest gets for a key of Textual; nothing for keys a serial line lacks."""
    *modifiers, name = key.split("+") if key != "+" else ["+"]
    held = frozenset(modifiers)
    if 13 <= _function(name) <= 24:  # terminals without modifiers call shift+F1 so
        name, held = f"f{_function(name) - 12}", held | {"shift"}
    if special := _special(name, held, modes):
        return special
    if "ctrl" in held:
        return _with_alt(_control(name), held)
    if word := _WORDS.get(name):
        return _with_alt(word.encode(), held)
    if character is None or "alt" in held:
        character = _character(name, held)
    if character is None or len(character) != 1:  # Textual's name for what it does not know
        return b""
    return _with_alt(character.encode(errors="ignore"), held)


def paste(text: str, modes: Modes) -> bytes:
    """Return what the guest gets for pasted text, in brackets where it asked for them."""
    typed = text.replace("\r\n", "\r").replace("\n", "\r")
    body = _CONTROL.sub("", typed).encode(errors="replace")
    return _PASTE_START + body + _PASTE_END if modes.has_bracketed_paste else body


def _special(name: str, held: frozenset[str], modes: Modes) -> bytes:
    weight = 1 + sum(_WEIGHT.get(modifier, 0) for modifier in held)
    if letter := _CURSOR.get(name):
        plain = "O" if modes.has_application_cursor else "["
        return _lettered(letter, weight, plain=plain)
    if letter := _LETTERED.get(name):
        return _lettered(letter, weight, plain="O")
    if number := _TILDE.get(name):
        return f"\x1b[{number}~".encode() if weight == 1 else f"\x1b[{number};{weight}~".encode()
    if name == "tab" and "shift" in held:
        return b"\x1b[Z"
    return b""


def _lettered(letter: str, weight: int, *, plain: str) -> bytes:
    return f"\x1b{plain}{letter}".encode() if weight == 1 else f"\x1b[1;{weight}{letter}".encode()


def _control(name: str) -> bytes:
    if len(name) == 1 and name.isascii() and name.isalpha():
        return bytes([ord(name.lower()) & 0x1F])
    if name in _CONTROLS:
        return bytes([_CONTROLS[name]])
    return _WORDS.get(name, "").encode()


def _character(name: str, held: frozenset[str]) -> str | None:
    character = name if len(name) == 1 else key_to_character(name)
    return character.upper() if character and "shift" in held else character


def _with_alt(typed: bytes, held: frozenset[str]) -> bytes:
    return b"\x1b" + typed if typed and held & {"alt", "meta"} else typed


def _function(name: str) -> int:
    number = name.removeprefix("f")
    return int(number) if name.startswith("f") and number.isdecimal() else 0
