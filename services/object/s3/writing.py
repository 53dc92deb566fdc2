"""What every write of bytes has: a length, a body that is what it says, conditions, an answer."""

from __future__ import annotations

import functools
from typing import Final

from appliance import trace
from services.object import versions
from services.object.s3 import attributes, bodies, encryption, lifecycle
from services.object.s3.call import Call
from services.object.s3.refusals import Refused
from services.object.versions import Version
from storage.objects.transfer import Upload

SIZE_MAX: Final = 5 * 1024**3  # of one PUT


def check_length(call: Call) -> None:
    """Refuse a body of unknown length, or one over 5 GiB: before a byte of it is read."""
    if call.body.length_bytes is None:
        raise Refused("MissingContentLength")
    if call.body.length_bytes > SIZE_MAX:
        facts = {
            "ProposedSize": str(call.body.length_bytes), "MaxSizeAllowed": str(SIZE_MAX),
        }  # fmt: skip
        raise Refused("EntityTooLarge", facts=facts)


def receive(call: Call, upload: Upload) -> None:
    """Write the whole body; what it was announced to be, it is by then."""
    with trace.hop("stream", "write", target="disk", object=str(upload.name)) as span:
        while data := call.body.read(bodies.CHUNK_BYTES):
            upload.write(data)
        call.body.verify()
        span.bytes = upload.size_bytes


def condition(call: Call) -> versions.Condition | None:
    """What `check` says of what a write is to replace; None if the write has no condition."""
    if "if-match" in call.headers or "if-none-match" in call.headers:
        return functools.partial(check, call)
    return None


def check(call: Call, old: Version | None) -> None:
    """Refuse a write whose If-Match or If-None-Match does not hold."""
    wanted, unwanted = call.headers.get("if-match"), call.headers.get("if-none-match")
    if unwanted is not None and unwanted.strip() != "*":
        raise Refused("NotImplemented", "If-None-Match of a write must be *.")
    if unwanted is not None and old is not None:
        raise Refused("PreconditionFailed", facts={"Condition": "If-None-Match"})
    if wanted is not None and old is None:
        raise Refused("NoSuchKey", facts={"Key": call.key})
    if wanted is not None and old is not None and not is_match(wanted, old.etag):
        raise Refused("PreconditionFailed", facts={"Condition": "If-Match"})


def stored(call: Call, version: Version) -> dict[str, str]:
    """What the answer to a write says of what was written."""
    said = {"ETag": f'"{version.etag}"', **attributes.checksum_headers(version.record)}
    said |= encryption.told(call, version.record)
    if call.bucket.versioning:
        said["x-amz-version-id"] = version.id
    return said | lifecycle.expiration(call.bucket, call.key, version)


def is_match(text: str, etag: str) -> bool:
    """Whether a list of entity tags, or `*`, has this one."""
    return "*" in text or etag in {part.strip().strip('"') for part in text.split(",")}
