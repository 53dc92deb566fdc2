"""If-Match and its kin, and Range (RFC 9110, as Swift's common/swob.py reads them).

Knows a representation's etag, time and size, and not where it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from services.object import headers as said

# Swift's limits (common/swob.py): a few bytes of header never ask for many times the object.
SPANS_MAX: Final = 50
OVERLAPS_MAX: Final = 2
_PART: Final = r"(?:\d{1,20}-\d{0,20}|-\d{1,20})"
_RANGES: Final = re.compile(rf"bytes={_PART}(?:,{_PART})*", re.ASCII)


class Unsatisfiable(Exception):
    """The range begins after the end: 416."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes from `start` up to but not including `stop`, of `size_bytes` in all."""

    start: int
    stop: int
    size_bytes: int

    def __str__(self) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{self.size_bytes}"


def status(headers: Mapping[str, str], *, etag: str, ticks: int) -> int:
    """Return 304 or 412 if a condition of a GET or HEAD says so, 200 otherwise."""
    if (wanted := headers.get("if-match")) is not None:
        if not _lists(wanted, etag):
            return 412
    elif _is_after(ticks, headers.get("if-unmodified-since")):
        return 412
    if (known := headers.get("if-none-match")) is not None:
        return 304 if _lists(known, etag) else 200
    since = headers.get("if-modified-since")
    if since and said.parse_http_date(since) is not None and not _is_after(ticks, since):
        return 304
    return 200


def spans(headers: Mapping[str, str], *, size_bytes: int, etag: str, ticks: int) -> list[Span]:
    """Return the parts asked for, in the client's order; none when everything is.

    A Range that is not one, or whose If-Range no longer holds, means everything. Parts that begin
    after the end are left out. Raises Unsatisfiable when none is left, or there are too many.
    """
    text = headers.get("range", "").replace(" ", "")
    if not _RANGES.fullmatch(text) or not _is_same(headers.get("if-range"), etag, ticks):
        return []
    found = []
    for one in text.removeprefix("bytes=").split(","):
        first, _, last = one.partition("-")
        if first and last and int(last) < int(first):
            return []
        start = int(first) if first else max(0, size_bytes - int(last))
        stop = min(size_bytes, int(last) + 1) if first and last else size_bytes
        if start < stop:
            found.append(Span(start, stop, size_bytes))
    if not found or len(found) > SPANS_MAX or _overlapping(found) > OVERLAPS_MAX:
        raise Unsatisfiable
    return found


def _is_same(condition: str | None, etag: str, ticks: int) -> bool:
    """Return whether If-Range lets a Range count: by an etag, or by a date."""
    if condition is None:
        return True
    moment = said.parse_http_date(condition)
    if moment is not None:
        return said.whole_seconds(ticks) == moment
    return condition.strip().strip('"') == etag.strip('"')


def _overlapping(found: Sequence[Span]) -> int:
    """Return how many parts begin before the one that begins before them has ended."""
    ordered = sorted((span.start, span.stop) for span in found)
    furthest, count = 0, 0
    for start, stop in ordered:
        count += start < furthest
        furthest = max(furthest, stop)
    return count


def _lists(text: str, etag: str) -> bool:
    given = {part.strip().removeprefix("W/").strip('"') for part in text.split(",")}
    return "*" in given or etag.strip('"') in given


def _is_after(ticks: int, text: str | None) -> bool:
    moment = said.parse_http_date(text) if text else None
    return moment is not None and said.whole_seconds(ticks) > moment
