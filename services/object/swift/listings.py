"""Pages of containers and objects as text, JSON or XML (Swift, common/middleware/listing_formats).

It refuses to know where the rows come from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
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
_TEXT_XML: Final = "text/xml; charset=utf-8"
_ANY: Final = ("*/*", "text/*", "application/*")
_NAMES: Final = ("prefix", "delimiter", "marker", "end_marker", "path")
_XML: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'

Row = Listed | ListedContainer | Subdir
Fetch = Callable[[Query], list[Listed | Subdir]]


class _Object(msgspec.Struct):
    bytes: int
    hash: str
    name: str
    content_type: str
    last_modified: str
    slo_etag: str | msgspec.UnsetType = msgspec.UNSET
    symlink_path: str | msgspec.UnsetType = msgspec.UNSET


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
    constraints.check_text(*(asked.get(name, "") for name in _NAMES))
    given = asked.get("limit", "")[:20]  # longer numbers are as much over the limit
    limit = int(given) if given.isascii() and given.isdigit() else constraints.LISTING_LIMIT
    if limit > constraints.LISTING_LIMIT:
        raise Refused(412, f"Maximum limit is {constraints.LISTING_LIMIT}")
    return Query(
        prefix=asked.get("prefix", ""),
        delimiter=asked.get("delimiter", ""),
        marker=asked.get("marker", ""),
        end_marker=asked.get("end_marker", ""),
        limit=limit,
        is_reverse=asked.get("reverse", "").lower() in headers.TRUE,
    )


def directly_below(fetch: Fetch, asked: Query, path: str) -> list[Listed | Subdir]:
    """Return the objects just below a path, and no subdirectories: the query `path=`.

    An object that is named as a subdirectory (`photos/2010/`) stands for it.
    """
    prefix = f"{path.rstrip('/')}/" if path else ""
    query = replace(asked, prefix=prefix, delimiter="/")
    found: list[Listed | Subdir] = []
    while len(found) < asked.limit:
        page = fetch(query)
        for row in page:
            if isinstance(row, Subdir):
                found += fetch(Query(prefix=row.name, end_marker=row.name + "\0", limit=1))
            elif row.name != prefix:
                found.append(row)
        if len(page) < query.limit:
            break
        query = replace(query, marker=page[-1].name)
    return found[: asked.limit]


def reply(
    request: Request, rows: Sequence[Row], *, root: tuple[str, str], described: Mapping[str, str]
) -> Reply:
    """Write a page in the form the client asks for; `root` is the XML element and its name."""
    kind = form(request)
    body = _WRITERS[kind](rows, root)
    return Reply(
        body=body,
        status=200 if body else 204,
        headers=described,
        content_type=_TEXT_XML if kind == "xml" and _wants_text_xml(request) else TYPES[kind],
    )


def form(request: Request, *, default: str = "plain") -> str:
    """Return the form a client asks for: `json`, `xml`, `plain`; `default` if it does not say.

    Refuses to answer in another form than one that is accepted: 406.
    """
    if (kind := request.query.get("format", "").lower()) in TYPES:
        return kind
    accept = request.headers.get("accept", "")
    if "application/json" in accept:
        return "json"
    if "application/xml" in accept or "text/xml" in accept:
        return "xml"
    if "text/plain" in accept:
        return "plain"
    if accept and not any(kind in accept for kind in _ANY):
        raise Refused(406)
    return default


def _wants_text_xml(request: Request) -> bool:
    """Whether XML is to be called by its other name."""
    accept = request.headers.get("accept", "")
    return not request.query.get("format") and "application/xml" not in accept


def _plain(rows: Sequence[Row], _root: tuple[str, str]) -> bytes:
    return "".join(f"{row.name}\n" for row in rows).encode()


def _json(rows: Sequence[Row], _root: tuple[str, str]) -> bytes:
    return msgspec.json.encode([_value(row) for row in rows])


def _value(row: Row) -> _Object | _Container | _Subdir:
    if isinstance(row, Listed):  # not a case below: a page has ten thousand, and a case costs twice
        name, timestamp, size_bytes, etag, content_type = row
        date = headers.iso_date(timestamp)
        if headers.is_marked(content_type):
            return _marked(row, date)
        return _Object(size_bytes, etag, name, content_type, date)
    match row:
        case ListedContainer(name, timestamp, count, bytes_used):
            return _Container(bytes_used, count, name, headers.iso_date(timestamp))
        case Subdir(name):
            return _Subdir(name)


def _marked(row: Listed, date: str) -> _Object:
    """Return a large object or a link: what its content type tells of it shows."""
    marks = headers.marks(row.content_type)
    whole = marks.get(headers.ETAG_MARK)
    return _Object(
        int(marks.get(headers.SIZE_MARK, row.size_bytes)),
        row.etag,
        row.name,
        headers.plain_type(row.content_type),
        date,
        slo_etag=f'"{whole}"' if whole else msgspec.UNSET,
        symlink_path=marks.get(headers.LINK_MARK, msgspec.UNSET),
    )


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
