"""Text that users typed, made harmless for a terminal; imports no library, as commands must not."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_MARK: Final = re.compile("[\u0300-\u036f\u20d0-\u20ff\ufe00-\ufe0f]")
_ESCAPE: Final = re.compile(
    "\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)"  # operating system commands: titles, the clipboard
    "|\x1b\\[[0-?]*[ -/]*[@-~]"  # control sequences: colours, the cursor
    "|\x1b[@-_]"
)


def clean(text: str) -> str:
    """Return ``text`` with control and direction characters as spaces: names come from users.

    Marks over letters are joined with them, or left away: terminals disagree about their width.
    """
    if text.isascii() and text.isprintable():
        return text
    return _MARK.sub("", unicodedata.normalize("NFC", _CONTROL.sub(" ", text)))


def lines_of(output: str) -> list[str]:
    """Return a guest's output as lines without anything a terminal would obey."""
    text = _ESCAPE.sub("", output).replace("\r\n", "\n")
    return [clean(line.rsplit("\r", 1)[-1]) for line in text.rstrip().split("\n")]
