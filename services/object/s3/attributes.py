"""What S3's headers say of an object, as it is stored; and what is stored, as S3's headers.

`x-amz-meta-*` is Swift's `X-Object-Meta-*`: values are stored as the bytes that came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from services.object import contents, headers, sysmeta
from services.object.s3 import acls, checksums, documents, encryption, locks, tags
from services.object.s3.call import Call
from services.object.s3.refusals import Refused
from services.object.versions import Version
from storage.objects.object_file import ObjectRecord
from storage.objects.transfer import Attributes

META: Final = "x-amz-meta-"
META_BYTES_MAX: Final = 2048  # of names and values together
KEPT: Final = (
    "Cache-Control",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Expires",
)
TYPE_DEFAULT: Final = "binary/octet-stream"
_CODING: Final = "aws-chunked"
# response-content-type=… of the query → the header it takes the place of
OVERRIDES: Final = {
    "response-content-type": "Content-Type",
    "response-content-language": "Content-Language",
    "response-expires": "Expires",
    "response-cache-control": "Cache-Control",
    "response-content-disposition": "Content-Disposition",
    "response-content-encoding": "Content-Encoding",
}


def of_request(call: Call) -> Attributes:
    """What a PUT, or the start of an upload, says of the object. Raises Refused."""
    given = {name.lower(): value for name, value in call.request.headers.items()}
    metadata = _plain(given) | user_metadata(given)
    if text := call.headers.get("x-amz-tagging"):
        metadata[sysmeta.TAGS] = tags.from_header(text)
    if (grants := acls.from_headers(call)) is not None:
        acls.refuse_public(call, grants)
        metadata[sysmeta.ACL] = grants.dump()
    if location := given.get("x-amz-website-redirect-location"):
        if not location.startswith(("/", "http://", "https://")):
            raise Refused("InvalidArgument", "A redirect location is a path here or a URL.")
        metadata[sysmeta.REDIRECT] = location
    check_served(call.headers)
    metadata |= locks.from_headers(call)
    return Attributes(content_type=given.get("content-type") or TYPE_DEFAULT, metadata=metadata)


def tags_of_form(text: str) -> str:
    """The tags of a form's document, as the header has them. Raises Refused."""
    try:
        return tags.from_document(documents.read(text.encode()))
    except documents.Unreadable as error:
        raise Refused("MalformedXML") from error


def check_served(given: Mapping[str, str]) -> None:
    """Refuse what an object may ask for and we do not do: never a silent success."""
    encryption.check_asked(given)
    if given.get("x-amz-storage-class", "STANDARD") != "STANDARD":
        raise Refused("InvalidStorageClass")


def user_metadata(given: Mapping[str, str]) -> dict[str, str]:
    """The user's own metadata, under Swift's names. Raises Refused: MetadataTooLarge."""
    own = {name.removeprefix(META): v for name, v in given.items() if name.startswith(META)}
    size_bytes = sum(len(name) + len(value) for name, value in own.items())
    if size_bytes > META_BYTES_MAX:
        facts = {"Size": str(size_bytes), "MaxSizeAllowed": str(META_BYTES_MAX)}
        raise Refused("MetadataTooLarge", facts=facts)
    return {headers.OBJECT_META + name.title(): value for name, value in own.items()}


def of_version(call: Call, version: Version, *, size_bytes: int) -> dict[str, str]:
    """The headers that describe a version."""
    record = version.record
    described = {
        "Content-Type": content_type(record),
        "Content-Length": str(size_bytes),
        "ETag": f'"{version.etag}"',
        "Last-Modified": headers.http_date(version.modified),
        "Accept-Ranges": "bytes",
        **{name: record.metadata[name] for name in KEPT if name in record.metadata},
        **_user(record),
        **locks.headers_of(record),
        **encryption.told(call, record),
    }
    if call.bucket.versioning:
        described["x-amz-version-id"] = version.id
    if sysmeta.REDIRECT in record.metadata:
        described["x-amz-website-redirect-location"] = record.metadata[sysmeta.REDIRECT]
    if sysmeta.TAGS in record.metadata:
        described["x-amz-tagging-count"] = str(tags.count(record.metadata[sysmeta.TAGS]))
    return described


def content_type(record: ObjectRecord) -> str:
    """An object's content type without what rows keep behind it."""
    return headers.plain_type(record.content_type)


def checksum(record: ObjectRecord) -> tuple[str, str, str] | None:
    """The algorithm, value and type (FULL_OBJECT, COMPOSITE) of an object's checksum."""
    text = record.metadata.get(sysmeta.CHECKSUM, "")
    if not text:
        return None
    algorithm, value, kind = text.split(":")
    return algorithm, value, kind


def checksum_headers(record: ObjectRecord) -> dict[str, str]:
    """An object's checksum as headers."""
    if (found := checksum(record)) is None:
        return {}
    algorithm, value, kind = found
    return {checksums.HEADER + algorithm.lower(): value, "x-amz-checksum-type": kind}


def overridden(call: Call, described: dict[str, str]) -> dict[str, str]:
    """The headers with those in whose place the query names others: only for who signed."""
    asked = {header: call.query[name] for name, header in OVERRIDES.items() if name in call.query}
    if asked and call.caller.is_anonymous:
        raise Refused("InvalidRequest", "Request specific response headers cannot be used.")
    if any(ord(c) < 32 or ord(c) > 255 for value in asked.values() for c in value):
        raise Refused("InvalidArgument", "A header cannot hold that.")
    return described | asked


def large(said: Attributes, *, size_bytes: int, etag: str) -> Attributes:
    """What is said of a large object, with the size and etag that its row shows in listings."""
    marks = {headers.SIZE_MARK: size_bytes, headers.S3_MARK: etag}
    return replace(said, content_type=headers.marked(said.content_type, **marks))


def row_facts(content_type: str, *, size_bytes: int, etag: str) -> tuple[int, str]:
    """The size and etag that a listing shows of a row with that content type."""
    marks = headers.marks(content_type)
    if headers.SIZE_MARK not in marks:
        return size_bytes, etag
    own = marks.get(headers.S3_MARK) or f"{marks.get(headers.ETAG_MARK, etag)}-N"
    return int(marks[headers.SIZE_MARK]), own


def is_large(record: ObjectRecord) -> bool:
    """Whether other objects' bytes make this one."""
    return contents.SLO in record.metadata or contents.DLO in record.metadata


def _plain(given: Mapping[str, str]) -> dict[str, str]:
    kept = {name: given[name.lower()] for name in KEPT if given.get(name.lower())}
    codings = [part.strip() for part in kept.pop("Content-Encoding", "").split(",")]
    coding = ",".join(part for part in codings if part and part != _CODING)
    return kept | ({"Content-Encoding": coding} if coding else {})


def _user(record: ObjectRecord) -> dict[str, str]:
    prefix = headers.OBJECT_META
    return {
        META + name.removeprefix(prefix).lower(): value
        for name, value in record.metadata.items()
        if name.startswith(prefix)
    }
