"""Static large objects: a stored list of segments that is read as one object (Swift, SLO).

Their size and etag are kept in system metadata, which clients never see or set.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from services.http.endpoint import Reply, Request
from services.object import contents, headers
from services.object.refusals import Refused
from storage.objects import errors as stored
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes

MANIFEST_BYTES_MAX: Final = 8 << 20  # Swift's max_manifest_size
_OWN: Final = (contents.SLO, contents.SLO_SIZE, contents.SLO_ETAG)


class Entry(msgspec.Struct):
    """A segment as a client writes it; None and absent mean "not checked"."""

    path: str
    etag: str | None = None
    size_bytes: int | None = None
    range: str | None = None


def kept(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return what makes an object a static large one, which a POST does not change."""
    return {name: metadata[name] for name in _OWN if name in metadata}


def content_type(given: str | None, old: ObjectRecord) -> str | None:
    """Return the content type that a POST sets; a manifest's row keeps the size of the whole."""
    _, mark, size = old.content_type.partition(headers.SWIFT_BYTES)
    return f"{given}{mark}{size}" if given else None


def without(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return metadata of an object that is no manifest any more."""
    return {k: v for k, v in metadata.items() if k not in (*_OWN, contents.DLO)}


def put(store: ObjectStore, request: Request, name: ObjectName) -> Reply:
    """Check that every segment is what the client says, and store the list."""
    found, problems = [], []
    for entry in _entries(request):
        try:
            found.append(_look(store, name.account, entry))
        except Refused as error:
            problems.append(f"{entry.path}, {error}")
    if problems:
        raise Refused(400, "Errors:\n" + "\n".join(problems) + "\n")
    size_bytes = sum(_size(row) for row in found)
    etag = contents.combined_etag(_etag(row) for row in found)
    _check_etag(request.headers, etag)
    said = headers.attributes(request.headers, name.name)
    own = {contents.SLO: "True", contents.SLO_SIZE: str(size_bytes), contents.SLO_ETAG: etag}
    with store.put_object(name) as upload:
        upload.write(json.dumps(found).encode())
        record = upload.commit(
            Attributes(
                content_type=f"{said.content_type}{headers.SWIFT_BYTES}{size_bytes}",
                metadata={**said.metadata, **own},
                delete_at=said.delete_at,
            )
        )
    date = headers.http_date(record.timestamp)
    return Reply(status=201, headers={"Etag": f'"{etag}"', "Last-Modified": date})


def delete(store: ObjectStore, request: Request, name: ObjectName) -> Reply:
    """Remove a static large object and its segments, and tell how many were there."""
    with store.get_object(name) as download:
        content = contents.describe(store, name, download)
    if contents.SLO not in content.record.metadata:
        raise Refused(400, "Not an SLO manifest")
    names = dict.fromkeys([*(segment.name for segment in content.segments), name])
    missing = 0
    for each in names:
        try:
            store.delete_object(each)
        except stored.NotFound:
            missing += 1
    report = {
        "Response Status": "200 OK",
        "Response Body": "",
        "Number Deleted": len(names) - missing,
        "Number Not Found": missing,
        "Errors": [],
    }
    if "application/json" in request.headers.get("accept", ""):
        return Reply(body=report)
    lines = "\n".join(f"{key}: {value or ''}" for key, value in report.items())
    return Reply(body=lines.encode(), content_type="text/plain")


def _entries(request: Request) -> list[Entry]:
    assert request.content is not None  # noqa: S101 - the endpoint streams
    raw = b""
    while data := request.content.read(contents.CHUNK_BYTES):
        raw += data
        if len(raw) > MANIFEST_BYTES_MAX:
            raise Refused(413)
    try:
        entries = msgspec.json.decode(raw, type=list[Entry])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, f"Manifest must be valid JSON.\n{error}") from error
    if not entries:
        raise Refused(400, "Number of segments must be >= 1")
    if len(entries) > contents.SEGMENTS_MAX:
        raise Refused(413, f"Number of segments must be <= {contents.SEGMENTS_MAX}")
    return entries


def _look(store: ObjectStore, account: str, entry: Entry) -> dict[str, Any]:
    """Return a segment as it is stored. Refuses one that is not what the client says."""
    container, _, name = entry.path.lstrip("/").partition("/")
    try:
        record = store.head_object(ObjectName(account, container, name))
    except stored.NotFound as error:
        raise Refused(400, "404 Not Found") from error
    if entry.etag is not None and entry.etag.strip('"') != record.etag:
        raise Refused(400, "Etag Mismatch")
    if entry.size_bytes is not None and entry.size_bytes != record.size_bytes:
        raise Refused(400, "Size Mismatch")
    row = _row(f"/{container}/{name}", record)
    if entry.range is not None:
        row["range"] = _range(entry.range, record.size_bytes)
    return row


def _row(path: str, record: ObjectRecord) -> dict[str, Any]:
    return {
        "name": path,
        "bytes": record.size_bytes,
        "hash": record.etag,
        "content_type": record.content_type,
        "last_modified": headers.iso_date(record.timestamp),
    }


def _range(text: str, size_bytes: int) -> str:
    """Return a range with both ends, inside a segment."""
    found = re.fullmatch(r"(\d*)-(\d*)", text, re.ASCII)
    if not found or not any(found.groups()):
        raise Refused(400, "Invalid Range")
    first, last = found.groups()
    start = int(first) if first else max(0, size_bytes - int(last))
    stop = min(int(last), size_bytes - 1) if first and last else size_bytes - 1
    if start > stop:
        raise Refused(400, "Unsatisfiable Range")
    return f"{start}-{stop}"


def _size(row: Mapping[str, Any]) -> int:
    if "range" not in row:
        return int(row["bytes"])
    first, _, last = str(row["range"]).partition("-")
    return int(last) - int(first) + 1


def _etag(row: Mapping[str, Any]) -> str:
    """Return a segment's part of the whole's etag (Swift, common/middleware/slo.py)."""
    return f"{row['hash']}:{row['range']};" if "range" in row else str(row["hash"])


def _check_etag(said: Mapping[str, str], etag: str) -> None:
    if (wanted := said.get("etag", "").strip('"').lower()) and wanted != etag:
        raise Refused(422)
