"""A file that exists whole or not at all.

A draft collects bytes under no name (O_TMPFILE), computing checksums in the same pass, and gets
its name only after its bytes are on the disk. Killed at any instruction, it leaves no part of a
file under any real name. It refuses to know what the bytes mean.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self

import xxhash

Bytes = bytes | bytearray | memoryview

DRAFT_PREFIX: Final = ".draft-"  # only where the file system has no O_TMPFILE
# of one call: with 1 MiB ext4 takes five times the CPU for the same bytes (Linux 6.18; the page
# cache looks for folios as large as the write)
WRITE_BYTES: Final = 256 << 10
FLUSH_BYTES: Final = 4 << 20  # the disk is given its work in pieces: the sync at the end is short
_SYNC_FILE_RANGE_WRITE: Final = 2  # of fcntl.h: begin to write, do not wait
COPY_BYTES: Final = 1024 * 1024  # memory for a copy that the kernel cannot do alone
_NO_TMPFILE: Final = frozenset({errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL})


class Draft:
    """Bytes on their way to a name; use it as a context manager, then `publish` within.

    `directory` must be on the file system of the later target. Left without `publish`, the bytes
    are gone. `size_bytes`, `etag` (md5, as Swift and S3 want it) and `xxh3` (128 bits, ours)
    describe what was written so far; without `is_summed` only its size is known. One thread at a
    time.
    """

    def __init__(self, directory: Path, *, is_summed: bool = True) -> None:
        self.directory = directory
        self.size_bytes = 0
        self._is_summed = is_summed
        self._flushed_bytes = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._xxh3 = xxhash.xxh3_128()
        self._sums: tuple[str, str] | None = None
        self._path, self._fd = _open_draft(directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.discard()

    @property
    def fd(self) -> int:
        """The open file, for attributes and kernel-side copies."""
        return self._fd

    @property
    def etag(self) -> str:
        """The md5 of what was written, in hexadecimal."""
        return self._sums[0] if self._sums else self._md5.hexdigest()

    @property
    def xxh3(self) -> str:
        """The 128-bit xxh3 of what was written, in hexadecimal."""
        return self._sums[1] if self._sums else self._xxh3.hexdigest()

    def write(self, data: Bytes) -> None:
        """Append `data`. Raises OSError (ENOSPC, EIO, ...); the draft is then good for nothing."""
        if self._is_summed:
            self._md5.update(data)
            self._xxh3.update(data)
        self.size_bytes += len(data)
        write_all(self._fd, data)
        if self.size_bytes - self._flushed_bytes >= FLUSH_BYTES:
            start, self._flushed_bytes = self._flushed_bytes, self.size_bytes
            begin_writing(self._fd, start, self.size_bytes - start)

    def copy_from(self, source_fd: int, size_bytes: int, *, sums: tuple[str, str]) -> None:
        """Take `size_bytes` of another file inside the kernel, and its known etag and xxh3.

        The draft must be empty, and nothing may follow.
        """
        offset = 0
        while offset < size_bytes:
            count = _copy_range(source_fd, self._fd, offset=offset, count=size_bytes - offset)
            if count == 0:
                message = f"source ended after {offset} of {size_bytes} bytes"
                raise OSError(errno.EIO, message)
            offset += count
        self.size_bytes = size_bytes
        self._sums = sums

    def adopt(self, size_bytes: int, *, sums: tuple[str, str]) -> None:
        """Take for the draft's bytes what another process has written into its file, and for their
        etag and xxh3 what it says. Raises ValueError when there are not as many.
        """
        found_bytes = os.fstat(self._fd).st_size
        if found_bytes != size_bytes:
            raise ValueError(f"{size_bytes} bytes were said to be written, {found_bytes} are there")
        self.size_bytes = size_bytes
        self._sums = sums

    def publish(self, target: Path, *, replace: bool = False) -> None:
        """Give the bytes their name, durably: when this returns a power cut loses nothing.

        Raises FileExistsError if `target` exists and `replace` is false, OSError otherwise; a new
        name is then not there, a replaced one holds the old bytes or the new.
        """
        os.fsync(self._fd)
        if replace:
            self._replace(target)
        else:
            self._link(target)

    def _link(self, target: Path) -> None:
        _link_fd(self._fd, target)
        try:
            sync_directory(target.parent)
        except OSError:
            target.unlink(missing_ok=True)
            raise

    def _replace(self, target: Path) -> None:
        if self._path is None:
            path = _draft_path(target.parent)
            _link_fd(self._fd, path)
            self._path = path
        self._path.replace(target)
        self._path = None
        sync_directory(target.parent)

    def discard(self) -> None:
        """Let go of the file; what was not published is gone. May be called twice."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
        if self._path is not None:
            self._path.unlink(missing_ok=True)
            self._path = None


def write_all(fd: int, data: Bytes) -> None:
    """Write all of `data` to an open file. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest[:WRITE_BYTES]) :]


def begin_writing(fd: int, start: int, count: int) -> None:
    """Let the disk begin with bytes that were written; whether it does is seen at the sync."""
    if _sync_file_range is not None:
        _sync_file_range(fd, start, count, _SYNC_FILE_RANGE_WRITE)


def in_memory(data: bytes) -> int:
    """A file without a name that holds `data`, to be given to another process; the caller's."""
    fd = os.memfd_create("blob", os.MFD_CLOEXEC)
    write_all(fd, data)
    return fd


def write_whole(target: Path, data: bytes) -> None:
    """Make `target` hold exactly `data`, durably; a reader sees the old or the new, never a mix."""
    with Draft(target.parent) as draft:
        draft.write(data)
        draft.publish(target, replace=True)


def make_directory(path: Path) -> None:
    """Make `path` and its missing parents, durably."""
    if path.is_dir():
        return
    make_directory(path.parent)
    with contextlib.suppress(FileExistsError):
        path.mkdir()
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Bring the names in a directory to the disk."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def sweep_drafts(directory: Path) -> int:
    """Remove what a process killed while replacing, or without O_TMPFILE, left; return how many."""
    leftovers = list(directory.glob(f"{DRAFT_PREFIX}*"))
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


def _find_sync_file_range() -> Callable[[int, int, int, int], int] | None:
    found = getattr(ctypes.CDLL(None), "sync_file_range", None)
    if found is not None:  # not every C library has it
        found.argtypes = (ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint)
    return found


_sync_file_range = _find_sync_file_range()


def _open_draft(directory: Path) -> tuple[Path | None, int]:
    """Return the draft's path, None while it has no name, and its descriptor."""
    try:
        return None, os.open(directory, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o644)
    except OSError as error:
        if error.errno not in _NO_TMPFILE or not directory.is_dir():
            raise
    path = _draft_path(directory)
    return path, os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o644)


def _draft_path(directory: Path) -> Path:
    return directory / f"{DRAFT_PREFIX}{secrets.token_hex(8)}"


def _link_fd(fd: int, target: Path) -> None:
    """Name an open file. Python follows the /proc link only when src_dir_fd is given."""
    os.link(f"/proc/self/fd/{fd}", target, src_dir_fd=fd, follow_symlinks=True)


def _copy_range(source_fd: int, target_fd: int, *, offset: int, count: int) -> int:
    """Copy up to `count` bytes in the kernel; between file systems that refuse, through memory."""
    try:
        return os.copy_file_range(source_fd, target_fd, count, offset_src=offset)
    except OSError as error:
        if error.errno not in {errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
    return os.write(target_fd, os.pread(source_fd, min(count, COPY_BYTES), offset))
