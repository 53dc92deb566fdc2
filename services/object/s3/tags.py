"""Tags of objects and buckets: kept as a query string, `a=1&b=2`, as the header has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, urlencode

from services.http.endpoint import Reply
from services.object import stripes, sysmeta, versions
from services.object.s3 import documents, lookup
from services.object.s3.call import Call
from services.object.s3.refusals import Refused

COUNT_MAX: Final = 10  # of an object
BUCKET_COUNT_MAX: Final = 50
KEY_CHARS_MAX: Final = 128
VALUE_CHARS_MAX: Final = 256

Pairs = Sequence[tuple[str, str]]


def from_header(text: str) -> str:
    """The tags of `x-amz-tagging`, checked. Raises Refused: InvalidTag."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=COUNT_MAX + 1)
    except ValueError as error:
        raise Refused("InvalidTag") from error
    return _checked(pairs, COUNT_MAX)


def from_document(root: documents.Node, *, count_max: int = COUNT_MAX) -> str:
    """The tags of a Tagging document, checked. Raises Refused: InvalidTag, MalformedXML."""
    found = root.find("TagSet")
    if found is None:
        raise Refused("MalformedXML")
    return _checked([(tag.value("Key"), tag.value("Value")) for tag in found.all("Tag")], count_max)


def pairs(kept: str) -> Pairs:
    """What is kept, as pairs."""
    return parse_qsl(kept, keep_blank_values=True)


def count(kept: str) -> int:
    """How many there are."""
    return len(pairs(kept))


def document(kept: str) -> bytes:
    """What is kept, as a Tagging document."""
    tree = [("Tag", [("Key", key), ("Value", value)]) for key, value in pairs(kept)]
    return documents.write("Tagging", [("TagSet", tree)])


def get(call: Call) -> Reply:
    """GetObjectTagging."""
    version = _version(call)
    body = document(version.record.metadata.get(sysmeta.TAGS, ""))
    return Reply(body=body, headers=_id(call, version), content_type=documents.CONTENT_TYPE)


def put(call: Call) -> Reply:
    """PutObjectTagging."""
    kept = from_document(call.document("Tagging"))
    with stripes.lock(call.name):
        version = _version(call)
        versions.update(call.store, version, {sysmeta.TAGS: kept or None})
    return Reply(headers=_id(call, version))


def delete(call: Call) -> Reply:
    """DeleteObjectTagging."""
    with stripes.lock(call.name):
        version = _version(call)
        versions.update(call.store, version, {sysmeta.TAGS: None})
    return Reply(status=204, headers=_id(call, version))


def _version(call: Call) -> versions.Version:
    return lookup.version(call.store, call.bucket, call.key, call.query.get("versionId", ""))


def _id(call: Call, version: versions.Version) -> dict[str, str]:
    return {"x-amz-version-id": version.id} if call.bucket.versioning else {}


def _checked(given: Pairs, count_max: int) -> str:
    if len(given) > count_max:
        raise Refused("InvalidTag", f"Object tags cannot be greater than {count_max}", status=400)
    if len({key for key, _ in given}) != len(given):
        raise Refused("InvalidTag", "Cannot provide multiple Tags with the same key")
    for key, value in given:
        if not key or len(key) > KEY_CHARS_MAX or key.startswith("aws:"):
            raise Refused("InvalidTag", "The TagKey you have provided is invalid")
        if len(value) > VALUE_CHARS_MAX:
            raise Refused("InvalidTag", "The TagValue you have provided is invalid")
    return urlencode(given)
