"""Object versioning as Swift's clients ask for it (common/middleware/versioned_writes).

`X-Versions-Enabled` on a container is S3's versioning of the bucket, and a `version-id` S3's: what
is kept, and where, is `services/object/versions.py`'s. It refuses to know who may do what.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Final

import msgspec

from services.http.endpoint import Reply, Request
from services.object import bucket as buckets
from services.object import headers, sysmeta, versions, walks
from services.object.bucket import ENABLED, NULL, SUSPENDED, Bucket
from services.object.refusals import Refused
from services.object.swift import history, listings
from services.object.swift.reading import VERSION_ID
from services.object.walks import Entry
from storage.objects.object_file import ObjectRecord
from storage.objects.store import ObjectStore

FLAG: Final = "X-Versions-Enabled"


class _Row(msgspec.Struct):
    name: str
    version_id: str
    is_latest: bool
    bytes: int
    hash: str
    content_type: str
    last_modified: str


class _Subdir(msgspec.Struct):
    subdir: str


def checked(
    changes: Mapping[str, str | None], said: Mapping[str, str], old: Mapping[str, str]
) -> dict[str, str | None]:
    """Return what turns versioning on or off. Refuses it beside versions in another container: 400.

    Refuses to turn it off where objects are locked: 409.
    """
    flag = said.get(FLAG.lower())
    after = {**old, **changes}
    has_archive = any(after.get(name) for name in sysmeta.ARCHIVES)
    if has_archive and (old.get(sysmeta.VERSIONING) or flag is not None):
        raise Refused(
            400, f"{FLAG} excludes {history.STACK} and {history.HISTORY}: choose one of them"
        )
    if flag is None:
        return {}
    if flag.lower() in headers.TRUE:
        return {sysmeta.VERSIONING: ENABLED}
    if sysmeta.OBJECT_LOCK in old:
        raise Refused(409, "The container has S3 object lock, which needs its versions")
    return {sysmeta.VERSIONING: SUSPENDED}


def described(store: ObjectStore, bucket: Bucket, *, used_bytes: int) -> dict[str, str]:
    """Return what a container's headers say of versions; their bytes count as used too."""
    if not bucket.versioning:
        return {}
    used = used_bytes + versions.shelved_bytes(store, bucket)
    return {FLAG: str(bucket.versioning == ENABLED), "X-Container-Bytes-Used": str(used)}


def told(record: ObjectRecord, version_id: str = "") -> dict[str, str]:
    """Return the header that names an object's version, if it has one or one was asked for."""
    found = record.metadata.get(sysmeta.VERSION, NULL if version_id else "")
    return {VERSION_ID: found} if found else {}


def version_id(request: Request) -> str:
    """Return the version that a request names, or ""."""
    return request.query.get("version-id", "")


def reply(store: ObjectStore, request: Request, *, described: Mapping[str, str]) -> Reply:
    """Answer `?versions`: a page of all versions, in JSON only (406), forwards only (400)."""
    asked, version_marker = listings.query(request), request.query.get("version_marker", "")
    if listings.form(request, default="json") != "json":
        raise Refused(406, "A listing of versions is JSON")
    if version_marker and not asked.marker:
        raise Refused(400, "version_marker param requires marker")
    if asked.is_reverse or asked.end_marker:
        raise Refused(400, "A listing of versions has no reverse and no end_marker")
    bucket = buckets.find(store, request.path["account"], request.path["container"])
    found = walks.entries(store, bucket, asked, version_marker=version_marker)
    rows = [_row(entry) for entry in itertools.islice(found, asked.limit)]
    return Reply(
        body=msgspec.json.encode(rows), headers=described, content_type=listings.TYPES["json"]
    )


def delete_container(store: ObjectStore, account: str, container: str) -> None:
    """Remove an empty container. Refuses one of whose objects a version is left: 409."""
    bucket = buckets.find(store, account, container)
    if not versions.is_empty(store, bucket):
        raise Refused(409, "Delete all versions before deleting container.")
    store.delete_container(account, container, to=store.bin.trash(account, container))
    versions.remove_shelf(store, bucket)


def _row(entry: Entry) -> _Row | _Subdir:
    version = entry.version
    if version is None:
        return _Subdir(entry.key)
    content_type = headers.plain_type(version.record.content_type)
    return _Row(
        name=entry.key,
        version_id=version.id,
        is_latest=entry.is_latest,
        bytes=version.size_bytes,
        hash=version.record.etag,
        content_type=history.DELETED_TYPE if version.is_marker else content_type,
        last_modified=headers.iso_date(version.modified),
    )
