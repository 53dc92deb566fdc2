"""The checksums of an object, computed while its bytes go by.

md5 is the ETag that Swift and S3 promise, and slower than the disk: of a large object a thread of
its own computes it, beside the one that receives and writes. xxh3 guards the bytes: 128 bits of the
whole, and 64 of every block, so that any part can be checked without reading the rest.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable
from typing import BinaryIO, Final

import xxhash

Bytes = bytes | bytearray | memoryview

BLOCK_BYTES: Final = 1 << 20
BLOCK_SUM_BYTES: Final = 8
THREAD_ABOVE_BYTES: Final = 1 << 20  # a MiB of md5 takes a millisecond, a thread a tenth of it
AHEAD_MAX: Final = 4  # pieces that wait for md5; the writer waits then


class Sums:
    """Checksums of bytes that come piece by piece; one thread at a time may call.

    Whoever has given it more than a MiB must `close` it.
    """

    def __init__(self) -> None:
        self.size_bytes = 0
        self._xxh3 = xxhash.xxh3_128()
        self._blocks = Blocks()
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._ahead: queue.Queue[Bytes | None] | None = None
        self._thread: threading.Thread | None = None

    def update(self, data: Bytes, *, shown: Bytes | None = None) -> None:
        """Take the next bytes; the md5 is of `shown` instead, if given: what they decrypt to."""
        self.size_bytes += len(data)
        self._xxh3.update(data)
        self._blocks.update(data)
        if shown is not None:
            data = shown
        if self._ahead is None and self.size_bytes > THREAD_ABOVE_BYTES:
            self._begin_thread()
        if self._ahead is None:
            self._md5.update(data)
        else:
            self._ahead.put(data if isinstance(data, bytes) else bytes(data))

    def close(self) -> None:
        """Wait for the thread, if there is one; may be called twice, and `update` after it."""
        if self._ahead is not None and self._thread is not None:
            self._ahead.put(None)
            self._thread.join()
            self._ahead = self._thread = None

    @property
    def etag(self) -> str:
        """The md5 so far, in hexadecimal."""
        self.close()
        return self._md5.hexdigest()

    @property
    def xxh3(self) -> str:
        """The 128-bit xxh3 so far, in hexadecimal."""
        return self._xxh3.hexdigest()

    @property
    def blocks(self) -> bytes:
        """The 64-bit xxh3 of every block so far, one after the other."""
        return self._blocks.digest()

    def _begin_thread(self) -> None:
        self._ahead = queue.Queue(AHEAD_MAX)
        work = (self._ahead, self._md5)
        self._thread = threading.Thread(target=_hash, args=work, name="md5", daemon=True)
        self._thread.start()


class Blocks:
    """The sum of each block of bytes that come in pieces of any size."""

    def __init__(self) -> None:
        self._done = bytearray()
        self._open = xxhash.xxh3_64()
        self._open_bytes = 0

    def update(self, data: Bytes) -> None:
        """Take the next bytes."""
        if self._open_bytes + len(data) < BLOCK_BYTES:
            self._open.update(data)
            self._open_bytes += len(data)
            return
        rest = memoryview(data)
        while rest:
            part = rest[: BLOCK_BYTES - self._open_bytes]
            self._open.update(part)
            self._open_bytes += len(part)
            rest = rest[len(part) :]
            if self._open_bytes == BLOCK_BYTES:
                self._done += self._open.digest()
                self._open.reset()
                self._open_bytes = 0

    def digest(self) -> bytes:
        """The sums so far, one after the other."""
        last = self._open.digest() if self._open_bytes else b""
        return bytes(self._done) + last


Whole = xxhash.xxh3_128  # the checksum of a whole, for those who need no other


def whole(data: Bytes) -> str:
    """Return the 128-bit xxh3 of bytes, in hexadecimal."""
    return xxhash.xxh3_128_hexdigest(data)


def is_block(data: Bytes, blocks: bytes, index: int) -> bool:
    """Return whether `data` is the block of this number, by the blocks' sums."""
    at = index * BLOCK_SUM_BYTES
    return xxhash.xxh3_64_digest(data) == blocks[at : at + BLOCK_SUM_BYTES]


def of_file(file: BinaryIO, *, take: Callable[[int], None] = lambda _: None) -> tuple[str, bytes]:
    """Read a file to its end; return the xxh3 of the whole and the sums of its blocks.

    `take` is told of every block's size: whoever reads in the background may wait in it.
    """
    xxh3, blocks = xxhash.xxh3_128(), Blocks()
    while data := file.read(BLOCK_BYTES):
        xxh3.update(data)
        blocks.update(data)
        take(len(data))
    return xxh3.hexdigest(), blocks.digest()


def _hash(ahead: queue.Queue[Bytes | None], md5: hashlib._Hash) -> None:
    while (data := ahead.get()) is not None:
        md5.update(data)
        del data  # not kept while the next one is awaited
