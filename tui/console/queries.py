"""What a guest asks its terminal, and what it asks of the keyboard; draws nothing.

``resize`` and vim ask where the cursor is or what terminal this is, and wait for the answer.
Answers have fixed shapes: nothing a guest sent (a title, a setting) is ever said back to it,
which is how terminals were made to type.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from tui.console.emulator import Cursor, Modes

Question: TypeAlias = Literal["cursor", "private cursor", "status", "identity", "model", "size"]

_SEQUENCE: Final = re.compile(
    "\x1b(?:\\[(?P<sign>[?>!]?)(?P<numbers>[0-9;]{0,64})(?P<final>[chlnpt])|(?P<short>[cZ]))"
)
_UNFINISHED: Final = re.compile("\x1b(?:\\[[?>!]?[0-9;]{0,64})?\\Z")
_LONGEST: Final = 68  # a sequence that _SEQUENCE matches
_APPLICATION_CURSOR: Final = "1"
_BRACKETED_PASTE: Final = "2004"
_QUESTIONS: Final[dict[tuple[str, str, str], Question]] = {
    ("", "6", "n"): "cursor",
    ("?", "6", "n"): "private cursor",
    ("", "5", "n"): "status",
    ("", "", "c"): "identity",
    ("", "0", "c"): "identity",
    (">", "", "c"): "model",
    (">", "0", "c"): "model",
    ("", "18", "t"): "size",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question; ``end`` is the place after it in the text it came in."""

    question: Question
    end: int


class Listener:
    """Reads along with the emulator, across the seams of chunks."""

    def __init__(self) -> None:
        self.modes = Modes()
        self._rest = ""

    def questions(self, text: str) -> Iterator[Asked]:
        """Yield the questions in ``text``, and keep the modes it sets."""
        before = len(self._rest)
        whole = self._rest + text
        for found in _SEQUENCE.finditer(whole):
            question = self._meaning(found)
            if question:
                yield Asked(question=question, end=found.end() - before)
        unfinished = _UNFINISHED.search(whole, max(0, len(whole) - _LONGEST))
        self._rest = unfinished[0] if unfinished else ""

    def _meaning(self, found: re.Match[str]) -> Question | None:
        if found["short"]:
            if found["short"] == "Z":
                return "identity"
            self.modes = Modes()
            return None
        sign, numbers, final = found["sign"], found["numbers"], found["final"]
        if final in "hl":
            if sign == "?":
                self._set(numbers.split(";"), is_on=final == "h")
            return None
        if (sign, final) == ("!", "p"):
            self.modes = Modes()
            return None
        return _QUESTIONS.get((sign, numbers, final))

    def _set(self, numbers: Sequence[str], *, is_on: bool) -> None:
        if _APPLICATION_CURSOR in numbers:
            self.modes = replace(self.modes, has_application_cursor=is_on)
        if _BRACKETED_PASTE in numbers:
            self.modes = replace(self.modes, has_bracketed_paste=is_on)


def answer(question: Question, *, cursor: Cursor, columns: int, rows: int) -> bytes:
    """Return what a VT102 with a size says."""
    place = f"{cursor.row + 1};{cursor.column + 1}"
    said = {
        "cursor": f"[{place}R",
        "private cursor": f"[?{place}R",
        "status": "[0n",
        "identity": "[?6c",
        "model": "[>0;0;0c",
        "size": f"[8;{rows};{columns}t",
    }[question]
    return b"\x1b" + said.encode()
