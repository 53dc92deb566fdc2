"""Pages of a bucket's objects: ListObjects in both versions, and ListObjectVersions.

Names are ordered by their UTF-8 bytes, as S3 and Swift order them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import quote

from services.http.endpoint import Reply
from services.object import walks
from services.object.s3 import attributes, documents, times
from services.object.s3.call import Call
from services.object.s3.refusals import Refused
from services.object.versions import Version
from storage.objects.container import Listed
from storage.objects.listing import Query, Subdir

KEYS_MAX: Final = 1000

Element = tuple[str, Any]


def list_objects(call: Call) -> Reply:
    """ListObjects: pages by the last key of the one before."""
    marker = call.query.get("marker", "")
    rows, is_truncated = _page(call, marker)
    text = encoder(call)
    head: list[Element] = [
        ("Name", call.bucket.name), ("Prefix", text(call.query.get("prefix", ""))),
        ("Marker", text(marker)), *_asked(call, text), ("IsTruncated", is_truncated),
    ]  # fmt: skip
    if is_truncated and call.query.get("delimiter"):
        head.append(("NextMarker", text(rows[-1].name)))
    owner = owner_element(call.bucket.owner_id)
    return _reply("ListBucketResult", [*head, *_contents(rows, text, owner=owner)])


def list_objects_v2(call: Call) -> Reply:
    """ListObjectsV2: pages by a token."""
    token, start_after = call.query.get("continuation-token"), call.query.get("start-after", "")
    marker = _opened(token) if token is not None else start_after
    rows, is_truncated = _page(call, marker)
    text = encoder(call)
    head: list[Element] = [
        ("Name", call.bucket.name), ("Prefix", text(call.query.get("prefix", ""))),
        *_asked(call, text), ("KeyCount", len(rows)), ("IsTruncated", is_truncated),
    ]  # fmt: skip
    if token is not None:
        head.append(("ContinuationToken", token))
    if is_truncated:
        head.append(("NextContinuationToken", _sealed(rows[-1].name)))
    if start_after:
        head.append(("StartAfter", text(start_after)))
    wants_owner = call.query.get("fetch-owner", "").lower() == "true"
    owner = owner_element(call.bucket.owner_id) if wants_owner else None
    return _reply("ListBucketResult", [*head, *_contents(rows, text, owner=owner)])


def list_versions(call: Call) -> Reply:
    """ListObjectVersions: what is current and what is on the shelf, the newest of a key first."""
    limit = call.number("max-keys", default=KEYS_MAX, most=KEYS_MAX)
    text = encoder(call)
    marker, version_marker = (
        call.query.get("key-marker", ""),
        call.query.get("version-id-marker", ""),
    )
    tree: list[Element] = []
    last: tuple[str, str] = ("", "")
    is_truncated = False
    for key, version_id, element in _versions(call, marker, version_marker, text):
        if len(tree) == limit:
            is_truncated = limit > 0
            break
        tree.append(element)
        last = (key, version_id)
    head: list[Element] = [
        ("Name", call.bucket.name), ("Prefix", text(call.query.get("prefix", ""))),
        ("KeyMarker", text(marker)), ("VersionIdMarker", version_marker),
        *_asked(call, text), ("IsTruncated", is_truncated),
    ]  # fmt: skip
    if is_truncated:
        head.append(("NextKeyMarker", text(last[0])))
        if last[1]:
            head.append(("NextVersionIdMarker", last[1]))
    return _reply("ListVersionsResult", [*head, *tree])


def encoder(call: Call) -> Callable[[str], str]:
    """How a listing writes keys: as they are, or as in URLs when it is asked to."""
    kind = call.query.get("encoding-type", "")
    if kind not in ("", "url"):
        raise Refused("InvalidArgument", "Invalid Encoding Method specified in Request")
    return _quoted if kind else str


def owner_element(owner_id: str) -> Element:
    """Whose it is."""
    return "Owner", [("ID", owner_id), ("DisplayName", owner_id)]


def _quoted(text: str) -> str:
    return quote(text, safe="/")


def _asked(call: Call, text: Callable[[str], str]) -> list[Element]:
    """What of the query every listing repeats."""
    given: list[Element] = [("MaxKeys", call.number("max-keys", default=KEYS_MAX, most=KEYS_MAX))]
    if delimiter := call.query.get("delimiter", ""):
        given.append(("Delimiter", text(delimiter)))
    if kind := call.query.get("encoding-type", ""):
        given.append(("EncodingType", kind))
    return given


def _page(call: Call, marker: str) -> tuple[list[Listed | Subdir], bool]:
    limit = call.number("max-keys", default=KEYS_MAX, most=KEYS_MAX)
    if not limit:
        return [], False
    query = Query(
        prefix=call.query.get("prefix", ""), delimiter=call.query.get("delimiter", ""),
        marker=marker, limit=limit + 1,
    )  # fmt: skip
    rows = call.store.list_container(call.bucket.account, call.bucket.name, query=query)
    return rows[:limit], len(rows) > limit


def _contents(
    rows: list[Listed | Subdir], text: Callable[[str], str], *, owner: Element | None
) -> Iterator[Element]:
    prefixes = []
    for row in rows:
        if isinstance(row, Subdir):
            prefixes.append(row.name)
            continue
        size_bytes, etag = attributes.row_facts(
            row.content_type, size_bytes=row.size_bytes, etag=row.etag
        )
        tree: list[Element] = [
            ("Key", text(row.name)), ("LastModified", times.iso(row.timestamp)),
            ("ETag", f'"{etag}"'), ("Size", size_bytes),
        ]  # fmt: skip
        if owner is not None:
            tree.append(owner)
        yield "Contents", [*tree, ("StorageClass", "STANDARD")]
    for prefix in prefixes:
        yield "CommonPrefixes", [("Prefix", text(prefix))]


def _versions(
    call: Call, marker: str, version_marker: str, text: Callable[[str], str]
) -> Iterator[tuple[str, str, Element]]:
    """Key, version and element of every version, or common prefix, after the markers."""
    asked = Query(
        prefix=call.query.get("prefix", ""), delimiter=call.query.get("delimiter", ""),
        marker=marker,
    )  # fmt: skip
    for entry in walks.entries(call.store, call.bucket, asked, version_marker=version_marker):
        key, version = entry.key, entry.version
        if version is None:
            yield key, "", ("CommonPrefixes", [("Prefix", text(key))])
        else:
            element = _version(call, key, version, newest=entry.is_latest, text=text)
            yield key, version.id, element


def _version(
    call: Call, key: str, version: Version, *, newest: bool, text: Callable[[str], str]
) -> Element:
    tree: list[Element] = [
        ("Key", text(key)), ("VersionId", version.id), ("IsLatest", newest),
        ("LastModified", times.iso(version.modified)),
    ]  # fmt: skip
    owner = owner_element(call.bucket.owner_id)
    if version.is_marker:
        return "DeleteMarker", [*tree, owner]
    facts = [("ETag", f'"{version.etag}"'), ("Size", version.size_bytes)]
    return "Version", [*tree, *facts, owner, ("StorageClass", "STANDARD")]


def _reply(tag: str, tree: list[Element]) -> Reply:
    return Reply(body=documents.write(tag, tree), content_type=documents.CONTENT_TYPE)


def _sealed(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()


def _opened(token: str) -> str:
    try:
        name = base64.urlsafe_b64decode(token.encode()).decode()
    except ValueError as error:
        raise Refused("InvalidArgument", "The continuation token provided is incorrect") from error
    if not name:
        raise Refused("InvalidArgument", "The continuation token provided is incorrect")
    return name
