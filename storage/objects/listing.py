"""One page of a listing: prefix, delimiter, marker, end_marker, limit, reverse.

The rules are Swift's ("Object Storage API: Pages of containers or objects"); names are ordered by
their UTF-8 bytes, which is also the order of their code points. It refuses to know SQL.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol, TypeVar

LIMIT_DEFAULT: Final = 10_000  # Swift's container_listing_limit
NO_END: Final = b""  # SQLite orders every TEXT before every BLOB: no upper bound

Bound = str | bytes


class Named(Protocol):
    """A row of a listing."""

    @property
    def name(self) -> str:
        """What the listing is ordered by."""


Row = TypeVar("Row", bound=Named)
# fetch(lower, upper, limit): the rows with lower <= name < upper, in the query's direction
Fetch = Callable[[str, Bound, int], Generator[Row, None, None]]


class Subdir(NamedTuple):
    """All names that share a prefix up to the delimiter, shown as one."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a client asks of a listing; an empty string means "not given"."""

    prefix: str = ""
    delimiter: str = ""
    marker: str = ""
    end_marker: str = ""
    limit: int = LIMIT_DEFAULT
    is_reverse: bool = False

    def span(self) -> tuple[str, Bound]:
        """Return the bounds of the names asked for, lower included and upper not."""
        first, last = self.marker, self.end_marker
        if self.is_reverse:
            first, last = last, first
        lower = max(self.prefix, successor(first) if first else "")
        ends = [bound for bound in (last, after_prefix(self.prefix)) if bound]
        return lower, min(ends) if ends else NO_END

    def subdir(self, name: str) -> str:
        """Return the subdirectory that stands for `name`, or "" if it stands for itself."""
        if not self.delimiter:
            return ""
        end = name.find(self.delimiter, len(self.prefix))
        return name[: end + len(self.delimiter)] if end >= 0 else ""


def page(fetch: Fetch[Row], query: Query) -> list[Row | Subdir]:
    """Collect one page, leaping over what a subdirectory hides."""
    lower, upper = query.span()
    found: list[Row | Subdir] = []
    while len(found) < query.limit:
        with contextlib.closing(fetch(lower, upper, query.limit - len(found))) as rows:
            plain, subdir = _until_subdir(rows, query)
        found += plain
        if not subdir:
            break
        if subdir != query.marker:
            found.append(Subdir(subdir))
        if query.is_reverse:
            upper = subdir
        elif (after := after_prefix(subdir)) is None:
            break
        else:
            lower = after
    return found


def successor(name: str) -> str:
    """Return the name that follows `name` with nothing in between."""
    return name + "\0"


def after_prefix(prefix: str) -> str | None:
    """Return the first name after all that begin with `prefix`; None if there is none."""
    for length in range(len(prefix), 0, -1):
        point = ord(prefix[length - 1]) + 1
        if point == 0xD800:  # the surrogates are no characters
            point = 0xE000
        if point <= sys.maxunicode:
            return prefix[: length - 1] + chr(point)
    return None


def _until_subdir(rows: Iterable[Row], query: Query) -> tuple[list[Row], str]:
    """Take rows that stand for themselves; return them and the subdirectory that came next."""
    if not query.delimiter:
        return list(rows), ""
    plain: list[Row] = []
    for row in rows:
        if subdir := query.subdir(row.name):
            return plain, subdir
        plain.append(row)
    return plain, ""
