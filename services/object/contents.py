"""What a GET of an object sends: its own bytes, or those of the segments that make a large object.

A static large object (SLO) is a stored list of segments, a dynamic one (DLO) is whatever has a
prefix now (Swift, "Large Objects"). It refuses to know HTTP's conditions and ranges.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, Self
from urllib.parse import unquote

from services.object import headers
from services.object.refusals import Refused
from storage.objects import errors as stored
from storage.objects.container import Listed
from storage.objects.listing import LIMIT_DEFAULT, Query, Subdir
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.transfer import Download

CHUNK_BYTES: Final = 1 << 20  # one thread hop (~0.1 ms) a MiB
SLO: Final = "X-Static-Large-Object"
SLO_SIZE: Final = "X-Object-Sysmeta-Slo-Size"
SLO_ETAG: Final = "X-Object-Sysmeta-Slo-Etag"
DLO: Final = "X-Object-Manifest"
_OWN: Final = (SLO, SLO_SIZE, SLO_ETAG)
SEGMENTS_MAX: Final = 1000
DYNAMIC_SEGMENTS_MAX: Final = LIMIT_DEFAULT  # what one page of a listing holds
DEPTH_MAX: Final = 10  # manifests in manifests (Swift, common/middleware/slo.py)
MANIFEST_BYTES_MAX: Final = 8 << 20  # Swift's max_manifest_size

log = logging.getLogger(__name__)


def kept(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return what makes an object a static large one, which new metadata does not change."""
    return {name: metadata[name] for name in _OWN if name in metadata}


def without(metadata: Mapping[str, str]) -> dict[str, str]:
    """Return metadata of an object that is no manifest any more."""
    return {k: v for k, v in metadata.items() if k not in (*_OWN, DLO)}


class Source(Protocol):
    """Where segments are read: the store, or the store as one caller may see it."""

    def get_object(self, name: ObjectName) -> Download:
        """Open an object's bytes. Raises NotFound."""
        ...

    def list_container(
        self, account: str, container: str, *, query: Query
    ) -> list[Listed | Subdir]:
        """Return one page of a container's objects. Raises ContainerNotFound."""
        ...


class Broken(Exception):
    """A segment is gone, is not what its manifest says, or leads too deep; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A piece of an object's bytes; `etag` is what the object must still have, if it matters.

    It may be a manifest that stands for its own segments, or carry its bytes (`data`) itself.
    """

    name: ObjectName
    offset: int
    size_bytes: int
    etag: str = ""
    is_manifest: bool = False
    data: bytes = b""


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
    """The bytes of some segments, a MiB at a time; close it.

    Raises Broken when a segment is not what it was, StoreError when it ends too early.
    """

    def __init__(
        self, store: Source, segments: Iterable[Segment], *, opened: Download | None = None
    ) -> None:
        self._store = store
        self._pending = [iter(segments)]  # the innermost manifest's last
        self._download = opened
        self._is_given = opened is not None  # the first segment's file is open already
        self._data = b""
        self._offset = self._left = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        if not self.begin():
            raise StopIteration
        data = self._read(min(self._left, CHUNK_BYTES))
        self._offset += len(data)
        self._left -= len(data)
        return data

    def begin(self) -> bool:
        """Open the segment that comes next, if none is; return whether there is one."""
        while not self._left:
            segment = next(self._pending[-1], None)
            if segment is not None:
                self._advance(segment)
            elif len(self._pending) > 1:
                self._pending.pop()
            else:
                return False
        return True

    def close(self) -> None:
        """Let go of the open file."""
        if self._download is not None:
            self._download.close()
            self._download = None

    def _read(self, count: int) -> bytes:
        if self._data:
            return self._data[self._offset : self._offset + count]
        assert self._download is not None  # noqa: S101 - _advance opened it
        return read(self._download, self._offset, count)

    def _advance(self, segment: Segment) -> None:
        self._data = segment.data
        if not segment.data:
            download = self._open(segment)
            if segment.is_manifest:
                self._descend(segment, download)
                return
        self._offset, self._left = segment.offset, segment.size_bytes

    def _open(self, segment: Segment) -> Download:
        if self._is_given and self._download is not None:
            self._is_given, download = False, self._download
            return download
        self.close()
        try:
            self._download = download = self._store.get_object(segment.name)
        except (stored.NotFound, Refused) as error:
            raise Broken(f"segment {segment.name} cannot be read: {error}") from error
        is_changed = segment.etag not in ("", _etag(download.record))
        if is_changed or segment.is_manifest != (SLO in download.record.metadata):
            raise Broken(f"segment {segment.name} is not what the manifest says")
        if segment.offset + segment.size_bytes > _size(download.record):
            raise Broken(f"segment {segment.name} has become shorter")
        return download

    def _descend(self, segment: Segment, download: Download) -> None:
        """Go on with the segments of a manifest that is itself a segment."""
        if len(self._pending) > DEPTH_MAX:
            raise Broken(f"segment {segment.name}: more than {DEPTH_MAX} manifests in one another")
        inner = static_segments(segment.name.account, read_manifest(download))
        self._pending.append(cut(inner, segment.offset, segment.offset + segment.size_bytes))


def describe(
    store: Source, name: ObjectName, download: Download, *, is_raw: bool = False
) -> Content:
    """Return what an open object stands for; with `is_raw` a manifest stands for itself."""
    record = download.record
    if not is_raw and SLO in record.metadata:
        return Content(
            record=record,
            etag=f'"{record.metadata[SLO_ETAG]}"',
            size_bytes=int(record.metadata[SLO_SIZE]),
            segments=static_segments(name.account, read_manifest(download)),
        )
    if not is_raw and DLO in record.metadata:
        return _dynamic(store, name, record)
    whole = Segment(name=name, offset=0, size_bytes=record.size_bytes)
    return Content(
        record=record, etag=record.etag, size_bytes=record.size_bytes, segments=(whole,),
        is_large=False,
    )  # fmt: skip


def read(download: Download, offset: int, count: int) -> bytes:
    """Return some bytes of an open object. Raises StoreError when it ends before the first."""
    data = download.read(offset, count)
    if count and not data:
        raise stored.StoreError(f"object {download.record.name} ended too early")
    return data


def cut(segments: Sequence[Segment], start: int, stop: int) -> Iterator[Segment]:
    """Yield the parts of segments that hold the bytes from `start` up to `stop`."""
    position = 0
    for segment in segments:
        first = max(start - position, 0)
        last = min(stop - position, segment.size_bytes)
        if first < last:
            is_whole = last - first == segment.size_bytes
            yield (
                segment
                if is_whole
                else replace(segment, offset=segment.offset + first, size_bytes=last - first)
            )
        position += segment.size_bytes


def static_segments(account: str, manifest: Sequence[dict[str, Any]]) -> list[Segment]:
    """Return the segments that a stored SLO manifest names."""
    return [_static(account, entry) for entry in manifest]


def read_manifest(download: Download) -> list[dict[str, Any]]:
    """Return what a static large object's file says."""
    manifest: list[dict[str, Any]] = json.loads(download.read(0, download.record.size_bytes))
    return manifest


def combined_etag(etags: Iterable[str]) -> str:
    """Return the etag of a large object: the md5 of its segments' etags."""
    return hashlib.md5("".join(etags).encode(), usedforsecurity=False).hexdigest()


def _static(account: str, entry: dict[str, Any]) -> Segment:
    if "data" in entry:
        data = base64.b64decode(entry["data"])
        return Segment(name=ObjectName(account, "", ""), offset=0, size_bytes=len(data), data=data)
    container, _, name = entry["name"].lstrip("/").partition("/")
    start, stop = 0, entry["bytes"]
    if "range" in entry:
        first, _, last = entry["range"].partition("-")
        start, stop = int(first), int(last) + 1
    return Segment(
        name=ObjectName(account, container, name),
        offset=start,
        size_bytes=stop - start,
        etag=entry["hash"],
        is_manifest=bool(entry.get("sub_slo")),
    )


def _dynamic(store: Source, manifest: ObjectName, record: ObjectRecord) -> Content:
    container, slash, prefix = unquote(record.metadata[DLO]).lstrip("/").partition("/")
    if not slash:
        raise Refused(409, "X-Object-Manifest must be of the form container/prefix")
    query = Query(prefix=prefix, limit=DYNAMIC_SEGMENTS_MAX)
    rows = store.list_container(manifest.account, container, query=query)
    if len(rows) == DYNAMIC_SEGMENTS_MAX:
        raise Refused(409, f"X-Object-Manifest: {DYNAMIC_SEGMENTS_MAX} segments are too many")
    segments = [
        _listed(store, ObjectName(manifest.account, container, row.name), row)
        for row in rows
        if isinstance(row, Listed)
    ]
    return Content(
        record=record,
        etag=f'"{combined_etag(segment.etag for segment in segments)}"',
        size_bytes=sum(segment.size_bytes for segment in segments),
        segments=segments,
    )


def _listed(store: Source, name: ObjectName, row: Listed) -> Segment:
    """Return a row of a listing as a segment; a manifest's row says how large the whole is."""
    marks = headers.marks(row.content_type)
    if headers.LINK_MARK in marks:
        with store.get_object(name) as download:
            record = download.record
        return Segment(
            name=name, offset=0, size_bytes=_size(record), etag=_etag(record),
            is_manifest=SLO in record.metadata,
        )  # fmt: skip
    whole_bytes = marks.get(headers.SIZE_MARK)
    return Segment(
        name=name,
        offset=0,
        size_bytes=int(whole_bytes or row.size_bytes),
        etag=marks.get(headers.ETAG_MARK, row.etag),
        is_manifest=whole_bytes is not None,
    )


def _etag(record: ObjectRecord) -> str:
    return record.metadata.get(SLO_ETAG, record.etag)


def _size(record: ObjectRecord) -> int:
    return int(record.metadata.get(SLO_SIZE, record.size_bytes))
