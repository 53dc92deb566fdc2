"""Archives in cpio's `newc` format (Linux, early-userspace/buffer-format.rst).

Everything belongs to root and dates from 1970: the same members make the same bytes.
"""

import posixpath
import stat
from typing import Final

TRAILER: Final = "TRAILER!!!"


class Archive:
    """One archive being written. Parent directories are made as they are needed, mode 0755."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._inode = 0
        self._directories: set[str] = {""}

    def directory(self, path: str, *, mode: int = 0o755) -> None:
        """Add a directory and its parents; one that is there already stays as it is."""
        path = path.strip("/")
        if path in self._directories:
            return
        self._parents(path)
        self._directories.add(path)
        self._add(path, stat.S_IFDIR | mode)

    def file(self, path: str, content: bytes, *, mode: int = 0o644) -> None:
        """Add a regular file."""
        self._parents(path)
        self._add(path, stat.S_IFREG | mode, content)

    def link(self, path: str, target: str) -> None:
        """Add a symbolic link that says `target`."""
        self._parents(path)
        self._add(path, stat.S_IFLNK | 0o777, target.encode())

    def character_device(self, path: str, *, major: int, minor: int, mode: int = 0o600) -> None:
        """Add a character device node; no privilege is needed to write one into an archive."""
        self._parents(path)
        self._add(path, stat.S_IFCHR | mode, device=(major, minor))

    def finish(self) -> bytes:
        """Return the archive with its trailer."""
        self._add(TRAILER, 0)
        return bytes(self._bytes)

    def _parents(self, path: str) -> None:
        self.directory(posixpath.dirname(path.strip("/")))

    def _add(
        self, path: str, mode: int, content: bytes = b"", *, device: tuple[int, int] = (0, 0)
    ) -> None:
        name = path.strip("/").encode() + b"\0"
        self._inode += 1
        fields = (
            self._inode, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0,
        )  # fmt: skip
        self._bytes += b"070701" + b"".join(b"%08X" % field for field in fields) + name
        self._pad()
        self._bytes += content
        self._pad()

    def _pad(self) -> None:
        self._bytes += bytes(-len(self._bytes) % 4)
