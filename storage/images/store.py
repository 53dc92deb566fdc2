"""The protocol of image stores, and what they raise.

ImageStoreError
├── DataNotFound       no bytes of that name
├── StoreFull          no room; nothing of the refused bytes stays
└── StoreUnreachable   the store does not answer; trying again later may work

A store refuses to know what an image is: it takes bytes under a name, whole or not at all.
"""

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

CHUNK_BYTES: Final = 1 << 20  # larger ones copy no faster, and each reader and writer holds one

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class ImageStoreError(Exception):
    """The store could not do what was asked; nothing half-written is visible."""


class DataNotFound(ImageStoreError):
    """There are no bytes of that name."""


class StoreFull(ImageStoreError):
    """The disk or the quota is full; what was being written is gone."""


class StoreUnreachable(ImageStoreError):
    """The store does not answer, or has trouble of its own; later may be better."""


def failed(error: OSError, what: str) -> ImageStoreError:
    """What a file system says to a write, as ours."""
    kind = StoreFull if error.errno in _FULL else ImageStoreError
    return kind(f"{what}: {error.strerror or error}")


class Reader(Protocol):
    """Bytes to be stored. It may tell by `__length_hint__` (PEP 424) how many will come."""

    def read(self, size_bytes: int, /) -> bytes:
        """Up to `size_bytes`; empty at the end. What it raises stops the upload and goes on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the store says it holds; `etag` is its own md5 of the bytes, or, where it keeps them in
    pieces, the reader's, when each piece was what its own md5 says.
    """

    size_bytes: int
    etag: str


class Store(Protocol):
    """Bytes under names that are used once; safe for threads."""

    @property
    def target(self) -> str:
        """Its lane in a trace: `disk`, `object`."""
        ...

    def add(self, location: str, reader: Reader) -> Stored:
        """Store what `reader` gives, durably, a chunk at a time.

        When anything fails, also in `reader`, nothing is left behind: not even part of it.
        Raises ImageStoreError.
        """
        ...

    def get(self, location: str, *, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `offset`, `length` of them or all, as chunks; it may be closed early.

        Raises DataNotFound and others at the call, ImageStoreError in the middle when the bytes
        break off.
        """
        ...

    def delete(self, location: str) -> None:
        """Remove the bytes; there may be none. Raises ImageStoreError."""
        ...
