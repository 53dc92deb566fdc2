"""CopyObject: bytes that are in the store already under another key, in the kernel if they can be.

A copy of a large object has its bytes as its own. It refuses to know parts of uploads.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import parse_qs, unquote

from services.http.endpoint import Reply
from services.object import conditions, contents, sysmeta, versions
from services.object import encryption as encrypted
from services.object.bucket import Bucket
from services.object.contents import Chunks, Content
from services.object.s3 import (
    access,
    attributes,
    documents,
    encryption,
    lookup,
    times,
    writing,
)
from services.object.s3.call import Call, find_bucket
from services.object.s3.refusals import Refused
from services.object.versions import Version
from storage.objects.transfer import Attributes, Download, Upload

_PREFIX: Final = "x-amz-copy-source-"
_READ: Final = access.Need(action="s3:GetObject", right="READ", is_on_object=True)
_READ_VERSION: Final = access.Need(action="s3:GetObjectVersion", right="READ", is_on_object=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is copied, open; close it."""

    bucket: Bucket
    key: str
    version: Version
    store: contents.Source
    download: Download
    content: Content

    def write_to(self, upload: Upload, *, start: int, stop: int) -> None:
        """Write the bytes from `start` up to `stop`."""
        is_whole = (start, stop) == (0, self.content.size_bytes)
        if is_whole and not self.content.is_large:
            upload.copy_from(self.download)
            return
        segments = contents.cut(self.content.segments, start, stop)
        opened = None if self.content.is_large else self.download
        with contextlib.closing(Chunks(self.store, segments, opened=opened)) as chunks:
            for data in chunks:
                upload.write(data)


def source(call: Call) -> Source:
    """Open what `x-amz-copy-source` names, if the caller may read it and its conditions hold."""
    text, _, query = call.headers["x-amz-copy-source"].partition("?")
    bucket_name, slash, key = unquote(text).lstrip("/").partition("/")
    version_id = parse_qs(query).get("versionId", [""])[0]
    if not (slash and bucket_name and key) or "\0" in key or "\0" in bucket_name:
        raise Refused("InvalidArgument", "Copy Source must mention the source bucket and key.")
    bucket = find_bucket(call.store, call.caller, bucket_name)
    if bucket is None:
        raise Refused("NoSuchBucket", facts={"BucketName": bucket_name})
    query_of_source = {"versionId": version_id} if version_id else {}
    there = replace(call, found=bucket, key=key, query=query_of_source, bucket_name=bucket_name)
    access.check(there, _READ_VERSION if version_id else _READ)
    version = lookup.version(call.store, bucket, key, version_id)
    _check_conditions(call.headers, version)
    store = encrypted.source(call.store, encryption.check_source(call, version.record))
    download = store.get_object(version.name)
    try:
        content = contents.describe(store, bucket.object(key), download)
    except BaseException:
        download.close()
        raise
    return Source(
        bucket=bucket, key=key, version=version, store=store, download=download,
        content=content,
    )  # fmt: skip


def copy(call: Call) -> Reply:
    """CopyObject."""
    call.body.whole(0)
    directive = call.headers.get("x-amz-metadata-directive", "COPY")
    tagging = call.headers.get("x-amz-tagging-directive", "COPY")
    if directive not in ("COPY", "REPLACE") or tagging not in ("COPY", "REPLACE"):
        raise Refused("InvalidArgument", "Unknown metadata or tagging directive.")
    found = source(call)
    with found.download, call.store.put_object(call.name) as upload:
        if found.content.size_bytes > writing.SIZE_MAX:
            raise Refused("InvalidRequest", "The copy source is larger than 5368709120 bytes.")
        is_itself = found.version.name == call.name
        if is_itself and directive == "COPY" and not _changes(call):
            raise Refused(
                "InvalidRequest",
                "This copy request is illegal because it is trying to copy an object to itself "
                "without changing the object's metadata, storage class, website redirect location "
                "or encryption attributes.",
            )
        said = _attributes(call, found, directive=directive, tagging=tagging)
        said = replace(said, metadata={**said.metadata, **encryption.begin(call, upload)})
        found.write_to(upload, start=0, stop=found.content.size_bytes)
        version = versions.put(
            call.store, call.bucket, call.key, upload=upload, said=said,
            condition=writing.condition(call),
        )  # fmt: skip
    return _answer(call, found, version)


def _attributes(call: Call, found: Source, *, directive: str, tagging: str) -> Attributes:
    asked = attributes.of_request(call)
    old = found.version.record
    own = sysmeta.of_object(asked.metadata)
    if tagging == "REPLACE" or sysmeta.TAGS not in old.metadata:
        own.setdefault(sysmeta.TAGS, "")
    else:
        own[sysmeta.TAGS] = old.metadata[sysmeta.TAGS]
    if found.version.etag == old.etag and sysmeta.CHECKSUM in old.metadata:
        own[sysmeta.CHECKSUM] = old.metadata[sysmeta.CHECKSUM]
    own = {name: value for name, value in own.items() if value}
    if directive == "REPLACE":
        kept = {
            k: v for k, v in asked.metadata.items() if k not in sysmeta.of_object(asked.metadata)
        }
        return replace(asked, metadata=kept | own)
    plain = contents.without(old.metadata)
    system = sysmeta.of_object(plain)
    metadata = {k: v for k, v in plain.items() if k not in system} | own
    return Attributes(content_type=attributes.content_type(old), metadata=metadata)


def _changes(call: Call) -> bool:
    return "x-amz-website-redirect-location" in call.headers or encryption.is_asked(call)


def _answer(call: Call, found: Source, version: Version) -> Reply:
    tree = [("LastModified", times.iso(version.modified)), ("ETag", f'"{version.etag}"')]
    checksum = attributes.checksum(version.record)
    if checksum is not None:
        tree += [(f"Checksum{checksum[0]}", checksum[1]), ("ChecksumType", checksum[2])]
    said = encryption.told(call, version.record)
    if found.bucket.versioning:
        said["x-amz-copy-source-version-id"] = found.version.id
    if call.bucket.versioning:
        said["x-amz-version-id"] = version.id
    return Reply(
        body=documents.write("CopyObjectResult", tree), headers=said,
        content_type=documents.CONTENT_TYPE,
    )  # fmt: skip


def _check_conditions(headers: Mapping[str, str], version: Version) -> None:
    own = {
        name.removeprefix(_PREFIX): value
        for name, value in headers.items()
        if name.startswith(_PREFIX)
    }
    if conditions.status(own, etag=version.etag, ticks=version.modified) != 200:
        raise Refused("PreconditionFailed")
