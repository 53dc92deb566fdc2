"""Pages of containers and objects as text, JSON or XML (Swift, common/middleware/listing_formats).

It refuses to know where the rows come from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import msgspec

from services.http.endpoint import Reply, Request
from services.object import constraints, headers
from services.object.refusals import Refused
from storage.objects.container import Listed
from storage.objects.listing import Query, Subdir
from storage.objects.store import ListedContainer

TYPES: Final = {
    "json": "application/json; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
    "plain": "text/plain; charset=utf-8",
}
_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'

Row = Listed | ListedContainer | Subdir


class _Object(msgspec.Struct):
    bytes: int
    hash: str
    name: str
    content_type: str
    last_modified: str


class _Container(msgspec.Struct):
    bytes: int
    count: int
    name: str
    last_modified: str


class _Subdir(msgspec.Struct):
    subdir: str


def query(request: Request) -> Query:
    """Return what a request asks of a listing. Refuses a limit over 10,000: 412."""
    asked = request.query
    given = asked.get("limit", "")
    limit = int(given) if given.isascii() and given.isdigit() else constraints.LISTING_LIMIT
    if limit > constraints.LISTING_LIMIT:
        raise Refused(412, f"Maximum limit is {constraints.LISTING_LIMIT}")
    return Query(
        prefix=asked.get("prefix", ""),
        delimiter=asked.get("delimiter", ""),
        marker=asked.get("marker", ""),
        end_marker=asked.get("end_marker", ""),
        limit=limit,
        is_reverse=asked.get("reverse", "").lower() in {"true", "1", "yes", "on", "t", "y"},
    )


def reply(
    request: Request, rows: Sequence[Row], *, root: tuple[str, str], described: Mapping[str, str]
) -> Reply:
    """Write a page in the form the client asks for; `root` is the XML element and its name."""
    form = _form(request)
    body = _WRITERS[form](rows, root)
    return Reply(
        body=body,
        status=200 if body else 204,
        headers=described,
        content_type=TYPES[form],
    )


def _form(request: Request) -> str:
    if (form := request.query.get("format", "").lower()) in TYPES:
        return form
    accept = request.headers.get("accept", "")
    if "application/json" in accept:
        return "json"
    return "xml" if "application/xml" in accept or "text/xml" in accept else "plain"


def _plain(rows: Sequence[Row], _root: tuple[str, str]) -> bytes:
    return "".join(f"{row.name}\n" for row in rows).encode()


def _json(rows: Sequence[Row], _root: tuple[str, str]) -> bytes:
    return msgspec.json.encode([_value(row) for row in rows])


def _value(row: Row) -> _Object | _Container | _Subdir:
    if isinstance(row, Listed):  # not a case below: a page has ten thousand, and a case costs twice
        name, timestamp, size_bytes, etag, content_type = row
        if headers.SWIFT_BYTES in content_type:
            content_type, _, whole_bytes = content_type.partition(headers.SWIFT_BYTES)
            size_bytes = int(whole_bytes or size_bytes)
        return _Object(size_bytes, etag, name, content_type, headers.iso_date(timestamp))
    match row:
        case ListedContainer(name, timestamp, count, bytes_used):
            return _Container(bytes_used, count, name, headers.iso_date(timestamp))
        case Subdir(name):
            return _Subdir(name)


def _xml(rows: Sequence[Row], root: tuple[str, str]) -> bytes:
    element, name = root
    inside = "".join(_element(row) for row in rows)
    return f"{_XML}<{element} name={quoteattr(name)}>{inside}</{element}>".encode()


def _element(row: Row) -> str:
    match _value(row):
        case _Object(size_bytes, etag, name, content_type, date):
            return (
                f"<object><name>{escape(name)}</name><hash>{escape(etag)}</hash>"
                f"<bytes>{size_bytes}</bytes><content_type>{escape(content_type)}</content_type>"
                f"<last_modified>{date}</last_modified></object>"
            )
        case _Container(size_bytes, count, name, date):
            return (
                f"<container><name>{escape(name)}</name><count>{count}</count>"
                f"<bytes>{size_bytes}</bytes><last_modified>{date}</last_modified></container>"
            )
        case _Subdir(name):
            return f"<subdir name={quoteattr(name)}><name>{escape(name)}</name></subdir>"


_WRITERS: Final = {"plain": _plain, "json": _json, "xml": _xml}
