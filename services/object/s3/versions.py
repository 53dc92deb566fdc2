"""The versions of an object: the current one in the bucket's container, older ones on a shelf.

The shelf is a container of the bucket's name in an account that no client can name, with objects
`key NUL order NUL id`, the newest of a key first; a delete marker is an empty object on it. The
current version is an object like any other, so that Swift's face reads it. What is current is
shelved before it is replaced, so a kill in between leaves it twice under one id, and it is shown
once (ADR 0014). It refuses to know who may do what.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from typing import Final

from services.object import contents, headers
from services.object.s3 import garbage, sysmeta
from services.object.s3.call import NULL, Bucket
from services.object.s3.refusals import Refused
from storage.objects import errors as stored
from storage.objects.container import Listed
from storage.objects.listing import Query
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes, Upload

SHELF: Final = "\0versions\0"  # before the account's name
MARKER_TYPE: Final = "application/x-deleted"  # Swift's for the same
ENABLED: Final = "Enabled"
SUSPENDED: Final = "Suspended"
_NANOSECONDS_PER_TICK: Final = 10_000
_LATEST: Final = 2**64 - 1

_stripes: Final = tuple(threading.RLock() for _ in range(256))

Condition = Callable[["Version | None"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of an object; `name` is where its bytes are."""

    id: str
    name: ObjectName
    record: ObjectRecord
    is_current: bool

    @property
    def is_marker(self) -> bool:
        """Whether it says that the object was deleted."""
        return self.record.content_type == MARKER_TYPE

    @property
    def modified(self) -> int:
        """When it was written, in ticks."""
        return int(self.record.metadata.get(sysmeta.MODIFIED) or self.record.timestamp)

    @property
    def etag(self) -> str:
        """Its entity tag, without quotes."""
        metadata = self.record.metadata
        if contents.DLO in metadata:
            return f"{self.record.etag}-N"  # no MD5 of the bytes: clients must not take it for one
        if contents.SLO not in metadata:
            return self.record.etag
        return metadata.get(sysmeta.ETAG) or f"{metadata[contents.SLO_ETAG]}-N"  # as Swift's s3api

    @property
    def size_bytes(self) -> int:
        """How long it is; of a dynamic large object only its own bytes count."""
        return int(self.record.metadata.get(contents.SLO_SIZE, self.record.size_bytes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What a DELETE did: the version it removed, or the marker it made; empty without versions."""

    version_id: str = ""
    is_marker: bool = False


def lock(name: ObjectName) -> AbstractContextManager[bool]:
    """What to hold while looking at an object and then changing it."""
    return _stripes[int(name.hash[:2], 16)]


def get(store: ObjectStore, bucket: Bucket, key: str, version_id: str = "") -> Version:
    """A version, the current one without an id. Raises Refused: NoSuchKey, NoSuchVersion.

    A version that is a delete marker is refused as S3 does, with the headers that say so.
    """
    found = find(store, bucket, key, version_id)
    if found is None and version_id:
        raise Refused("NoSuchVersion", facts={"Key": key, "VersionId": version_id})
    if found is None:
        newest = _newest(store, bucket, key)
        told = _told(newest) if newest is not None and newest.is_marker else {}
        raise Refused("NoSuchKey", facts={"Key": key}, headers=told)
    if found.is_marker:
        raise Refused("MethodNotAllowed", facts={"Method": "GET"}, headers=_told(found))
    return found


def find(store: ObjectStore, bucket: Bucket, key: str, version_id: str = "") -> Version | None:
    """A version, the current one without an id; None when there is none."""
    current = _current(store, bucket, key)
    if not version_id or (current is not None and current.id == version_id):
        return current
    return next((v for v in shelved(store, bucket, key) if v.id == version_id), None)


def shelved(store: ObjectStore, bucket: Bucket, key: str) -> Iterator[Version]:
    """The versions of a key that are on the shelf, the newest first."""
    shelf, marker = _shelf(bucket), ""
    while True:
        query = Query(prefix=f"{key}\0", marker=marker, limit=100)
        try:
            page = store.list_container(shelf.account, shelf.container, query=query)
        except stored.ContainerNotFound:
            return
        for row in page:
            name = ObjectName(shelf.account, shelf.container, row.name)
            with suppress(stored.ObjectNotFound):
                record = store.head_object(name)
                _, _, version_id = split(row.name)
                yield Version(id=version_id, name=name, record=record, is_current=False)
        if len(page) < query.limit:
            return
        marker = page[-1].name


def split(shelved_name: str) -> tuple[str, int, str]:
    """The key, the time of writing in ticks and the id of what is on the shelf under that name."""
    key, order, version_id = shelved_name.split("\0")
    return key, (_LATEST - int(order, 16)) // _NANOSECONDS_PER_TICK, version_id


def page_of_shelf(store: ObjectStore, bucket: Bucket, query: Query) -> list[Listed]:
    """One page of the shelf's rows."""
    shelf = _shelf(bucket)
    try:
        page = store.list_container(shelf.account, shelf.container, query=query)
    except stored.ContainerNotFound:
        return []
    return [row for row in page if isinstance(row, Listed)]


def put(
    store: ObjectStore,
    bucket: Bucket,
    key: str,
    *,
    upload: Upload,
    said: Attributes,
    condition: Condition | None = None,
) -> Version:
    """Make what was uploaded the current version. `condition` sees the one that is, and may raise.

    Nobody else changes the object meanwhile.
    """
    name = bucket.object(key)
    with lock(name):
        old = _current(store, bucket, key)
        if condition is not None:
            condition(old)
        version_id = NULL
        if bucket.versioning == ENABLED:
            version_id = _new_id()
            said = replace(said, metadata={**said.metadata, sysmeta.VERSION: version_id})
        if old is not None and (bucket.versioning == ENABLED or old.id != version_id):
            _shelve(store, bucket, key, old)
            old = None
        record = upload.commit(said)
        if bucket.versioning == SUSPENDED:
            _remove_null(store, bucket, key)
        if old is not None:
            garbage.note(store, bucket, key, record=old.record)
    return Version(id=version_id, name=name, record=record, is_current=True)


def delete(
    store: ObjectStore,
    bucket: Bucket,
    key: str,
    *,
    version_id: str = "",
    condition: Condition | None = None,
) -> Deleted:
    """Delete an object: for good without versioning or with a version's id, else by a marker."""
    with lock(bucket.object(key)):
        if condition is not None:
            condition(find(store, bucket, key, version_id))
        if version_id:
            return _delete_version(store, bucket, key, version_id)
        if bucket.versioning:
            return _mark(store, bucket, key)
        if (current := _current(store, bucket, key)) is not None:
            _remove(store, bucket, key, current)
        return Deleted()


def is_empty(store: ObjectStore, bucket: Bucket) -> bool:
    """Whether nothing is on the bucket's shelf."""
    return not page_of_shelf(store, bucket, Query(limit=1))


def remove_shelf(store: ObjectStore, bucket: Bucket) -> None:
    """Remove an empty shelf."""
    shelf = _shelf(bucket)
    with suppress(stored.ContainerNotFound):
        store.delete_container(shelf.account, shelf.container)


def update(store: ObjectStore, version: Version, changes: dict[str, str | None]) -> Version:
    """Change what is kept beside a version; None removes. Its time of writing stays."""
    metadata = {sysmeta.MODIFIED: str(version.modified), **version.record.metadata, **changes}
    kept = {name: value for name, value in metadata.items() if value is not None}
    record = store.post_object(version.name, metadata=kept, delete_at=version.record.delete_at)
    return replace(version, record=record)


def _current(store: ObjectStore, bucket: Bucket, key: str) -> Version | None:
    name = bucket.object(key)
    try:
        record = store.head_object(name)
    except stored.ObjectNotFound:
        return None
    version_id = record.metadata.get(sysmeta.VERSION, NULL)
    return Version(id=version_id, name=name, record=record, is_current=True)


def _newest(store: ObjectStore, bucket: Bucket, key: str) -> Version | None:
    return next(shelved(store, bucket, key), None) if bucket.versioning else None


def _told(marker: Version) -> dict[str, str]:
    return {
        "x-amz-delete-marker": "true",
        "x-amz-version-id": marker.id,
        "Last-Modified": headers.http_date(marker.modified),
    }


def _shelf(bucket: Bucket) -> ObjectName:
    return ObjectName(f"{SHELF}{bucket.account}", bucket.name, "")


def _on_shelf(bucket: Bucket, key: str, version_id: str, ticks: int) -> ObjectName:
    """Where a version is shelved; an id begins with its order, of others the time gives it."""
    order = version_id[:16] if version_id != NULL else _order(ticks * _NANOSECONDS_PER_TICK)
    return replace(_shelf(bucket), name=f"{key}\0{order}\0{version_id}")


def _order(moment_ns: int) -> str:
    return f"{_LATEST - moment_ns:016x}"


def _new_id() -> str:
    return _order(time.time_ns()) + secrets.token_hex(8)


def _shelve(store: ObjectStore, bucket: Bucket, key: str, version: Version) -> None:
    """Copy the current version to the shelf."""
    target = _on_shelf(bucket, key, version.id, version.modified)
    _copy(store, version, target)


def _copy(store: ObjectStore, version: Version, target: ObjectName) -> None:
    store.put_container(target.account, target.container)
    with store.get_object(version.name) as download, store.put_object(target) as upload:
        upload.copy_from(download)
        metadata = {sysmeta.MODIFIED: str(version.modified), **version.record.metadata}
        upload.commit(Attributes(content_type=version.record.content_type, metadata=metadata))


def _mark(store: ObjectStore, bucket: Bucket, key: str) -> Deleted:
    """Put a delete marker over what is current."""
    current = _current(store, bucket, key)
    version_id = _new_id() if bucket.versioning == ENABLED else NULL
    if current is not None and current.id != version_id:
        _shelve(store, bucket, key, current)
    if version_id == NULL:
        _remove_null(store, bucket, key)
    ticks = time.time_ns() // _NANOSECONDS_PER_TICK
    target = _on_shelf(bucket, key, version_id, ticks)
    store.put_container(target.account, target.container)
    with store.put_object(target) as upload:
        upload.commit(Attributes(content_type=MARKER_TYPE, metadata={sysmeta.MODIFIED: str(ticks)}))
    if current is not None:
        store.delete_object(current.name)
        if current.id == version_id:
            garbage.note(store, bucket, key, record=current.record)
    return Deleted(version_id=version_id, is_marker=True)


def _delete_version(store: ObjectStore, bucket: Bucket, key: str, version_id: str) -> Deleted:
    current = _current(store, bucket, key)
    if current is not None and current.id == version_id:
        _unshelve(store, bucket, key, current)
        return Deleted(version_id=version_id)
    found = find(store, bucket, key, version_id)
    if found is None:
        return Deleted(version_id=version_id)
    _remove(store, bucket, key, found)
    if current is None and found.is_marker:
        _unshelve(store, bucket, key, None)
    return Deleted(version_id=version_id, is_marker=found.is_marker)


def _unshelve(store: ObjectStore, bucket: Bucket, key: str, current: Version | None) -> None:
    """Let the newest on the shelf, if it is no marker, be current in the place of `current`."""
    on_shelf = shelved(store, bucket, key) if bucket.versioning else iter(())
    newest = next((v for v in on_shelf if current is None or v.id != current.id), None)
    if newest is None or newest.is_marker:
        if current is not None:
            _remove(store, bucket, key, current)
    else:
        _copy(store, newest, bucket.object(key))
        store.delete_object(newest.name)
        if current is not None:
            garbage.note(store, bucket, key, record=current.record)
    if current is not None and bucket.versioning:  # where a kill left it twice
        twin = _on_shelf(bucket, key, current.id, current.modified)
        with suppress(stored.NotFound):
            store.delete_object(twin)


def _remove_null(store: ObjectStore, bucket: Bucket, key: str) -> None:
    for version in list(shelved(store, bucket, key)):
        if version.id == NULL:
            _remove(store, bucket, key, version)


def _remove(store: ObjectStore, bucket: Bucket, key: str, version: Version) -> None:
    with suppress(stored.ObjectNotFound):
        store.delete_object(version.name)
    garbage.note(store, bucket, key, record=version.record)
