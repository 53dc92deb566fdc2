"""GetObjectAttributes: what is known of an object, as a document."""

from __future__ import annotations

from typing import Final

from services.http.endpoint import Reply
from services.object import contents, headers, sysmeta, versions
from services.object.s3 import attributes, documents, encryption, listings, lookup
from services.object.s3.call import Call
from services.object.s3.refusals import Refused

_KNOWN: Final = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")


def get(call: Call) -> Reply:
    """GetObjectAttributes: those that x-amz-object-attributes names."""
    asked = call.headers.get("x-amz-object-attributes", "")
    wanted = {name.strip() for name in asked.split(",") if name.strip()}
    if not wanted or not wanted <= set(_KNOWN):
        raise Refused("InvalidArgument", "Invalid attribute name specified.")
    version = lookup.version(call.store, call.bucket, call.key, call.query.get("versionId", ""))
    encryption.check_reading(call, version.record)
    tree: list[listings.Element] = []
    if "ETag" in wanted:
        tree.append(("ETag", version.etag))
    checksum = attributes.checksum(version.record)
    if "Checksum" in wanted and checksum is not None:
        tree.append(
            ("Checksum", [(f"Checksum{checksum[0]}", checksum[1]), ("ChecksumType", checksum[2])])
        )
    if "ObjectParts" in wanted and sysmeta.UPLOAD in version.record.metadata:
        tree.append(("ObjectParts", _parts(call, version)))
    if "StorageClass" in wanted:
        tree.append(("StorageClass", "STANDARD"))
    if "ObjectSize" in wanted:
        tree.append(("ObjectSize", version.size_bytes))
    said = {"Last-Modified": headers.http_date(version.modified)}
    if call.bucket.versioning:
        said["x-amz-version-id"] = version.id
    body = documents.write("GetObjectAttributesResponse", tree)
    return Reply(body=body, headers=said, content_type=documents.CONTENT_TYPE)


def _parts(call: Call, version: versions.Version) -> documents.Tree:
    """The object's parts; one by one only where they have checksums, as S3."""
    with call.store.get_object(version.name) as download:
        segments = contents.describe(call.store, call.name, download).segments
    tree: list[listings.Element] = [("TotalPartsCount", len(segments))]
    if sysmeta.CHECKSUM not in version.record.metadata:
        return tree
    limit = _number(call, "x-amz-max-parts", 1000)
    marker = _number(call, "x-amz-part-number-marker", 0)
    shown = list(enumerate(segments, start=1))[marker : marker + limit]
    last = shown[-1][0] if shown else marker
    tree += [
        ("PartNumberMarker", marker), ("NextPartNumberMarker", last), ("MaxParts", limit),
        ("IsTruncated", last < len(segments)),
    ]  # fmt: skip
    for number, segment in shown:
        part: list[listings.Element] = [("PartNumber", number), ("Size", segment.size_bytes)]
        found = attributes.checksum(call.store.head_object(segment.name))
        if found is not None:
            part.append((f"Checksum{found[0]}", found[1]))
        tree.append(("Part", part))
    return tree


def _number(call: Call, header: str, default: int) -> int:
    text = call.headers.get(header, "")
    return min(int(text), 10_000) if text.isascii() and text.isdigit() else default
