"""If-Match and its kin, and Range (RFC 9110, as Swift's common/swob.py reads them).

Knows a representation's etag, time and size, and not where it comes from.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.object import headers as said

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


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


def span(headers: Mapping[str, str], *, size_bytes: int) -> tuple[Span, bool]:
    """Return the bytes asked for, and whether a range was asked for at all.

    A Range that is not one, or more than one, means everything. Raises Unsatisfiable.
    """
    whole = Span(0, size_bytes, size_bytes)
    found = _RANGE.fullmatch(headers.get("range", "").replace(" ", ""))
    if not found or not any(found.groups()):
        return whole, False
    first, last = found.groups()
    if not first:
        start, stop = max(0, size_bytes - int(last)), size_bytes
    else:
        start, stop = int(first), min(size_bytes, int(last) + 1) if last else size_bytes
        if last and int(last) < start:
            return whole, False
    if start >= size_bytes or (not first and int(last) == 0):
        raise Unsatisfiable
    return Span(start, stop, size_bytes), True


def _lists(text: str, etag: str) -> bool:
    given = {part.strip().removeprefix("W/").strip('"') for part in text.split(",")}
    return "*" in given or etag.strip('"') in given


def _is_after(ticks: int, text: str | None) -> bool:
    moment = said.parse_http_date(text) if text else None
    return moment is not None and said.whole_seconds(ticks) > moment
