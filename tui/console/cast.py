"""Recordings of a console as asciicast v2 files, which asciinema plays too.

Only what the guest said is kept, never what was typed: passwords are not echoed.
Source: "asciicast file format (version 2)", docs.asciinema.org.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TextIO, TypeAlias

Kind: TypeAlias = Literal["o", "m", "r"]
_KINDS: Final = ("o", "m", "r")
_LINE_MAX: Final = 4 * 1024 * 1024  # characters of one event; ours have a few thousand


class BadCast(ValueError):
    """The file is no recording that can be read; the text says in which line and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened ``at_s`` after the start: output, a marker, or a new size ("100x30")."""

    at_s: float
    kind: Kind
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first line says."""

    columns: int
    rows: int
    title: str = ""


class Recorder:
    """Writes one file while it happens; every event is in it when the call returns."""

    def __init__(
        self,
        path: Path,
        header: Header,
        *,
        now_s: Callable[[], float],
    ) -> None:
        self.path = path
        self._now_s = now_s
        self._began_s = now_s()
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._file: TextIO = path.open("x", encoding="utf-8", buffering=1)
        self._say({
            "version": 2, "width": header.columns, "height": header.rows,
            "timestamp": int(self._began_s), "title": header.title,
            "env": {"TERM": "xterm-256color"},
        })  # fmt: skip

    def output(self, data: bytes) -> None:
        """Keep what the guest said now."""
        if text := self._decoder.decode(data):
            self._event("o", text)

    def mark(self, label: str) -> None:
        """Keep that something happened: a boot."""
        self._event("m", label)

    def resize(self, columns: int, rows: int) -> None:
        """Keep that the screen has another size."""
        self._event("r", f"{columns}x{rows}")

    def close(self) -> None:
        """End the file."""
        self._file.close()

    def _event(self, kind: Kind, data: str) -> None:
        self._say([round(self._now_s() - self._began_s, 6), kind, data])

    def _say(self, what: Any) -> None:
        self._file.write(json.dumps(what, ensure_ascii=False) + "\n")


def read(path: Path) -> tuple[Header, Iterator[Event]]:
    """Return the header and, one by one as they are wanted, the events. Raises BadCast."""
    lines = _lines(path)
    try:
        first = json.loads(next(lines))
        header = Header(
            columns=int(first["width"]),
            rows=int(first["height"]),
            title=str(first.get("title", "")),
        )
        is_ours = first["version"] == 2
    except (StopIteration, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadCast(f"{path} line 1: no asciicast header") from error
    if not is_ours:
        raise BadCast(f"{path} line 1: version {first['version']}, only 2 can be read")
    return header, _events(path, lines)


def _events(path: Path, lines: Iterator[str]) -> Iterator[Event]:
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        try:
            at_s, kind, data = json.loads(line)
            event = Event(at_s=float(at_s), kind=kind, data=str(data))
        except (ValueError, TypeError) as error:
            raise BadCast(f"{path} line {number}: no event") from error
        if kind in _KINDS:  # typed keys ("i") and whatever comes are others' to use
            yield event


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8", errors="replace") as file:
        while line := file.readline(_LINE_MAX):
            yield line
