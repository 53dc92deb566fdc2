"""Objects in parts: a part is an object in `BUCKET+segments`, the whole a list of them (an SLO).

Completing copies nothing, and Swift's face reads the whole as any large object (Swift's s3api).
What the whole shall be waits, as an empty object, in an account that no client can name.
"""

from __future__ import annotations

import contextlib
import json
import re
import secrets
import threading
from contextlib import AbstractContextManager
from dataclasses import replace
from hashlib import md5
from typing import Any, Final

from services.http.endpoint import Reply
from services.object import contents, garbage, headers, sysmeta, versions
from services.object.bucket import SEGMENTS, uploads_of
from services.object.s3 import (
    attributes,
    checksums,
    copying,
    documents,
    encryption,
    listings,
    times,
    writing,
)
from services.object.s3.call import Call
from services.object.s3.refusals import Refused
from storage.objects import errors as stored
from storage.objects.container import Listed
from storage.objects.listing import Query, Subdir
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes, Upload

PARTS_MAX: Final = 10_000
PART_BYTES_MIN: Final = 5 * 1024**2  # of every part but the last
OBJECT_BYTES_MAX: Final = 5 * 1024**4
_ALGORITHM: Final = "X-Object-Sysmeta-S3-Algorithm"
_TYPE: Final = "X-Object-Sysmeta-S3-Type"
_COMPLETE_BYTES_MAX: Final = 8 << 20  # 10,000 parts, each with a checksum
_ID: Final = re.compile("[0-9a-f]{32}")
_stripes: Final = tuple(threading.RLock() for _ in range(256))


def create(call: Call) -> Reply:
    """CreateMultipartUpload."""
    call.body.whole(0)
    said = attributes.of_request(call)
    algorithm = call.headers.get("x-amz-checksum-algorithm", "").upper()
    kind = call.headers.get("x-amz-checksum-type", "").upper()
    if algorithm and algorithm not in checksums.ALGORITHMS:
        raise Refused("InvalidRequest", "Checksum algorithm provided is unsupported.")
    if algorithm and not kind:
        kind = "FULL_OBJECT" if algorithm == "CRC64NVME" else "COMPOSITE"
    if kind == "FULL_OBJECT" and not checksums.is_linear(algorithm or "CRC64NVME"):
        raise Refused("InvalidRequest", f"{algorithm} has no checksum type FULL_OBJECT.")
    upload_id = secrets.token_hex(16)
    marker = _marker(call, upload_id)
    extra = {_ALGORITHM: algorithm, _TYPE: kind} if algorithm else {}
    extra |= encryption.of_upload(call)
    call.store.put_container(marker.account, marker.container)
    call.store.put_container(call.bucket.account, f"{call.bucket.name}{SEGMENTS}")
    with call.store.put_object(marker) as upload:
        record = upload.commit(replace(said, metadata={**said.metadata, **extra}))
    tree = [("Bucket", call.bucket.name), ("Key", call.key), ("UploadId", upload_id)]
    told = encryption.told(call, record)
    if algorithm:
        told |= {"x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": kind}
    return Reply(
        body=documents.write("InitiateMultipartUploadResult", tree), headers=told,
        content_type=documents.CONTENT_TYPE,
    )  # fmt: skip


def put_part(call: Call) -> Reply:
    """UploadPart, or UploadPartCopy when there is a source."""
    number = _part_number(call)
    whole = _upload(call)
    if "x-amz-copy-source" in call.headers:
        return _copy_part(call, number, whole)
    writing.check_length(call)
    with call.store.put_object(_part(call, number)) as upload:
        metadata = dict(encryption.begin_part(call, upload, whole))
        writing.receive(call, upload)
        if (checksum := call.body.checksum) is not None:
            metadata[sysmeta.CHECKSUM] = f"{checksum[0]}:{checksum[1]}:FULL_OBJECT"
        record = _commit(call, upload, Attributes(metadata=metadata))
    told = attributes.checksum_headers(record) | encryption.told(call, record)
    return Reply(headers={"ETag": f'"{record.etag}"', **told})


def complete(call: Call) -> Reply:
    """CompleteMultipartUpload."""
    asked = _asked_parts(call)
    with _lock(call):
        found = _find_upload(call)
        version = _made(call)
        if found is None and version is None:
            raise _no_such_upload(call.query["uploadId"])
        if found is not None:
            version = version or _complete(call, found, asked)
            upload_id = call.query["uploadId"]  # listed until the parts that are not used are gone
            garbage.remove_parts(call.store, call.name, upload_id, is_over=True)
            with contextlib.suppress(stored.ObjectNotFound):
                call.store.delete_object(_marker(call, upload_id))
        assert version is not None  # noqa: S101 - one of the two
    return _completed(call, version)


def abort(call: Call) -> Reply:
    """AbortMultipartUpload."""
    _upload(call)
    forget(call.store, call.name, call.query["uploadId"])
    return Reply(status=204)


def forget(store: ObjectStore, name: ObjectName, upload_id: str) -> None:
    """End an upload, and remove its parts; but what a killed completion made of it stays whole."""
    where = uploads_of(name.account, name.container)
    marker = replace(where, name=f"{name.name}\0{upload_id}")
    garbage.note_upload(store, name, upload_id)  # or a kill would leave the parts
    with _stripe(upload_id):
        try:
            store.delete_object(marker)
        except stored.NotFound:  # completed, or aborted, just now
            return
    garbage.remove_parts(store, name, upload_id)


def forget_all(store: ObjectStore, account: str, container: str) -> int:
    """End all uploads to a bucket that is no more, and forget the places they had; return how many.

    Its other parts, of objects deleted within the hour, keep their container until the next time.
    """
    where, count = uploads_of(account, container), 0
    with contextlib.suppress(stored.ContainerNotFound, stored.ContainerNotEmpty):
        while page := store.list_container(where.account, where.container, query=Query(limit=1000)):
            for row in page:
                key, _, upload_id = row.name.partition("\0")
                forget(store, ObjectName(account, container, key), upload_id)
                count += 1
        store.delete_container(where.account, where.container)
    with contextlib.suppress(stored.ContainerNotFound, stored.ContainerNotEmpty):
        store.delete_container(account, f"{container}{SEGMENTS}")
    return count


def list_parts(call: Call) -> Reply:
    """ListParts."""
    found = _upload(call)
    limit = call.number("max-parts", default=1000, most=1000)
    marker = call.number("part-number-marker", default=0, most=PARTS_MAX)
    upload_id = call.query["uploadId"]
    rows = _rows(call, f"{upload_id}/{marker:05d}" if marker else "", limit + 1) if limit else []
    owner = listings.owner_element(call.bucket.owner_id)
    last = _number(rows[min(limit, len(rows)) - 1]) if rows else 0
    head: list[listings.Element] = [
        ("Bucket", call.bucket.name), ("Key", call.key), ("UploadId", upload_id),
        ("Initiator", owner[1]), owner, ("StorageClass", "STANDARD"),
        ("PartNumberMarker", marker), ("NextPartNumberMarker", last), ("MaxParts", limit),
        ("IsTruncated", len(rows) > limit),
    ]  # fmt: skip
    if algorithm := found.metadata.get(_ALGORITHM):
        head += [("ChecksumAlgorithm", algorithm), ("ChecksumType", found.metadata[_TYPE])]
    parts = [("Part", _part_element(call, row)) for row in rows[:limit]]
    return _reply("ListPartsResult", [*head, *parts])


def list_uploads(call: Call) -> Reply:
    """ListMultipartUploads."""
    limit = call.number("max-uploads", default=1000, most=1000)
    text = listings.encoder(call)
    key_marker, id_marker = call.query.get("key-marker", ""), call.query.get("upload-id-marker", "")
    after = f"{key_marker}\0{id_marker or 'g'}" if key_marker else ""  # ids are hexadecimal
    where = _marker(call, "")
    query = Query(
        prefix=call.query.get("prefix", ""), delimiter=call.query.get("delimiter", ""),
        marker=key_marker if _is_subdir(call, key_marker) else after, limit=limit + 1,
    )  # fmt: skip
    try:
        rows = call.store.list_container(where.account, where.container, query=query)
    except stored.ContainerNotFound:
        rows = []
    shown, is_truncated = rows[:limit], len(rows) > limit > 0
    owner = listings.owner_element(call.bucket.owner_id)
    tree: list[listings.Element] = [
        ("Bucket", call.bucket.name), ("KeyMarker", text(key_marker)),
        ("UploadIdMarker", id_marker), ("Prefix", text(query.prefix)),
        ("Delimiter", text(query.delimiter)), ("MaxUploads", limit), ("IsTruncated", is_truncated),
    ]  # fmt: skip
    if kind := call.query.get("encoding-type", ""):
        tree.append(("EncodingType", kind))
    if is_truncated:
        key, _, upload_id = shown[-1].name.partition("\0")
        tree += [("NextKeyMarker", text(key)), ("NextUploadIdMarker", upload_id)]
    for row in shown:
        key, _, upload_id = row.name.partition("\0")
        if isinstance(row, Subdir):
            tree.append(("CommonPrefixes", [("Prefix", text(row.name))]))
            continue
        facts = [
            ("Key", text(key)), ("UploadId", upload_id), ("Initiator", owner[1]), owner,
            ("StorageClass", "STANDARD"), ("Initiated", times.iso(row.timestamp)),
        ]  # fmt: skip
        tree.append(("Upload", facts))
    return _reply("ListMultipartUploadsResult", tree)


def _is_subdir(call: Call, marker: str) -> bool:
    delimiter = call.query.get("delimiter", "")
    return bool(delimiter) and marker.endswith(delimiter)


def _copy_part(call: Call, number: int, whole: ObjectRecord) -> Reply:
    call.body.whole(0)
    found = copying.source(call)
    with found.download, call.store.put_object(_part(call, number)) as upload:
        start, stop = _copy_range(call, found.content.size_bytes)
        if stop - start > writing.SIZE_MAX:
            raise Refused("EntityTooLarge")
        metadata = encryption.begin_part(call, upload, whole)
        found.write_to(upload, start=start, stop=stop)
        record = _commit(call, upload, Attributes(metadata=metadata))
    tree = [("LastModified", times.iso(record.timestamp)), ("ETag", f'"{record.etag}"')]
    said = encryption.told(call, record)
    if found.bucket.versioning:
        said["x-amz-copy-source-version-id"] = found.version.id
    return replace(_reply("CopyPartResult", tree), headers=said)


def _copy_range(call: Call, size_bytes: int) -> tuple[int, int]:
    text = call.headers.get("x-amz-copy-source-range")
    if text is None:
        return 0, size_bytes
    first, dash, last = text.removeprefix("bytes=").partition("-")
    if not (text.startswith("bytes=") and dash and first.isdecimal() and last.isdecimal()):
        raise Refused(
            "InvalidArgument",
            "The x-amz-copy-source-range value must be of the form bytes=first-last",
        )
    start, stop = int(first), int(last) + 1
    if not start < stop <= size_bytes:
        raise Refused("InvalidRange", facts={"RangeRequested": text})
    return start, stop


def _asked_parts(call: Call) -> list[tuple[int, str, dict[str, str]]]:
    """Number, etag and checksums of each part that the client lists, in rising order."""
    root = call.document("CompleteMultipartUpload", limit_bytes=_COMPLETE_BYTES_MAX)
    found, last = [], 0
    for part in root.all("Part"):
        text, etag = part.value("PartNumber"), part.value("ETag").strip('"')
        if not (text.isascii() and text.isdigit() and etag and len(text) < 6):
            raise Refused("MalformedXML")
        number = int(text)
        if number <= last:
            raise Refused("InvalidPartOrder")
        last = number
        sums = {
            name: part.value(f"Checksum{name}")
            for name in checksums.ALGORITHMS
            if part.find(f"Checksum{name}") is not None
        }
        found.append((number, etag, sums))
    if not found or len(found) > PARTS_MAX:
        raise Refused("MalformedXML")
    return found


def _complete(
    call: Call, started: ObjectRecord, asked: list[tuple[int, str, dict[str, str]]]
) -> versions.Version:
    """Write the list of parts as the object."""
    rows = {_number(row): row for row in _rows(call, "", PARTS_MAX)}
    chosen = []
    for number, etag, _ in asked:
        row = rows.pop(number, None)
        if row is None or row.etag != etag:
            facts = {"UploadId": call.query["uploadId"], "PartNumber": str(number), "ETag": etag}
            raise Refused("InvalidPart", facts=facts)
        chosen.append(row)
    for row in chosen[:-1]:
        if row.size_bytes < PART_BYTES_MIN:
            facts = {
                "ProposedSize": str(row.size_bytes), "MinSizeAllowed": str(PART_BYTES_MIN),
                "PartNumber": str(_number(row)), "ETag": row.etag,
            }  # fmt: skip
            raise Refused("EntityTooSmall", facts=facts)
    size_bytes = sum(row.size_bytes for row in chosen)
    if size_bytes > OBJECT_BYTES_MAX:
        raise Refused("EntityTooLarge")
    digests = b"".join(bytes.fromhex(row.etag) for row in chosen)
    etag = f"{md5(digests, usedforsecurity=False).hexdigest()}-{len(chosen)}"
    own = {
        contents.SLO: "True",
        contents.SLO_SIZE: str(size_bytes),
        contents.SLO_ETAG: contents.combined_etag(row.etag for row in chosen),
        sysmeta.ETAG: etag,
        sysmeta.UPLOAD: call.query["uploadId"],
        **_checksum(call, started, chosen, asked),
    }
    kept = {k: v for k, v in started.metadata.items() if k not in (_ALGORITHM, _TYPE)}
    said = Attributes(content_type=started.content_type, metadata=kept | own)
    manifest = [_manifest_row(call, row) for row in chosen]
    with call.store.put_object(call.name) as upload:
        upload.write(json.dumps(manifest).encode())
        return versions.put(
            call.store, call.bucket, call.key, upload=upload,
            said=attributes.large(said, size_bytes=size_bytes, etag=etag),
            condition=writing.condition(call),
        )  # fmt: skip


def _checksum(
    call: Call,
    started: ObjectRecord,
    chosen: list[Listed],
    asked: list[tuple[int, str, dict[str, str]]],
) -> dict[str, str]:
    """The whole's checksum from its parts', checked against what the client says."""
    algorithm = started.metadata.get(_ALGORITHM, "")
    if not algorithm:
        return {}
    kind, values = started.metadata[_TYPE], []
    for row, (number, _, sums) in zip(chosen, asked, strict=True):
        record = call.store.head_object(_segment(call, row.name))
        found = attributes.checksum(record)
        if found is None or found[0] != algorithm:
            if kind == "COMPOSITE":
                raise Refused("InvalidRequest", f"Part {number} has no checksum {algorithm}.")
            return {}
        if sums.get(algorithm, found[1]) != found[1]:
            raise Refused("InvalidPart")
        values.append((found[1], row.size_bytes))
    if kind == "COMPOSITE":
        value = checksums.composite(algorithm, (text for text, _ in values))
    else:
        value = checksums.joined(algorithm, values)
    wanted = call.headers.get(checksums.HEADER + algorithm.lower(), value)
    if wanted.partition("-")[0] != value.partition("-")[0]:
        raise Refused("BadDigest")
    return {sysmeta.CHECKSUM: f"{algorithm}:{value}:{kind}"}


def _manifest_row(call: Call, row: Listed) -> dict[str, Any]:
    return {
        "name": f"/{call.bucket.name}{SEGMENTS}/{row.name}",
        "bytes": row.size_bytes,
        "hash": row.etag,
        "content_type": row.content_type,
        "last_modified": headers.iso_date(row.timestamp),
    }


def _completed(call: Call, version: versions.Version) -> Reply:
    tree = [
        ("Location", f"{call.request.origin}/{call.bucket.name}/{call.key}"),
        ("Bucket", call.bucket.name), ("Key", call.key), ("ETag", f'"{version.etag}"'),
    ]  # fmt: skip
    checksum = attributes.checksum(version.record)
    if checksum is not None:
        tree += [(f"Checksum{checksum[0]}", checksum[1]), ("ChecksumType", checksum[2])]
    said = encryption.told(call, version.record)
    if call.bucket.versioning:
        said["x-amz-version-id"] = version.id
    return replace(_reply("CompleteMultipartUploadResult", tree), headers=said)


def _made(call: Call) -> versions.Version | None:
    """What the upload was completed to before: its client did not get the answer, or is asking
    again after a kill.
    """
    current = versions.find(call.store, call.bucket, call.key)
    upload_id = call.query["uploadId"]
    is_it = current is not None and current.record.metadata.get(sysmeta.UPLOAD) == upload_id
    return current if is_it else None


def _part_number(call: Call) -> int:
    text = call.query.get("partNumber", "")
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= PARTS_MAX):
        raise Refused(
            "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive",
            facts={"ArgumentName": "partNumber", "ArgumentValue": text},
        )  # fmt: skip
    return int(text)


def _upload(call: Call) -> ObjectRecord:
    """What the upload shall be. Raises Refused: NoSuchUpload."""
    if (found := _find_upload(call)) is None:
        raise _no_such_upload(call.query["uploadId"])
    return found


def _find_upload(call: Call) -> ObjectRecord | None:
    if not _ID.fullmatch(call.query["uploadId"]):
        return None
    try:
        return call.store.head_object(_marker(call, call.query["uploadId"]))
    except stored.NotFound:
        return None


def _no_such_upload(upload_id: str) -> Refused:
    return Refused("NoSuchUpload", facts={"UploadId": upload_id})


def _lock(call: Call) -> AbstractContextManager[bool]:
    """What keeps a part from being written while its upload ends: it may be in use by then.

    Whoever holds it may take an object's lock (`stripes.lock`), never the other way round.
    """
    upload_id = call.query["uploadId"]
    if not _ID.fullmatch(upload_id):
        raise _no_such_upload(upload_id)
    return _stripe(upload_id)


def _stripe(upload_id: str) -> AbstractContextManager[bool]:
    return _stripes[int(upload_id[:2], 16)]


def _commit(call: Call, upload: Upload, said: Attributes) -> ObjectRecord:
    with _lock(call):
        _upload(call)
        return upload.commit(said)


def _marker(call: Call, upload_id: str) -> ObjectName:
    where = uploads_of(call.bucket.account, call.bucket.name)
    return replace(where, name=f"{call.key}\0{upload_id}")


def _part(call: Call, number: int) -> ObjectName:
    return _segment(call, f"{call.query['uploadId']}/{number:05d}")


def _segment(call: Call, name: str) -> ObjectName:
    return ObjectName(call.bucket.account, f"{call.bucket.name}{SEGMENTS}", name)


def _number(row: Listed) -> int:
    return int(row.name.rpartition("/")[2])


def _rows(call: Call, marker: str, limit: int) -> list[Listed]:
    query = Query(prefix=f"{call.query['uploadId']}/", marker=marker, limit=limit)
    where = _segment(call, "")
    rows = call.store.list_container(where.account, where.container, query=query)
    return [row for row in rows if isinstance(row, Listed)]


def _part_element(call: Call, row: Listed) -> documents.Tree:
    tree: list[listings.Element] = [
        ("PartNumber", _number(row)), ("LastModified", times.iso(row.timestamp)),
        ("ETag", f'"{row.etag}"'), ("Size", row.size_bytes),
    ]  # fmt: skip
    checksum = attributes.checksum(call.store.head_object(_segment(call, row.name)))
    if checksum is not None:
        tree.append((f"Checksum{checksum[0]}", checksum[1]))
    return tree


def _reply(tag: str, tree: documents.Tree) -> Reply:
    return Reply(body=documents.write(tag, tree), content_type=documents.CONTENT_TYPE)
