"""The plain pool: sparse raw files in one folder, root's alone.

A file gets its name when it is whole and on the disk; until then it has another, which only the
next attempt or `delete` sees. Knows no row and no export; counts no promises.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Final

from storage import blobs
from storage.blocks.errors import BlockError, NoSpace
from storage.blocks.pool import Capacity

VOLUME: Final = "nbx-v-"
SNAPSHOT: Final = "nbx-s-"
_DRAFT: Final = ".new"  # a file under construction
_FICLONE: Final = 0x40049409  # linux/fs.h: _IOW(0x94, 9, int)
_NO_REFLINK: Final = frozenset(
    {errno.EOPNOTSUPP, errno.EINVAL, errno.EXDEV, errno.ENOTTY, errno.ENOSYS}
)
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Sparse:
    """Pool in a folder, which is made when first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, volume_id: str, *, size_bytes: int) -> None:
        """Make a file that is one hole."""
        path = self._volume(volume_id)
        with _refusals("create", volume_id):
            if not path.exists():
                with self._draft(path, size_bytes=size_bytes):
                    pass

    def create_from(self, snapshot_id: str, volume_id: str, *, size_bytes: int) -> None:
        """Share the snapshot's blocks where the file system can, else copy what is not a hole."""
        path = self._volume(volume_id)
        with _refusals("create", volume_id, from_snapshot=snapshot_id):
            if not path.exists():
                with self._draft(path, size_bytes=size_bytes) as draft:
                    _clone(self._snapshot(snapshot_id), draft)

    @contextmanager
    def filling(self, volume_id: str, *, size_bytes: int) -> Iterator[Path]:
        """Yield a hole of the volume's size. More bytes than that are refused at the end."""
        with (
            _refusals("fill", volume_id),
            self._draft(self._volume(volume_id), size_bytes=size_bytes) as draft,
        ):
            yield draft

    def delete(self, volume_id: str) -> None:
        """Remove the file. Snapshots need it no more; whoever exports it withdraws it before."""
        with _refusals("delete", volume_id):
            self._remove(self._volume(volume_id))

    def extend(self, volume_id: str, *, size_bytes: int) -> None:
        """Add a hole at the end."""
        with _refusals("extend", volume_id):
            _grow(self.device(volume_id), size_bytes)

    def snapshot(self, volume_id: str, snapshot_id: str) -> None:
        """Keep a copy, as `create_from` makes one."""
        path = self._snapshot(snapshot_id)
        with _refusals("snapshot", volume_id, snapshot=snapshot_id):
            if not path.exists():
                with self._draft(path, size_bytes=0) as draft:
                    _clone(self.device(volume_id), draft)

    def delete_snapshot(self, snapshot_id: str) -> None:
        """Remove the copy."""
        with _refusals("delete snapshot", snapshot_id):
            self._remove(self._snapshot(snapshot_id))

    @cached_property
    def can_snapshot_in_use(self) -> bool:
        """Whether the file system shares blocks (btrfs, XFS): then a copy is of one moment."""
        with _refusals("probe", str(self._folder)):
            self._make_folder()
            source, target = (self._folder / f"reflink-{end}{_DRAFT}" for end in "ab")
            try:
                source.write_bytes(b"x")
                target.write_bytes(b"")
                return _reflink(source, target)
            finally:
                source.unlink(missing_ok=True)
                target.unlink(missing_ok=True)

    def device(self, volume_id: str) -> Path:
        """The file itself. Raises BlockError when there is none."""
        path = self._volume(volume_id)
        if not path.exists():
            raise BlockError(f"volume {volume_id}: {path} is not there")
        return path

    def place(self, volume_id: str) -> Path:
        """The file's path."""
        return self._volume(volume_id)

    def snapshot_place(self, snapshot_id: str) -> Path:
        """The file's path."""
        return self._snapshot(snapshot_id)

    def volumes(self) -> Iterator[str]:
        """Ids, by the files' names."""
        return self._ids(VOLUME)

    def snapshots(self) -> Iterator[str]:
        """Ids, by the files' names."""
        return self._ids(SNAPSHOT)

    def capacity(self) -> Capacity:
        """What the folder's file system has."""
        with _refusals("measure", str(self._folder)):
            self._make_folder()
            has = os.statvfs(self._folder)
        return Capacity(
            total_bytes=has.f_blocks * has.f_frsize, free_bytes=has.f_bavail * has.f_frsize
        )

    def clear(self) -> None:
        """Remove all files of ours; the folder stays."""
        with _refusals("clear", str(self._folder)):
            for path in self._folder.glob("nbx-*"):
                path.unlink(missing_ok=True)
            if self._folder.exists():
                blobs.sync_directory(self._folder)

    def _volume(self, volume_id: str) -> Path:
        return self._folder / f"{VOLUME}{volume_id}"

    def _snapshot(self, snapshot_id: str) -> Path:
        return self._folder / f"{SNAPSHOT}{snapshot_id}"

    def _ids(self, prefix: str) -> Iterator[str]:
        for path in self._folder.glob(f"{prefix}*"):
            if path.suffix != _DRAFT:
                yield path.name.removeprefix(prefix)

    def _make_folder(self) -> None:
        if not self._folder.is_dir():
            blobs.make_directory(self._folder)
            self._folder.chmod(0o700)

    def _remove(self, path: Path) -> None:
        path.with_name(path.name + _DRAFT).unlink(missing_ok=True)
        if path.exists():
            path.unlink()
            blobs.sync_directory(self._folder)

    @contextmanager
    def _draft(self, path: Path, *, size_bytes: int) -> Iterator[Path]:
        """A hole that is `path`, durably, when the block ends well, and gone when it raises."""
        self._make_folder()
        here = draft = path.with_name(path.name + _DRAFT)
        try:
            os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
            os.truncate(draft, size_bytes)
            yield draft
            _finish(draft, size_bytes)
            draft.replace(path)
            here = path
            blobs.sync_directory(self._folder)
        except BaseException:
            here.unlink(missing_ok=True)
            raise


def _finish(draft: Path, size_bytes: int) -> None:
    """Bring a draft to the disk. Zero bytes asked for: as large as what was put into it."""
    filled_bytes = draft.stat().st_size
    if size_bytes and filled_bytes > size_bytes:
        raise BlockError(f"{draft.name}: {filled_bytes} bytes do not fit into {size_bytes}")
    _grow(draft, size_bytes)


def _grow(path: Path, size_bytes: int) -> None:
    """Make a file at least so large, and bring all of it to the disk."""
    fd = os.open(path, os.O_RDWR)
    try:
        if os.fstat(fd).st_size < size_bytes:
            os.ftruncate(fd, size_bytes)
        os.fsync(fd)
    finally:
        os.close(fd)


def _clone(source: Path, target: Path) -> None:
    """Give `target` the bytes of `source`; it stays at least as large as it is."""
    if not _reflink(source, target):
        _copy(source, target)


def _reflink(source: Path, target: Path) -> bool:
    size_bytes = target.stat().st_size
    with source.open("rb") as read, target.open("r+b") as write:
        try:
            fcntl.ioctl(write.fileno(), _FICLONE, read.fileno())
        except OSError as error:
            if error.errno in _NO_REFLINK:
                return False
            raise
        if os.fstat(write.fileno()).st_size < size_bytes:
            os.ftruncate(write.fileno(), size_bytes)
    return True


def _copy(source: Path, target: Path) -> None:
    """Copy what is data, inside the kernel; holes stay holes (lseek(2), SEEK_DATA)."""
    with source.open("rb") as read, target.open("r+b") as write:
        size_bytes = os.fstat(read.fileno()).st_size
        if os.fstat(write.fileno()).st_size < size_bytes:
            os.ftruncate(write.fileno(), size_bytes)
        for offset, end in _extents(read.fileno(), size_bytes):
            while offset < end:
                offset += os.copy_file_range(
                    read.fileno(), write.fileno(), end - offset,
                    offset_src=offset, offset_dst=offset,
                )  # fmt: skip


def _extents(fd: int, size_bytes: int) -> Iterator[tuple[int, int]]:
    end = 0
    while end < size_bytes:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left
                return
            raise
        end = os.lseek(fd, start, os.SEEK_HOLE)
        yield start, end


@contextmanager
def _refusals(verb: str, what: str, **tried: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        kind = NoSpace if error.errno in _FULL else BlockError
        raise kind(f"{what}: cannot {verb}: {error}", tried=tried) from error
