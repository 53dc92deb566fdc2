"""What anybody may ask of the object store at once: where a container or object is, and how whole.

It looks and changes nothing. Paths are told relative to the store's folder, and no metadata of
users is told.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Final

from appliance import clock, inquiry
from services.object import bucket as buckets
from services.object import contents, encryption, versions
from services.object.bucket import HIDDEN, Bucket
from services.object.swift import history, symlinks
from storage.objects import errors as stored
from storage.objects import sums, timestamps, trashcan
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore

Json = dict[str, Any]
COUNTED_MAX: Final = 1_000_000  # rows: more take longer than who asks waits
SUMMED_BYTES_MAX: Final = 16 << 20  # some ms from the page cache, a tenth of a second from a disk
SHOWN_MAX: Final = 20  # versions and segments
_NOTHING: Final = {"is_there": False}


def answers(store: ObjectStore) -> inquiry.Answers:
    """Question to function: of `ACCOUNT/CONTAINER` or `ACCOUNT/CONTAINER/NAME`.

    Without an account (`/CONTAINER…`) it is the oldest container of that name.
    """
    looks = _Looks(store)
    return {"container": looks.container, "object": looks.object}


class _Looks:
    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def container(self, path: str) -> Json:
        """Its file, what is in it, and what belongs to it."""
        name = self._named(path)
        with suppress(stored.ContainerNotFound):
            return self._container(buckets.find(self._store, name.account, name.container))
        return _NOTHING

    def object(self, path: str) -> Json:
        """Its row, where its bytes are, its versions, its segments."""
        name = self._named(path)
        with suppress(stored.NotFound):
            bucket = buckets.find(self._store, name.account, name.container)
            with self._store.catalog.borrow(name.account, name.container) as opened:
                row = opened.read(name.name)
            return {
                "is_there": True, "account": name.account,
                **_of_record(row.record),
                "file": self._file(bucket),
                "is_inline": row.data is not None,
                "is_right": row.data is None or sums.whole(row.data) == row.record.xxh3,
                "copies": list(self._copies(name, row.record)) if row.data is None else [],
                "partition": self._store.files.ring.partition(name.hash),
                "replicas": self._store.files.replicas,
                "is_settled": self._store.is_settled,
                "versions": self._versions(bucket, name.name),
                "segments": self._segments(name, row.record),
            }  # fmt: skip
        return _NOTHING

    def _named(self, path: str) -> ObjectName:
        account, _, rest = path.partition("/")
        container, _, name = rest.partition("/")
        if not account:
            owners = (each for each in self._store.accounts_with(container) if _is_seen(each))
            account = next(owners, "")
        return ObjectName(account, container, name)

    def _container(self, bucket: Bucket) -> Json:
        found = self._store.head_container(bucket.account, bucket.name)
        place = history.archive(bucket.metadata)
        is_counted = found.object_count <= COUNTED_MAX
        with self._store.catalog.borrow(bucket.account, bucket.name) as opened:
            file_bytes = opened.path.stat().st_size
            counted = opened.contents()._asdict() if is_counted else None
        shelf = buckets.shelf_of(bucket.account, bucket.name)
        return {
            "is_there": True, "account": bucket.account, "name": bucket.name,
            "file": self._file(bucket), "file_bytes": file_bytes,
            "objects": found.object_count, "size_bytes": found.bytes_used, "counted": counted,
            "made_at": _date(found.timestamp), "versioning": bucket.versioning,
            "shelf": self._sum(shelf.account, shelf.container),
            "archive": place and dataclasses.asdict(place)
            | {"sum": self._sum(bucket.account, place.container)},
            "is_encrypted": encryption.is_default(bucket.metadata),
        }  # fmt: skip

    def _sum(self, account: str, container: str) -> Json | None:
        with suppress(stored.ContainerNotFound):
            found = self._store.head_container(account, container)
            return {"objects": found.object_count, "size_bytes": found.bytes_used}
        return None

    def _file(self, bucket: Bucket) -> str:
        path = self._store.catalog.file(bucket.account, bucket.name)
        return self._short(path) if path else ""

    def _copies(self, name: ObjectName, record: ObjectRecord) -> Iterator[Json]:
        """The replicas, and where one is missing."""
        for folder, path, is_home in self._store.files.places(name, record.written):
            found = _look(path, record)
            if found is not None or is_home:
                yield {
                    "device": folder.device.id, "zone": folder.device.zone, "is_home": is_home,
                    "is_lost": folder.is_lost, "path": self._short(path), "found": found,
                }  # fmt: skip

    def _versions(self, bucket: Bucket, key: str) -> Json:
        """The newest of an object's versions, and how many are in the trash."""
        found = islice(versions.history(self._store, bucket, key), SHOWN_MAX)
        return {
            "versioning": bucket.versioning,
            "newest": [
                {
                    "id": each.id, "is_current": each.is_current, "is_marker": each.is_marker,
                    "size_bytes": each.size_bytes, "modified_at": _date(each.modified),
                }
                for each in found
            ],
            "trashed": sum(1 for each in self._trashed(bucket.object(key))),
        }  # fmt: skip

    def _trashed(self, name: ObjectName) -> Iterator[ObjectRecord]:
        for download in trashcan.versions(self._store, name):
            with download:
                yield download.record

    def _segments(self, name: ObjectName, record: ObjectRecord) -> Json | None:
        """What a large object is made of; None for one that is of its own bytes."""
        if contents.SLO not in record.metadata and contents.DLO not in record.metadata:
            return None
        told: Json = {"is_static": contents.SLO in record.metadata, "count": 0, "shown": []}
        try:
            with self._store.get_object(name) as download:
                content = contents.describe(self._store, name, download)
        except (stored.StoreError, contents.Broken, ValueError) as error:
            return told | {"wrong": str(error)}
        found = [
            {
                "number": number, "path": str(each.name), "size_bytes": each.size_bytes,
                "wrong": self._wrong(each),
            }
            for number, each in enumerate(content.segments, 1)
        ]  # fmt: skip
        return told | {
            "count": len(found), "size_bytes": content.size_bytes, "wrong": "",
            "shown": sorted(found, key=lambda each: not each["wrong"])[:SHOWN_MAX],
        }  # fmt: skip

    def _wrong(self, segment: contents.Segment) -> str:
        """What does not agree with the manifest."""
        if segment.data:
            return ""
        try:
            record = self._store.head_object(segment.name)
        except stored.NotFound:
            return "it is not there: the object cannot be read"
        if segment.etag and not segment.is_manifest and segment.etag != record.etag:
            return "it is another than the manifest says: the object cannot be read"
        return ""

    def _short(self, path: Path) -> str:
        root = self._store.root
        return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _is_seen(account: str) -> bool:
    return not account.startswith(HIDDEN)


def _of_record(record: ObjectRecord) -> Json:
    link = None
    if symlinks.is_link(record.metadata):
        link = symlinks.target(ObjectName("", "", record.name), record.metadata)
    return {
        "size_bytes": record.size_bytes, "etag": record.etag, "xxh3": record.xxh3,
        "content_type": record.content_type, "written_at": _date(record.written),
        "delete_at": clock.stamp(record.delete_at) if record.delete_at else "",
        "has_expired": record.has_expired,
        "link": f"{link.container}/{link.name}" if link else "",
        "is_encrypted": bool(encryption.kept(record)),
    }  # fmt: skip


def _look(path: Path, record: ObjectRecord) -> Json | None:
    """How large a copy is, and whether its bytes are those that were written; None without it.

    Of a large one nobody waits for the sum.
    """
    try:
        with path.open("rb", buffering=0) as file:
            size_bytes = path.stat().st_size
            if size_bytes != record.size_bytes or size_bytes > SUMMED_BYTES_MAX:
                return {"size_bytes": size_bytes, "is_right": None}
            is_right = sums.of_file(file)[0] == record.xxh3
            return {"size_bytes": size_bytes, "is_right": is_right}
    except OSError:
        return None


def _date(ticks: int) -> str:
    return clock.stamp(ticks / timestamps.TICKS_PER_SECOND)
