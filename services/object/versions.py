"""The versions of an object: the current one in the bucket's container, older ones on a shelf.

The shelf is a container of the bucket's name in an account that no client can name, with objects
`key NUL order NUL id`, the newest of a key first; a delete marker is an empty object on it. The
current version is an object like any other, which every reader finds. Both faces write and delete
through here, in a bucket with versions or without.

A kill leaves at most what `history` passes over and the next change puts right: the current version
shelved already (twice, under one id), or a marker newer than what is current still (ADR 0019). It
refuses to know who may do what.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Final

from services.object import bucket as buckets
from services.object import contents, garbage, locks, stripes, sysmeta
from services.object.bucket import ENABLED, NULL, SUSPENDED, Bucket, shelf_of
from storage.objects import ciphers, trashcan
from storage.objects import errors as stored
from storage.objects.container import Listed
from storage.objects.listing import Query
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes, Upload
from storage.objects.trash import Bin, NoBin, Trash

MARKER_TYPE: Final = "application/x-deleted"  # Swift's for the same
_OF_MARKER: Final = frozenset({sysmeta.MODIFIED, sysmeta.HIDES})
_NANOSECONDS_PER_TICK: Final = 10_000
_LATEST: Final = 2**64 - 1

FOR_GOOD: Final = NoBin()

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
        record = self.record  # a client's object may have that type, too
        is_bare = not record.size_bytes and record.metadata.keys() <= _OF_MARKER
        return is_bare and not self.is_current and record.content_type == MARKER_TYPE

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

    @property
    def order(self) -> str:
        """Where it stands among its key's versions: the newest is the least."""
        if not self.is_current:
            return self.name.name.split("\0")[1]
        own = self.record.metadata.get(sysmeta.ORDER, "")
        return own or _order_of(self.id, self.modified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """What a DELETE did: the version it removed, or the marker it made; empty without versions."""

    version_id: str = ""
    is_marker: bool = False
    was_there: bool = False  # whether there was what it named; without an id: a current version


def find(store: ObjectStore, bucket: Bucket, key: str, version_id: str = "") -> Version | None:
    """A version, the current one without an id; None when there is none."""
    current = _current(store, bucket, key)
    if not version_id or (current is not None and current.id == version_id):
        return current
    return next((v for v in shelved(store, bucket, key) if v.id == version_id), None)


def newest(store: ObjectStore, bucket: Bucket, key: str) -> Version | None:
    """The newest version of a key, which may be a marker; None when there is none."""
    return next(history(store, bucket, key), None)


def history(store: ObjectStore, bucket: Bucket, key: str) -> Iterator[Version]:
    """All versions of a key, the newest first, without what a kill left."""
    current, seen = _current(store, bucket, key), set[str]()
    if current is not None:
        seen.add(current.id)
        yield current
    for version in shelved(store, bucket, key):
        is_late = current is not None and _is_late_marker(version, current)
        if version.id not in seen and not is_late:
            seen.add(version.id)
            yield version


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

    Nobody else changes the object meanwhile; but without versions and condition nobody waits.
    """
    name = bucket.object(key)
    bucket = buckets.find(store, bucket.account, bucket.name)  # an upload may have taken hours
    if not bucket.versioning:
        record = _commit(store, bucket, key, upload=upload, said=said, condition=condition)
        return Version(id=NULL, name=name, record=record, is_current=True)
    with stripes.lock(name):
        old = _settled(store, bucket, key)
        if condition is not None:
            condition(old)
        version_id = NULL
        if bucket.versioning == ENABLED:
            version_id = _new_id()
            said = replace(said, metadata={**said.metadata, sysmeta.VERSION: version_id})
        if old is not None:
            _make_way(store, bucket, key, old, version_id)
        record = upload.commit(said)
        if bucket.versioning == SUSPENDED:
            _remove_null(store, bucket, key)
    return Version(id=version_id, name=name, record=record, is_current=True)


def delete(
    store: ObjectStore,
    bucket: Bucket,
    key: str,
    *,
    version_id: str = "",
    condition: Condition | None = None,
    promotes: bool = True,
) -> Deleted:
    """Delete an object: by a marker where versions are kept, and with a version's id that version.

    What is deleted goes to the store's trash if that takes it (`services/object/undoing.py`).
    What is removed by its id makes way for the newest that is left, as in S3; unless `promotes` is
    false, as in Swift: then the object is gone, and its older versions stay what they are.
    """
    with stripes.lock(bucket.object(key)):
        current = _settled(store, bucket, key)
        if condition is not None:
            condition(find(store, bucket, key, version_id) if version_id else current)
        if version_id:
            return _delete_version(store, bucket, key, version_id, promotes=promotes)
        if bucket.versioning:
            return _mark(store, bucket, key, current, rubbish=store.bin)
        if current is not None:
            to = store.bin.trash(bucket.account, bucket.name, key)
            _remove(store, bucket, key, current, to=to)
        return Deleted(was_there=current is not None)


def restore(
    store: ObjectStore, bucket: Bucket, key: str, version_id: str, *, condition: Condition
) -> Version | None:
    """Make an older version the current one, under its own id; None when it is not there.

    What was current goes to the shelf. `condition` sees it, and may raise.
    """
    with stripes.lock(bucket.object(key)):
        current = _settled(store, bucket, key)
        condition(current)
        if current is not None and current.id == version_id:
            return current
        found = find(store, bucket, key, version_id)
        if found is None or found.is_marker:
            return None
        if current is not None:
            _shelve(store, bucket, key, current)
        order = _order(time.time_ns())
        _copy(store, found, bucket.object(key), changes={sysmeta.ORDER: order})
        store.delete_object(found.name)
        return _current(store, bucket, key)


def put_aside(store: ObjectStore, bucket: Bucket, key: str) -> None:
    """Copy what is current to the shelf: another version comes in its place."""
    if (current := _current(store, bucket, key)) is not None:
        _shelve(store, bucket, key, current)


def settle(store: ObjectStore, bucket: Bucket, key: str) -> None:
    """Put right what a deletion that did not come to its end left."""
    _settled(store, bucket, key)


def cover(store: ObjectStore, bucket: Bucket, key: str) -> None:
    """Let a delete marker that is back on the shelf hide what is current, if that is older."""
    with stripes.lock(bucket.object(key)):
        current = _current(store, bucket, key)
        first = next(shelved(store, bucket, key), None)
        if first is not None and current is not None and _is_late_marker(first, current):
            _shelve(store, bucket, key, current)
            store.delete_object(current.name)


def uncover(
    store: ObjectStore, bucket: Bucket, key: str, version_id: str, *, marker: ObjectName
) -> None:
    """Make a version current again that only delete markers hide, and remove those but one."""
    with stripes.lock(bucket.object(key)):
        hidden = covered(store, bucket, key)
        if hidden is None or hidden.is_current or hidden.id != version_id:
            return
        above = takewhile(lambda each: each.is_marker, list(shelved(store, bucket, key)))
        _copy(store, hidden, bucket.object(key))
        for each in above:
            if each.name != marker:
                _remove(store, bucket, key, each)
        store.delete_object(hidden.name)


def covered(store: ObjectStore, bucket: Bucket, key: str) -> Version | None:
    """The newest version that is no marker; None when there is none."""
    return next((each for each in history(store, bucket, key) if not each.is_marker), None)


def expire(store: ObjectStore, name: ObjectName, record: ObjectRecord) -> None:
    """Let go of an object whose X-Delete-At has passed: by a marker where versions are kept."""
    with stripes.lock(name), suppress(stored.NotFound):
        bucket = buckets.find(store, name.account, name.container)
        now = _record(store, name)
        if now is not None and now.written == record.written and now.has_expired:
            _let_expire(store, bucket, name.name, now)


def is_empty(store: ObjectStore, bucket: Bucket) -> bool:
    """Whether nothing is on the bucket's shelf."""
    return not page_of_shelf(store, bucket, Query(limit=1))


def remove_shelf(store: ObjectStore, bucket: Bucket) -> None:
    """Remove an empty shelf."""
    shelf = _shelf(bucket)
    with suppress(stored.ContainerNotFound):
        store.delete_container(shelf.account, shelf.container)


def shelved_bytes(store: ObjectStore, bucket: Bucket) -> int:
    """How many bytes the versions take that are not current."""
    shelf = _shelf(bucket)
    try:
        return store.head_container(shelf.account, shelf.container).bytes_used
    except stored.ContainerNotFound:
        return 0


def update(store: ObjectStore, version: Version, changes: dict[str, str | None]) -> Version:
    """Change what is kept beside a version; None removes. Its time of writing stays.

    One that is locked now does not expire by itself any more.
    """
    while True:
        old = version.record
        metadata = {sysmeta.MODIFIED: str(version.modified), **old.metadata, **changes}
        kept = {name: value for name, value in metadata.items() if value is not None}
        delete_at = None if locks.held(kept) else old.delete_at
        try:
            record = store.post_object(
                version.name, metadata=kept, delete_at=delete_at, written=old.written
            )
        except stored.ObjectNotFound:  # or it was replaced, by who waits for no lock
            version = replace(version, record=store.head_object(version.name))
        else:
            return replace(version, record=record)


def _commit(
    store: ObjectStore,
    bucket: Bucket,
    key: str,
    *,
    upload: Upload,
    said: Attributes,
    condition: Condition | None,
) -> ObjectRecord:
    """Make it the object; the parts of what it replaces are noted before that goes.

    Without a condition it waits for nobody's lock; one that has one replaces only what that saw.
    """
    name, must_see = bucket.object(key), condition is not None
    seen: ObjectRecord | None = None

    def see() -> ObjectRecord | None:
        if condition is None:
            return _record(store, name)
        old = _settled(store, bucket, key)
        condition(old)
        return old.record if old is not None else None

    def may_replace(there: ObjectRecord) -> bool:
        return there == seen or (condition is None and garbage.has_none(there))

    with stripes.lock(name) if condition is not None else nullcontext():
        while True:
            if must_see and (seen := see()) is not None:
                garbage.note(store, name, record=seen)
            try:
                return upload.commit(said, may_replace=may_replace)
            except stored.NotReplaced:
                must_see = True


def _record(store: ObjectStore, name: ObjectName) -> ObjectRecord | None:
    """What is in the object's place, even if it has expired."""
    try:
        return store.head_object(name, even_expired=True)
    except stored.NotFound:
        return None


def _current(store: ObjectStore, bucket: Bucket, key: str) -> Version | None:
    try:
        record = store.head_object(bucket.object(key))
    except stored.ObjectNotFound:
        return None
    return _as_current(bucket, key, record)


def _as_current(bucket: Bucket, key: str, record: ObjectRecord) -> Version:
    version_id = record.metadata.get(sysmeta.VERSION, NULL)
    return Version(id=version_id, name=bucket.object(key), record=record, is_current=True)


def _settled(store: ObjectStore, bucket: Bucket, key: str) -> Version | None:
    """The current version, after what expired and what a kill left is put right."""
    record = _record(store, bucket.object(key))
    if record is None:
        return None
    if record.has_expired:
        _let_expire(store, bucket, key, record)
        return None
    current = _as_current(bucket, key, record)
    first = next(shelved(store, bucket, key), None) if bucket.versioning else None
    if first is not None and _is_late_marker(first, current):
        store.delete_object(first.name)
    return current


def _is_late_marker(version: Version, current: Version) -> bool:
    """Whether it marks a deletion that did not come to its end: the object still is there."""
    return version.is_marker and version.order < current.order


def _let_expire(store: ObjectStore, bucket: Bucket, key: str, record: ObjectRecord) -> None:
    current = _as_current(bucket, key, record)
    first = next(shelved(store, bucket, key), None) if bucket.versioning else None
    if first is not None and _is_late_marker(first, current):  # a round before was killed here
        store.delete_object(current.name)
    elif bucket.versioning:
        _mark(store, bucket, key, current)
    else:
        _remove(store, bucket, key, current)


def _shelf(bucket: Bucket) -> ObjectName:
    return shelf_of(bucket.account, bucket.name)


def _on_shelf(bucket: Bucket, key: str, version_id: str, ticks: int) -> ObjectName:
    """Where a version is shelved."""
    order = _order_of(version_id, ticks)
    return replace(_shelf(bucket), name=f"{key}\0{order}\0{version_id}")


def _order_of(version_id: str, ticks: int) -> str:
    """An id begins with its order, of others the time of writing gives it."""
    return version_id[:16] if version_id != NULL else _order(ticks * _NANOSECONDS_PER_TICK)


def _order(moment_ns: int) -> str:
    return f"{_LATEST - moment_ns:016x}"


def _new_id() -> str:
    return _order(time.time_ns()) + secrets.token_hex(8)


def _make_way(
    store: ObjectStore, bucket: Bucket, key: str, current: Version, version_id: str
) -> None:
    """Keep the current version that another will replace; or note that its parts are not needed.

    A version with that id takes its place: only a null version is not kept for one.
    """
    if bucket.versioning and current.id != version_id:
        _shelve(store, bucket, key, current)
    else:
        garbage.note(store, bucket.object(key), record=current.record)


def _shelve(store: ObjectStore, bucket: Bucket, key: str, version: Version) -> None:
    """Copy the current version to the shelf."""
    _copy(store, version, _on_shelf(bucket, key, version.id, version.modified))


def _copy(
    store: ObjectStore,
    version: Version,
    target: ObjectName,
    *,
    changes: Mapping[str, str] = {},
    aside: Trash | None = None,
) -> None:
    store.put_container(target.account, target.container)
    with (
        store.get_object(version.name, even_expired=True, ciphers=ciphers.AS_KEPT) as download,
        store.put_object(target, aside=aside) as upload,
    ):
        upload.copy_from(download)
        metadata = {sysmeta.MODIFIED: str(version.modified), **version.record.metadata}
        for name in (sysmeta.ORDER, sysmeta.FOLLOWS):
            metadata.pop(name, None)
        metadata |= changes
        upload.commit(Attributes(content_type=version.record.content_type, metadata=metadata))


def _mark(
    store: ObjectStore,
    bucket: Bucket,
    key: str,
    current: Version | None,
    *,
    rubbish: Bin = FOR_GOOD,
) -> Deleted:
    """Put a delete marker over what is current."""
    version_id = _new_id() if bucket.versioning == ENABLED else NULL
    if current is not None:
        _make_way(store, bucket, key, current, version_id)
    ticks = time.time_ns() // _NANOSECONDS_PER_TICK
    target, metadata = _on_shelf(bucket, key, version_id, ticks), {sysmeta.MODIFIED: str(ticks)}
    is_kept = current is not None and current.id != version_id
    if current is not None and is_kept:
        metadata[sysmeta.HIDES] = current.id
    store.put_container(target.account, target.container)
    with store.put_object(target) as upload:
        upload.commit(Attributes(content_type=MARKER_TYPE, metadata=metadata))
    if is_kept and (to := rubbish.trash(target.account, bucket.name, key, is_mark=True)):
        trashcan.mark(store, target, to)  # the marker goes when it is undone
    if current is not None:
        aside = None if is_kept else rubbish.trash(bucket.account, bucket.name, key)
        store.delete_object(current.name, to=aside)
    if version_id == NULL:
        _remove_null(store, bucket, key, but=target)
    return Deleted(version_id=version_id, is_marker=True, was_there=current is not None)


def _delete_version(
    store: ObjectStore, bucket: Bucket, key: str, version_id: str, *, promotes: bool
) -> Deleted:
    current = _current(store, bucket, key)
    if current is not None and current.id == version_id:
        to = store.bin.trash(bucket.account, bucket.name, key)
        _unshelve(store, bucket, key, current, promotes=promotes, to=to)
        return Deleted(version_id=version_id, was_there=True)
    found = find(store, bucket, key, version_id)
    if found is None:
        return Deleted(version_id=version_id)
    last_word = next(shelved(store, bucket, key), None) if current is None else None
    is_last_word = last_word is not None and last_word.id == version_id
    where = found.name
    to = store.bin.trash(where.account, where.container, where.name)
    _remove(store, bucket, key, found, to=to)
    if version_id == NULL:  # a kill may have left it twice
        _remove_null(store, bucket, key)
    if is_last_word and found.is_marker and promotes:
        _unshelve(store, bucket, key, None)
    return Deleted(version_id=version_id, is_marker=found.is_marker, was_there=True)


def _unshelve(
    store: ObjectStore,
    bucket: Bucket,
    key: str,
    current: Version | None,
    *,
    promotes: bool = True,
    to: Trash | None = None,
) -> None:
    """Let the newest on the shelf, if it is no marker, be current in the place of `current`."""
    if current is not None and bucket.versioning:  # where a kill left it twice
        with suppress(stored.NotFound):
            store.delete_object(_on_shelf(bucket, key, current.id, current.modified))
    is_asked = promotes and bucket.versioning
    follower = next(shelved(store, bucket, key), None) if is_asked else None
    if follower is None or follower.is_marker:
        if current is not None:
            _remove(store, bucket, key, current, to=to)
        return
    changes = {}
    if current is not None:
        garbage.note(store, bucket.object(key), record=current.record)
        changes[sysmeta.FOLLOWS] = str(current.record.written)
    _copy(store, follower, bucket.object(key), changes=changes, aside=to)
    store.delete_object(follower.name)


def _remove_null(
    store: ObjectStore, bucket: Bucket, key: str, *, but: ObjectName | None = None
) -> None:
    """Remove null versions from the shelf: there is one at a time, and it is newer."""
    for version in list(shelved(store, bucket, key)):
        if version.id == NULL and version.name != but:
            _remove(store, bucket, key, version)


def _remove(
    store: ObjectStore, bucket: Bucket, key: str, version: Version, *, to: Trash | None = None
) -> None:
    garbage.note(store, bucket.object(key), record=version.record)
    with suppress(stored.ObjectNotFound):  # or another write came between, and it stays
        store.delete_object(version.name, written=version.record.written, to=to)
