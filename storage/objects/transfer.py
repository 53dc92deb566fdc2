"""One object's bytes on their way in (`Upload`) or out (`Download`).

They refuse to know rings and containers: an upload is told by functions where its bytes go and how
they become an object, a download where its copies are.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from storage import blobs
from storage.objects import sums
from storage.objects.ciphers import Cipher
from storage.objects.errors import ObjectDamaged, translated
from storage.objects.object_file import ObjectName, ObjectRecord

SPACE_EVERY_BYTES: Final = 64 << 20  # an upload asks this often whether there is still room

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attributes:
    """What the client says of an object besides its bytes; `delete_at` in seconds since 1970."""

    content_type: str = "application/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict)
    delete_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Bytes that are to become an object: in memory (`data`) if they are few, else in drafts.

    `blocks` are the sums of their blocks, kept only where there is more than one.
    """

    size_bytes: int
    etag: str
    xxh3: str
    blocks: bytes = b""
    data: bytes | None = None
    drafts: Sequence[blobs.Draft] = ()


May = Callable[[ObjectRecord], bool]  # whether what is there may be replaced
Commit = Callable[[Body, Attributes, May], ObjectRecord]
Drafts = Callable[[], Sequence[blobs.Draft]]


def any_version(_: ObjectRecord) -> bool:
    """Say that anything may be replaced."""
    return True


class Upload:
    """Bytes that are no object yet: write them, then `commit`. Left without, nothing remains.

    Up to `inline_bytes_max` of them stay in memory; `check_space` raises StoreFull where there is
    no room for as many as it is told.
    """

    def __init__(
        self,
        name: ObjectName,
        commit: Commit,
        *,
        drafts: Drafts,
        inline_bytes_max: int,
        check_space: Callable[[int], None],
    ) -> None:
        self.name = name
        self._commit = commit
        self._open_drafts = drafts
        self._inline_bytes_max = inline_bytes_max
        self._check_space = check_space
        self._sums = sums.Sums()
        self._taken: tuple[str, str, bytes] | None = None  # the sums of bytes that were copied
        self._etag = ""  # of a copy: its original's
        self._cipher: Cipher | None = None
        self._is_md5_hidden = False
        self._small: list[bytes] | None = []
        self._drafts: Sequence[blobs.Draft] = ()
        self._asked_bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.abort()

    @property
    def size_bytes(self) -> int:
        """How much was written so far."""
        return self._drafts[0].size_bytes if self._taken else self._sums.size_bytes

    @property
    def etag(self) -> str:
        """The md5 of what was written so far."""
        return self._etag or (self._taken[0] if self._taken else self._sums.etag)

    def encrypt(self, cipher: Cipher, *, is_md5_hidden: bool = False) -> None:
        """Keep what is written from now on, which is all, encrypted.

        The etag still is the md5 of what was written, or, with `is_md5_hidden`, of what is kept.
        """
        self._cipher = cipher
        self._is_md5_hidden = is_md5_hidden

    def write(self, data: blobs.Bytes) -> None:
        """Append bytes. Raises StoreFull, StoreError."""
        if self._cipher is None:
            self._sums.update(data)
        else:
            shown, data = data, self._cipher.hide(data, offset=self._sums.size_bytes)
            self._sums.update(data, shown=None if self._is_md5_hidden else shown)
        if self._small is not None and self.size_bytes <= self._inline_bytes_max:
            self._small.append(bytes(data))
            return
        with translated(f"object {self.name}: write"):
            self._write(data)

    def copy_from(self, source: Download) -> None:
        """Take all the bytes of another object, and its checksums, inside the kernel; only once.

        Bytes that are decrypted on the way, or are to be encrypted, are read and written instead.
        """
        record = source.record
        is_same = not source.is_decrypted and self._cipher is None
        if is_same:
            self._etag = record.etag  # of what is kept encrypted no sum of these bytes
        if record.size_bytes <= self._inline_bytes_max or not (is_same and source.is_file):
            for start in range(0, record.size_bytes, sums.BLOCK_BYTES):
                self.write(source.read(start, sums.BLOCK_BYTES))
            return
        self._check_space(record.size_bytes)
        with translated(f"object {self.name}: copy"):
            self._small, self._drafts = None, self._open_drafts()
            for draft in self._drafts:
                draft.copy_from(source.fd, record.size_bytes, sums=(record.etag, record.xxh3))
        self._taken = record.etag, record.xxh3, source.blocks

    def draft_fd(self) -> int:
        """A draft's open file, for another process to write before `adopt` is called; only once."""
        with translated(f"object {self.name}: draft"):
            self._small, self._drafts = None, self._open_drafts()
        return self._drafts[0].fd

    def adopt(self, size_bytes: int, *, etag: str, xxh3: str, blocks: bytes) -> None:
        """Take what another process wrote into the draft, with the checksums that it says.

        Raises ValueError when there are not as many bytes, StoreFull.
        """
        first, *others = self._drafts
        first.adopt(size_bytes, sums=(etag, xxh3))
        with translated(f"object {self.name}: adopt"):
            for draft in others:
                draft.copy_from(first.fd, size_bytes, sums=(etag, xxh3))
        self._taken = etag, xxh3, blocks

    def commit(self, attributes: Attributes, *, may_replace: May = any_version) -> ObjectRecord:
        """Make the bytes the object, durably; once. Raises ContainerNotFound, StoreFull, …

        Raises NotReplaced, with nothing changed, if `may_replace` says so of what is there.
        """
        etag, xxh3, blocks = self._taken or (
            self._sums.etag, self._sums.xxh3, self._sums.blocks
        )  # fmt: skip
        body = Body(
            size_bytes=self.size_bytes,
            etag=self._etag or etag,
            xxh3=xxh3,
            blocks=blocks if len(blocks) > sums.BLOCK_SUM_BYTES else b"",
            data=b"".join(self._small) if self._small is not None else None,
            drafts=self._drafts,
        )
        return self._commit(body, attributes, may_replace)

    def abort(self) -> None:
        """Forget the bytes; harmless after `commit`."""
        self._sums.close()
        for draft in self._drafts:
            draft.discard()

    def _write(self, data: blobs.Bytes) -> None:
        if self.size_bytes >= self._asked_bytes:
            self._asked_bytes = self.size_bytes + SPACE_EVERY_BYTES
            self._check_space(len(data))
        if self._small is not None:
            self._drafts = self._open_drafts()
            small, self._small = self._small, None
            for draft in self._drafts:
                for piece in small:
                    draft.write(piece)
        for draft in self._drafts:
            draft.write(data)


class Download:
    """An object's bytes as they were when it was opened, whatever happens to it meanwhile.

    Every byte is checked before it is given: a block that rotted is read from the next copy, and if
    there is none, `read` raises ObjectDamaged. `copies` yields descriptors, which become its own;
    `on_rot` is told of a copy that was not what was written. With a `cipher`, what is read is
    decrypted after that, while `fd` is what is kept.
    """

    def __init__(
        self,
        record: ObjectRecord,
        copies: Iterator[int],
        *,
        data: bytes | None = None,
        blocks: bytes = b"",
        on_rot: Callable[[], None] = lambda: None,
        cipher: Cipher | None = None,
    ) -> None:
        self.record = record
        self.blocks = blocks
        self._copies = copies
        self._fd = -1
        self._on_rot = on_rot
        self._cipher = cipher
        self._index = -1  # of the block that is in `_block`
        self._block = b""
        self._data = data
        if data is None:
            self._fd = next(copies, -1)
        elif not self._is_good(0, data):
            on_rot()
            raise ObjectDamaged(f"object {record.name} rotted in its container: upload it again")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()  # an answer whose reader went away before its first byte is only dropped

    @property
    def is_found(self) -> bool:
        """Whether there is a copy at all."""
        return self._data is not None or self._fd >= 0

    @property
    def is_file(self) -> bool:
        """Whether the bytes are a file of their own."""
        return self._data is None

    @property
    def is_decrypted(self) -> bool:
        """Whether what is read is not what is kept."""
        return self._cipher is not None

    @property
    def fd(self) -> int:
        """An open file of exactly the object's bytes, not checked yet."""
        if self._data is not None and self._fd < 0:
            self._fd = os.memfd_create("object", os.MFD_CLOEXEC)
            os.write(self._fd, self._data)
        return self._fd

    @property
    def path(self) -> str:
        """A path that this process can open until `close`, even if the object is deleted."""
        return f"/proc/self/fd/{self.fd}"

    def read(self, offset: int, count: int) -> bytes:
        """Return up to `count` bytes from `offset`; fewer only at the end.

        Raises ObjectDamaged if no copy has what was written, StoreError.
        """
        stop = min(offset + count, self.record.size_bytes)
        if offset >= stop:
            return b""
        kept = self._kept(offset, stop)
        return kept if self._cipher is None else self._cipher.show(kept, offset=offset)

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _kept(self, offset: int, stop: int) -> bytes:
        """Return the bytes as they are kept, checked."""
        if self._data is not None:
            return self._data[offset:stop]
        size = sums.BLOCK_BYTES
        first, last = offset // size, (stop - 1) // size
        if first == last:
            block = self._checked(first)
            start = offset - first * size
            is_whole = start == 0 and stop - offset == len(block)
            return block if is_whole else block[start : stop - first * size]
        joined = b"".join(self._checked(index) for index in range(first, last + 1))
        return joined[offset - first * size : stop - first * size]

    def _checked(self, index: int) -> bytes:
        """Return a block as it was written, from whichever copy has it."""
        if index == self._index:
            return self._block
        while (block := self._raw(index)) is None or not self._is_good(index, block):
            self._on_rot()
            self._next_copy(index)
        self._index, self._block = index, block
        return block

    def _raw(self, index: int) -> bytes | None:
        """Return a block as the present copy has it; None if the disk does not give it."""
        try:
            return os.pread(self._fd, sums.BLOCK_BYTES, index * sums.BLOCK_BYTES)
        except OSError as error:
            log.error("object %s: block %d: %s", self.record.name, index, error.strerror)  # noqa: TRY400
            return None

    def _is_good(self, index: int, block: bytes) -> bool:
        if self.blocks:
            return sums.is_block(block, self.blocks, index)
        return sums.whole(block) == self.record.xxh3

    def _next_copy(self, index: int) -> None:
        self.close()
        with translated(f"object {self.record.name}: another copy"):
            self._fd = next(self._copies, -1)
        if self._fd < 0:
            raise ObjectDamaged(
                f"object {self.record.name}: block {index} rotted and there is no other copy"
            )
