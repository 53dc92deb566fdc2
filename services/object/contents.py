"""What a GET of an object sends: its own bytes, or those of the segments that make a large object.

A static large object (SLO) is a stored list of segments, a dynamic one (DLO) is whatever has a
prefix now (Swift, "Large Objects"). It refuses to know HTTP's conditions and ranges.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self
from urllib.parse import unquote

from services.object.refusals import Refused
from storage.objects import errors as stored
from storage.objects.listing import Query
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Download

CHUNK_BYTES: Final = 1 << 20  # one thread hop (~0.1 ms) a MiB
SLO: Final = "X-Static-Large-Object"
SLO_SIZE: Final = "X-Object-Sysmeta-Slo-Size"
SLO_ETAG: Final = "X-Object-Sysmeta-Slo-Etag"
DLO: Final = "X-Object-Manifest"
SEGMENTS_MAX: Final = 1000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A piece of an object's bytes; `etag` is what the object must still have, if it matters."""

    name: ObjectName
    offset: int
    size_bytes: int
    etag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """An object as a client sees it; `etag` is written as in the header.

    A large one (`is_large`) is made of other objects' bytes, any other of its own.
    """

    record: ObjectRecord
    etag: str
    size_bytes: int
    segments: Sequence[Segment]
    is_large: bool = True


class Chunks(Iterator[bytes]):
    """The bytes of some segments, a MiB at a time; close it."""

    def __init__(
        self, store: ObjectStore, segments: Iterable[Segment], *, opened: Download | None = None
    ) -> None:
        self._store = store
        self._segments = iter(segments)
        self._download = opened
        self._is_given = opened is not None  # the first segment's file is open already
        self._offset = self._left = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        while not self._left:
            self._advance(next(self._segments))
        assert self._download is not None  # noqa: S101 - _advance opened it
        data = self._download.read(self._offset, min(self._left, CHUNK_BYTES))
        if not data:
            raise stored.StoreError(f"object {self._download.record.name} ended too early")
        self._offset += len(data)
        self._left -= len(data)
        return data

    def close(self) -> None:
        """Let go of the open file."""
        if self._download is not None:
            self._download.close()
            self._download = None

    def _advance(self, segment: Segment) -> None:
        if self._is_given and self._download is not None:
            self._is_given, download = False, self._download
        else:
            self.close()
            self._download = download = self._store.get_object(segment.name)
        if segment.etag and segment.etag != download.record.etag:
            raise stored.StoreError(f"segment {segment.name} is not what the manifest says")
        self._offset, self._left = segment.offset, segment.size_bytes


def describe(
    store: ObjectStore, name: ObjectName, download: Download, *, is_raw: bool = False
) -> Content:
    """Return what an open object stands for; with `is_raw` a manifest stands for itself."""
    record = download.record
    if not is_raw and SLO in record.metadata:
        return Content(
            record=record,
            etag=f'"{record.metadata[SLO_ETAG]}"',
            size_bytes=int(record.metadata[SLO_SIZE]),
            segments=static_segments(name.account, _manifest(download)),
        )
    if not is_raw and DLO in record.metadata:
        return _dynamic(store, name, record)
    whole = Segment(name=name, offset=0, size_bytes=record.size_bytes)
    return Content(record=record, etag=record.etag, size_bytes=record.size_bytes, segments=(whole,))


def cut(segments: Sequence[Segment], start: int, stop: int) -> Iterator[Segment]:
    """Yield the parts of segments that hold the bytes from `start` up to `stop`."""
    position = 0
    for segment in segments:
        first = max(start - position, 0)
        last = min(stop - position, segment.size_bytes)
        if first < last:
            yield replace(segment, offset=segment.offset + first, size_bytes=last - first)
        position += segment.size_bytes


def static_segments(account: str, manifest: Sequence[dict[str, Any]]) -> list[Segment]:
    """Return the segments that a stored SLO manifest names."""
    segments = []
    for entry in manifest:
        container, _, name = entry["name"].lstrip("/").partition("/")
        start, stop = 0, entry["bytes"]
        if "range" in entry:
            first, _, last = entry["range"].partition("-")
            start, stop = int(first), int(last) + 1
        segments.append(
            Segment(
                name=ObjectName(account, container, name),
                offset=start,
                size_bytes=stop - start,
                etag=entry["hash"],
            )
        )
    return segments


def combined_etag(etags: Iterable[str]) -> str:
    """Return the etag of a large object: the md5 of its segments' etags."""
    return hashlib.md5("".join(etags).encode(), usedforsecurity=False).hexdigest()


def _manifest(download: Download) -> list[dict[str, Any]]:
    manifest: list[dict[str, Any]] = json.loads(download.read(0, download.record.size_bytes))
    return manifest


def _dynamic(store: ObjectStore, manifest: ObjectName, record: ObjectRecord) -> Content:
    container, slash, prefix = unquote(record.metadata[DLO]).lstrip("/").partition("/")
    if not slash:
        raise Refused(409, "X-Object-Manifest must be of the form container/prefix")
    segments, etags, marker = [], [], ""
    while True:
        page = store.list_container(
            manifest.account, container, query=Query(prefix=prefix, marker=marker)
        )
        if not page:
            break
        for row in page:
            name = ObjectName(manifest.account, container, row.name)
            found = store.head_object(name)
            segments.append(Segment(name=name, offset=0, size_bytes=found.size_bytes))
            etags.append(found.etag)
        marker = page[-1].name
    return Content(
        record=record,
        etag=f'"{combined_etag(etags)}"',
        size_bytes=sum(segment.size_bytes for segment in segments),
        segments=segments,
    )
