"""S3's verbs on objects: get, head, put, delete, and delete many. Who may is decided before."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from services.http.endpoint import Reply
from services.object import conditions, contents, sysmeta, versions
from services.object import encryption as encrypted
from services.object.contents import Chunks, Segment
from services.object.s3 import (
    access,
    attributes,
    copying,
    documents,
    encryption,
    lifecycle,
    locks,
    lookup,
    writing,
)
from services.object.s3.call import Call
from services.object.s3.refusals import Refused
from services.object.versions import Version

DELETE_MAX: Final = 1000  # keys in one DeleteObjects
_DELETE: Final = access.Need(action="s3:DeleteObject", right="WRITE", is_write=True)
_DELETE_VERSION: Final = access.Need(action="s3:DeleteObjectVersion", is_write=True)


def get(call: Call) -> Reply:
    """GetObject: all of it, a range or a part."""
    version = _version(call)
    key = encryption.check_reading(call, version.record)
    source = encrypted.source(call.store, key)
    with contextlib.ExitStack() as stack:
        download = stack.enter_context(source.get_object(version.name))
        version = replace(version, record=download.record)
        content = contents.describe(source, call.name, download)
        described = _described(call, version, size_bytes=content.size_bytes)
        if (refusal := _condition(call, version, described)) is not None:
            return refusal
        start, stop, extra = _span(call, version, content.segments, content.size_bytes)
        described |= extra
        if extra.get("Content-Range"):
            described = {k: v for k, v in described.items() if not _is_checksum(k)}
        stack.pop_all()
        if content.is_large:
            download.close()
        segments = contents.cut(content.segments, start, stop)
        chunks = Chunks(source, segments, opened=None if content.is_large else download)
        described["Content-Length"] = str(stop - start)
        status = 206 if "Content-Range" in described else 200
        body: bytes | Chunks = chunks
        if stop - start <= contents.CHUNK_BYTES:
            with contextlib.closing(chunks):
                body = b"".join(chunks)
        return Reply(body=body, status=status, headers=described)


def head(call: Call) -> Reply:
    """HeadObject: what a GET would say, without the bytes."""
    version = _version(call)
    encryption.check_reading(call, version.record)
    segments: Sequence[Segment] = ()
    size_bytes = version.size_bytes
    needs_parts = "partNumber" in call.query and attributes.is_large(version.record)
    if needs_parts or contents.DLO in version.record.metadata:
        with call.store.get_object(version.name) as download:
            content = contents.describe(call.store, call.name, download)
        segments, size_bytes = content.segments, content.size_bytes
    described = _described(call, version, size_bytes=size_bytes)
    if (refusal := _condition(call, version, described)) is not None:
        return refusal
    start, stop, extra = _span(call, version, segments, size_bytes)
    described |= extra | {"Content-Length": str(stop - start)}
    return Reply(status=206 if "Content-Range" in described else 200, headers=described)


def put(call: Call) -> Reply:
    """PutObject, or CopyObject when there is a source."""
    if "x-amz-copy-source" in call.headers:
        return copying.copy(call)
    writing.check_length(call)
    said = attributes.of_request(call)
    with call.store.put_object(call.name) as upload:
        kept_beside = encryption.begin(call, upload)
        said = replace(said, metadata={**said.metadata, **kept_beside})
        writing.receive(call, upload)
        if (checksum := call.body.checksum) is not None:
            kept = f"{checksum[0]}:{checksum[1]}:FULL_OBJECT"
            said = replace(said, metadata={**said.metadata, sysmeta.CHECKSUM: kept})
        version = versions.put(
            call.store, call.bucket, call.key, upload=upload, said=said,
            condition=writing.condition(call),
        )  # fmt: skip
    return Reply(headers=writing.stored(call, version))


def delete(call: Call) -> Reply:
    """DeleteObject: of a key that is not there too."""
    version_id = call.query.get("versionId", "")

    def condition(old: Version | None) -> None:
        writing.check(call, old)
        if version_id:
            locks.check_deletion(call, old)

    done = versions.delete(
        call.store, call.bucket, call.key, version_id=version_id, condition=condition
    )
    return Reply(status=204, headers=_deleted(done))


def delete_many(call: Call) -> Reply:
    """DeleteObjects: each key's fate in one document."""
    root = call.document("Delete", limit_bytes=4 << 20)
    is_quiet = root.value("Quiet") == "true"
    asked = [(item.value("Key"), item.value("VersionId")) for item in root.all("Object")]
    if not asked or len(asked) > DELETE_MAX or not all(key for key, _ in asked):
        raise Refused("MalformedXML")
    tree: list[tuple[str, documents.Tree]] = []
    for (key, version_id), item in zip(asked, root.all("Object"), strict=True):
        found = _delete_one(call, key, version_id, etag=item.value("ETag"))
        if not is_quiet or found[0] == "Error":
            tree.append(found)
    return Reply(body=documents.write("DeleteResult", tree), content_type=documents.CONTENT_TYPE)


def _version(call: Call) -> Version:
    """The version that is asked for; who may not list the bucket is not told what is not there."""
    try:
        return lookup.version(call.store, call.bucket, call.key, call.query.get("versionId", ""))
    except Refused as error:
        if error.status == 404 and not access.is_allowed(call, access.LIST, key=""):
            raise Refused("AccessDenied") from error
        raise


def _described(call: Call, version: Version, *, size_bytes: int) -> dict[str, str]:
    described = attributes.of_version(call, version, size_bytes=size_bytes)
    described |= lifecycle.expiration(call.bucket, call.key, version)
    if call.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED":
        described |= attributes.checksum_headers(version.record)
    return attributes.overridden(call, described)


def _condition(call: Call, version: Version, described: dict[str, str]) -> Reply | None:
    status = conditions.status(call.headers, etag=version.etag, ticks=version.modified)
    if status == 412:
        raise Refused("PreconditionFailed")
    if status == 304:
        kept = {k: v for k, v in described.items() if k in _WITH_304}
        return Reply(status=304, headers=kept)
    return None


_WITH_304: Final = {"ETag", "Last-Modified", "x-amz-version-id", "Cache-Control", "Expires"}


def _span(
    call: Call, version: Version, segments: Sequence[Segment], size_bytes: int
) -> tuple[int, int, dict[str, str]]:
    """First and last byte (not included) asked for, and the headers that say so."""
    if "partNumber" in call.query:
        return _part(call, version, segments, size_bytes)
    try:
        spans = conditions.spans(
            call.headers, size_bytes=size_bytes, etag=version.etag, ticks=version.modified
        )
    except conditions.Unsatisfiable as error:
        asked = call.headers.get("range", "")
        raise Refused(
            "InvalidRange", facts={"RangeRequested": asked, "ActualObjectSize": str(size_bytes)},
            headers={"Content-Range": f"bytes */{size_bytes}"},
        ) from error  # fmt: skip
    if len(spans) != 1:  # S3 answers several ranges with the whole
        return 0, size_bytes, {}
    return spans[0].start, spans[0].stop, {"Content-Range": str(spans[0])}


def _part(
    call: Call, version: Version, segments: Sequence[Segment], size_bytes: int
) -> tuple[int, int, dict[str, str]]:
    """The span of a part, as it was uploaded."""
    if "range" in call.headers:
        raise Refused("InvalidRequest", "Cannot specify both Range header and partNumber.")
    number = call.number("partNumber", default=0, most=10_001)
    if sysmeta.UPLOAD not in version.record.metadata:
        if number != 1:
            raise Refused("InvalidPartNumber")
        return 0, size_bytes, _content_range(0, size_bytes, size_bytes)
    if not 1 <= number <= len(segments):
        raise Refused("InvalidPartNumber")
    start = sum(segment.size_bytes for segment in segments[: number - 1])
    stop = start + segments[number - 1].size_bytes
    extra = _content_range(start, stop, size_bytes)
    return start, stop, extra | {"x-amz-mp-parts-count": str(len(segments))}


def _content_range(start: int, stop: int, size_bytes: int) -> dict[str, str]:
    return {"Content-Range": f"bytes {start}-{stop - 1}/{size_bytes}"} if stop > start else {}


def _is_checksum(name: str) -> bool:
    return name.lower().startswith("x-amz-checksum-")


def _deleted(done: versions.Deleted) -> dict[str, str]:
    said = {"x-amz-version-id": done.version_id} if done.version_id else {}
    return said | ({"x-amz-delete-marker": "true"} if done.is_marker else {})


def _delete_one(call: Call, key: str, version_id: str, *, etag: str) -> tuple[str, documents.Tree]:
    named = [("Key", key), *([("VersionId", version_id)] if version_id else [])]

    def condition(old: Version | None) -> None:
        if etag and old is not None and not writing.is_match(etag, old.etag):
            raise Refused("PreconditionFailed")
        if version_id:
            locks.check_deletion(call, old)

    try:
        access.check(call, _DELETE_VERSION if version_id else _DELETE, key=key)
        done = versions.delete(
            call.store, call.bucket, key, version_id=version_id, condition=condition
        )
    except Refused as error:
        return "Error", [*named, ("Code", error.code), ("Message", str(error))]
    if done.is_marker:
        named += [("DeleteMarker", "true"), ("DeleteMarkerVersionId", done.version_id)]
    return "Deleted", named
