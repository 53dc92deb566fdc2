"""The privacy mask: every name, id and address on the screen as another of the same width.

It works on what was drawn, in one place, so that no widget, drawing or notice is forgotten. The
same thing has the same mask everywhere while the program runs, and another one the next time.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from typing import Final

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SOUNDS: Final = ("bdfgklmnprstvz", "aeiou")
_SHORTEST: Final = 3  # of a name that is cut off: less of it could be anything
_NUMBERS: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # ids
    r"|(?:[0-9a-f]{2}:){5}[0-9a-f]{2}"  # hardware addresses
    r"|\b[0-9a-f]{32}\b|\b(?=[0-9a-f]*[0-9])[0-9a-f]{8}\b"  # without dashes; beginnings
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"  # IPv4
    r"|\b(?:[0-9a-f]{1,4}:){2,7}[0-9a-f]{1,4}\b|\b(?:[0-9a-f]{1,4}:){1,7}:[0-9a-f]{0,4}\b"  # IPv6
    r"|\b(?:req|i|vol|ami|snap|sg|eipalloc)-[0-9a-f-]{4,}"
)
_TIME: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_TOKEN: Final = re.compile(r"[^\s\"'()\[\]{},;=│╭╮╰╯┌┐└┘|]+")
_PART: Final = re.compile(r"[^./:@!?$*]+")  # of compute.box1, say


class Mask(LineFilter):
    """Masks what is drawn; ``names`` gives the names that there are now."""

    def __init__(self, names: Callable[[], Iterable[str]], *, key: bytes = b"") -> None:
        super().__init__(enabled=False)
        self._names_now = names
        self._key = key or secrets.token_bytes(16)
        self._names: frozenset[str] = frozenset()
        self._with_spaces: list[str] = []

    def learn(self) -> None:
        """Take note of the names that there are now."""
        names = frozenset(name for name in self._names_now() if len(name) > 1)
        if names != self._names:
            self._names = names
            self._with_spaces = sorted((n for n in names if _TOKEN.fullmatch(n) is None), key=len)

    def of(self, text: str) -> str:
        """Return what stands for a name, an id or an address: as wide, of the same kind."""
        digest = hmac.new(self._key, text.encode(), hashlib.sha256).digest()
        made = "".join(_other(sign, digest[at % 32], at) for at, sign in enumerate(text))
        return set_cell_size(made, cell_len(text))

    def text(self, text: str) -> str:
        """Return a line of text, masked."""
        for name in reversed(self._with_spaces):
            text = text.replace(name, self.of(name))
        text = _TOKEN.sub(lambda found: self._token(found[0]), text)
        return _NUMBERS.sub(self._number, text)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Mask a drawn line (Textual's LineFilter)."""
        return [
            segment if segment.control or not segment.text.strip()
            else Segment(self.text(segment.text), segment.style)
            for segment in segments
        ]  # fmt: skip

    def _token(self, token: str) -> str:
        if token in self._names:
            return self.of(token)
        if token[-1:] in "…~" and len(token) > _SHORTEST:
            start = token[:-1]
            full = next((name for name in self._names if name.startswith(start)), None)
            return self.of(full)[: len(start)] + token[-1] if full else token
        return _PART.sub(lambda part: self._part(part[0]), token)

    def _part(self, part: str) -> str:
        return self.of(part) if part in self._names else part

    def _number(self, found: re.Match[str]) -> str:
        told = found[0]
        if _TIME.fullmatch(told):
            return told
        if len(told) == 8 and told.isalnum():  # the beginning of an id is that of the id's mask
            return self.of(told)
        start = self.of(told[:8]) if len(told) == 36 else ""
        return start + self.of(told)[len(start) :]


def _other(sign: str, number: int, at: int) -> str:
    """Return a sign of the same sort and width; punctuation stays what it is."""
    if sign.isascii() and sign.isdigit():
        return str(number % 10)
    if sign.isascii() and not sign.isalpha():
        return sign
    sounds = _SOUNDS[at % 2]
    made = sounds[number % len(sounds)]
    return (made.upper() if sign.isupper() else made) * cell_len(sign)
