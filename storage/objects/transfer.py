"""One object's bytes on their way in (`Upload`) or out (`Download`).

They refuse to know rings and containers: an upload is told by a function how to become an object.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Self

from storage import blobs
from storage.objects.errors import translated
from storage.objects.object_file import ObjectName, ObjectRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What the client says of an object besides its bytes; `delete_at` in seconds since 1970."""

    content_type: str = "application/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict)
    delete_at: int | None = None


Commit = Callable[[blobs.Draft, Attributes], ObjectRecord]


class Upload:
    """Bytes that are no object yet: write them, then `commit`. Left without, nothing remains."""

    def __init__(self, name: ObjectName, draft: blobs.Draft, commit: Commit) -> None:
        self.name = name
        self._draft = draft
        self._commit = commit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()

    @property
    def size_bytes(self) -> int:
        """How much was written so far."""
        return self._draft.size_bytes

    @property
    def etag(self) -> str:
        """The md5 of what was written so far."""
        return self._draft.etag

    def write(self, data: blobs.Bytes) -> None:
        """Append bytes. Raises StoreFull, StoreError."""
        with translated(f"object {self.name}: write"):
            self._draft.write(data)

    def copy_from(self, source: Download) -> None:
        """Take all the bytes of another object, and its checksums, inside the kernel; only once."""
        with translated(f"object {self.name}: copy"):
            record = source.record
            self._draft.copy_from(source.fd, record.size_bytes, sums=(record.etag, record.xxh3))

    @property
    def fd(self) -> int:
        """The draft's open file, for another process to write; `adopt` says that it has."""
        return self._draft.fd

    def adopt(self, size_bytes: int, *, sums: tuple[str, str]) -> None:
        """Take what another process wrote into `fd`, with its etag and xxh3. Raises ValueError."""
        self._draft.adopt(size_bytes, sums=sums)

    def commit(self, attributes: Attributes) -> ObjectRecord:
        """Make the bytes the object, durably; once. Raises ContainerNotFound, StoreFull, …"""
        return self._commit(self._draft, attributes)

    def abort(self) -> None:
        """Forget the bytes; harmless after `commit`."""
        self._draft.discard()


class Download:
    """An object's bytes as they were when it was opened, whatever happens to it meanwhile."""

    def __init__(self, record: ObjectRecord, fd: int) -> None:
        self.record = record
        self._fd = fd

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()  # an answer whose reader went away before its first byte is only dropped

    @property
    def fd(self) -> int:
        """The open data file: exactly the object's bytes."""
        return self._fd

    @property
    def path(self) -> str:
        """A path that this process can open until `close`, even if the object is deleted."""
        return f"/proc/self/fd/{self._fd}"

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`; fewer only at the end."""
        with translated(f"object {self.record.name}: read at {offset}"):
            return os.pread(self._fd, count, offset)

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
