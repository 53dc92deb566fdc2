"""Static large objects: a stored list of segments that is read as one object (Swift, SLO).

Their size and etag are kept in system metadata, which clients never see or set. A segment is an
object, a part of one, another such list, or bytes written into the list itself.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

import msgspec

from services.http.endpoint import Reader
from services.object import constraints, contents, headers
from services.object.refusals import Refused
from storage.objects.errors import NotFound
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.transfer import Attributes, Download

_WHOLE_BYTES_MAX: Final = 1 << 60  # manifests in manifests soon say more than 64 bits hold


class Heads(Protocol):
    """Where segments are looked up, as the caller may see them."""

    def head_object(self, name: ObjectName) -> ObjectRecord:
        """Return what is known of an object. Raises NotFound; Refused if it is not the caller's."""
        ...

    def get_object(self, name: ObjectName) -> Download:
        """Open an object's bytes, with the same errors."""
        ...


class Entry(msgspec.Struct, forbid_unknown_fields=True):
    """A segment as a client writes it; None and absent mean "not checked"."""

    path: str | None = None
    etag: str | None = None
    size_bytes: int | None = None
    range: str | None = None
    data: str | None = None


def is_static(record: ObjectRecord) -> bool:
    """Return whether an object is a static large one."""
    return contents.SLO in record.metadata


def read(body: Reader) -> list[Entry]:
    """Return the segments that a client's manifest names. Refuses what is none: 400, 413."""
    raw = bytearray()
    while data := body.read(contents.CHUNK_BYTES):
        raw += data
        if len(raw) > contents.MANIFEST_BYTES_MAX:
            raise Refused(413)
    try:
        entries = msgspec.json.decode(raw, type=list[Entry])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, f"Manifest must be valid JSON.\n{error}") from error
    if len(entries) > contents.SEGMENTS_MAX:
        raise Refused(413, f"Number of segments must be <= {contents.SEGMENTS_MAX}")
    if not any(entry.path for entry in entries):
        raise Refused(400, "Manifest must name at least one object")
    return entries


def checked(entries: Sequence[Entry], heads: Heads, manifest: ObjectName) -> list[dict[str, Any]]:
    """Return the segments as they are stored. Refuses unless each is what the client says: 400."""
    found, problems = [], []
    known: dict[ObjectName, ObjectRecord] = {}
    for entry in entries:
        try:
            found.append(_look(heads, manifest, entry, known))
        except Refused as error:
            problems.append(f"{entry.path or 'data'}, {error}")
    if problems:
        raise Refused(400, "Errors:\n" + "\n".join(problems) + "\n")
    return found


def etag(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the etag of the whole (Swift, common/middleware/slo.py)."""
    return contents.combined_etag(_etag(row) for row in rows)


def attributes(said: Attributes, rows: Sequence[Mapping[str, Any]]) -> Attributes:
    """Return what a manifest's row says: of the whole, besides what the client says.

    Refuses a whole that no Content-Length could tell: 413.
    """
    size_bytes, whole = sum(_size(row) for row in rows), etag(rows)
    if size_bytes > _WHOLE_BYTES_MAX:
        raise Refused(413, f"The whole would have {size_bytes} bytes")
    own = {contents.SLO: "True", contents.SLO_SIZE: str(size_bytes), contents.SLO_ETAG: whole}
    marks = {headers.SIZE_MARK: size_bytes, headers.ETAG_MARK: whole}
    return replace(
        said,
        content_type=headers.marked(said.content_type, **marks),
        metadata={**said.metadata, **own},
    )


def stored(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the file of a manifest."""
    return json.dumps(rows).encode()


def as_put(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return a stored manifest as a client would put it: `format=raw`."""
    return json.dumps([_as_put(row) for row in rows]).encode()


def inner(heads: Heads, manifest: ObjectName) -> list[ObjectName]:
    """Return all segments of a manifest, each once, and before one that is a manifest its own.

    One that is gone is among them all the same. Refuses what is no manifest: 400; too deep: 409.
    """
    found: dict[ObjectName, None] = {}
    _descend(heads, manifest, found, depth=0)
    found.pop(manifest, None)
    return list(found)


def _descend(
    heads: Heads, manifest: ObjectName, found: dict[ObjectName, None], *, depth: int
) -> None:
    """Add the segments of a manifest to those found; what is there already is not read again."""
    if depth > contents.DEPTH_MAX:
        raise Refused(409, f"More than {contents.DEPTH_MAX} manifests in one another")
    with heads.get_object(manifest) as download:
        if not is_static(download.record):
            raise Refused(400, "Not an SLO manifest")
        rows = contents.read_manifest(download)
    for row in rows:
        if "data" in row:
            continue
        container, _, text = row["name"].lstrip("/").partition("/")
        name = ObjectName(manifest.account, container, text)
        if name in found:
            continue
        if row.get("sub_slo"):
            with contextlib.suppress(NotFound):
                _descend(heads, name, found, depth=depth + 1)
        found[name] = None


def _look(
    heads: Heads, manifest: ObjectName, entry: Entry, known: dict[ObjectName, ObjectRecord]
) -> dict[str, Any]:
    """Return a segment as it is stored. Refuses one that is not what the client says."""
    if entry.data is not None:
        return _inline(entry)
    container, slash, text = (entry.path or "").lstrip("/").partition("/")
    if not (container and slash and text):
        raise Refused(400, "Invalid path")
    name = ObjectName(manifest.account, container, text)
    constraints.check_text(container, text)
    if name == manifest:
        raise Refused(400, "Self-referential")
    if (record := known.get(name)) is None:
        record = known[name] = _head(heads, name)
    size_bytes = int(record.metadata.get(contents.SLO_SIZE, record.size_bytes))
    whole = record.metadata.get(contents.SLO_ETAG, record.etag)
    if entry.etag and entry.etag.strip('"').lower() != whole:
        raise Refused(400, "Etag Mismatch")
    if entry.size_bytes is not None and entry.size_bytes != size_bytes:
        raise Refused(400, "Size Mismatch")
    if not size_bytes:
        raise Refused(400, "Too Small; each segment must be at least 1 byte.")
    row = {
        "name": f"/{container}/{text}",
        "bytes": size_bytes,
        "hash": whole,
        "content_type": headers.plain_type(record.content_type),
        "last_modified": headers.iso_date(record.timestamp),
    }
    if is_static(record):
        row["sub_slo"] = True
    if entry.range is not None:
        row["range"] = _range(entry.range, size_bytes)
    return row


def _head(heads: Heads, name: ObjectName) -> ObjectRecord:
    try:
        return heads.head_object(name)
    except NotFound as error:
        raise Refused(400, "404 Not Found") from error
    except Refused as error:
        word = {401: "Unauthorized", 403: "Forbidden"}.get(error.status, "Conflict")
        raise Refused(400, f"{error.status} {word}") from error


def _inline(entry: Entry) -> dict[str, Any]:
    if any(value is not None for value in (entry.path, entry.etag, entry.size_bytes, entry.range)):
        raise Refused(400, "A segment has either data or a path")
    try:
        data = base64.b64decode(entry.data or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(400, "Data is not valid base64") from error
    if not data:
        raise Refused(400, "Too Small; data must be at least 1 byte.")
    return {"data": entry.data}


def _range(text: str, size_bytes: int) -> str:
    """Return a range with both ends, inside a segment."""
    found = re.fullmatch(r"(\d{0,20})-(\d{0,20})", text, re.ASCII)
    if not found or not any(found.groups()):
        raise Refused(400, "Invalid Range")
    first, last = found.groups()
    start = int(first) if first else max(0, size_bytes - int(last))
    stop = min(int(last), size_bytes - 1) if first and last else size_bytes - 1
    if start > stop:
        raise Refused(400, "Unsatisfiable Range")
    return f"{start}-{stop}"


def _size(row: Mapping[str, Any]) -> int:
    if "data" in row:
        return len(base64.b64decode(row["data"]))
    if "range" not in row:
        return int(row["bytes"])
    first, _, last = str(row["range"]).partition("-")
    return int(last) - int(first) + 1


def _etag(row: Mapping[str, Any]) -> str:
    """Return a segment's part of the whole's etag."""
    if "data" in row:
        data = base64.b64decode(row["data"])
        return hashlib.md5(data, usedforsecurity=False).hexdigest()
    return f"{row['hash']}:{row['range']};" if "range" in row else str(row["hash"])


def _as_put(row: Mapping[str, Any]) -> dict[str, Any]:
    if "data" in row:
        return {"data": row["data"]}
    said = {"path": row["name"], "etag": row["hash"], "size_bytes": row["bytes"]}
    return said | ({"range": row["range"]} if "range" in row else {})
