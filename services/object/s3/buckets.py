"""S3's verbs on buckets: list, create, head, location, delete."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Final

from services.http.endpoint import Reply
from services.object import sysmeta, versions
from services.object.bucket import ENABLED, SEGMENTS
from services.object.s3 import acls, documents, listings, multipart, times
from services.object.s3.call import Call
from services.object.s3.refusals import Refused
from storage.objects.listing import Query, Subdir

REGION: Final = "us-east-1"  # whose GetBucketLocation is empty
BUCKETS_MAX: Final = 10_000
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


def list_buckets(call: Call) -> Reply:
    """ListBuckets: the containers of the caller's account."""
    limit = call.number("max-buckets", default=BUCKETS_MAX, most=BUCKETS_MAX)
    query = Query(
        prefix=call.query.get("prefix", ""), marker=call.query.get("continuation-token", ""),
        limit=limit + 1,
    )  # fmt: skip
    rows = call.store.list_account(call.caller.account, query)
    tree = [
        ("Bucket", [("Name", row.name), ("CreationDate", times.iso(row.timestamp))])
        for row in rows[:limit]
        if not isinstance(row, Subdir) and not row.name.endswith(SEGMENTS)
    ]
    last = [("ContinuationToken", rows[limit - 1].name)] if len(rows) > limit > 0 else []
    body = documents.write(
        "ListAllMyBucketsResult",
        [listings.owner_element(call.caller.id), ("Buckets", tree), *last],
    )
    return Reply(body=body, content_type=documents.CONTENT_TYPE)


def create(call: Call) -> Reply:
    """CreateBucket: again by its owner is no error, as in us-east-1."""
    name = call.bucket_name
    check_name(name)
    _check_configuration(call)
    acl = acls.from_headers(call)
    if call.found is not None and call.found.account != call.caller.account:
        raise Refused("BucketAlreadyExists", facts={"BucketName": name})
    changes = acls.bucket_metadata(acl) if acl is not None else {}
    if call.headers.get("x-amz-bucket-object-lock-enabled", "").lower() == "true":
        if call.found is not None:
            raise Refused("BucketAlreadyOwnedByYou", facts={"BucketName": name})
        changes |= {sysmeta.VERSIONING: ENABLED, sysmeta.OBJECT_LOCK: json.dumps({})}
    call.store.put_container(call.caller.account, name, metadata=changes)
    return Reply(headers={"Location": f"/{name}"})


def head(call: Call) -> Reply:
    """HeadBucket."""
    return Reply(headers={"x-amz-bucket-region": REGION}, content_type=documents.CONTENT_TYPE)


def location(_: Call) -> Reply:
    """GetBucketLocation: what us-east-1 says."""
    body = documents.write("LocationConstraint", [])
    return Reply(body=body, content_type=documents.CONTENT_TYPE)


def delete(call: Call) -> Reply:
    """DeleteBucket: an empty one, without versions."""
    bucket = call.bucket
    if not versions.is_empty(call.store, bucket):
        raise Refused("BucketNotEmpty", "You must delete all versions in the bucket.")
    to = call.store.bin.trash(bucket.account, bucket.name)
    call.store.delete_container(bucket.account, bucket.name, to=to)
    versions.remove_shelf(call.store, bucket)
    multipart.forget_all(call.store, bucket.account, bucket.name)
    return Reply(status=204)


def check_name(name: str) -> None:
    """Refuse what may not be a bucket's name (S3 API, "Bucket naming rules")."""
    if not _NAME.fullmatch(name) or ".." in name or name.startswith("xn--") or _is_ip(name):
        raise Refused("InvalidBucketName", facts={"BucketName": name})


def _is_ip(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def _check_configuration(call: Call) -> None:
    """The body may name a region: any, there is only one here."""
    raw = call.body.whole(16 << 10)
    if not raw:
        return
    try:
        root = documents.read(raw)
    except documents.Unreadable as error:
        raise Refused("MalformedXML") from error
    if root.tag != "CreateBucketConfiguration":
        raise Refused("MalformedXML")
