"""Where downloads wait on this machine: a private folder with one partial and one whole file an
entry. Knows no network and no cloud.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

from tui.catalog.entries import Entry
from tui.catalog.failure import FetchFailed

_KEY_CHARS: Final = 16  # of the checksum in a file's name: another release is another file


class Shelf:
    """The folder; made when missing, for its owner only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise FetchFailed(f"{folder}: {error.strerror}; name another with --cache") from error

    def part(self, entry: Entry, checksum: str) -> Path:
        """What has come so far of the file with this checksum."""
        return self.whole(entry, checksum).with_suffix(".part")

    def whole(self, entry: Entry, checksum: str) -> Path:
        """The file, once it is all there and was verified."""
        key = checksum[:_KEY_CHARS]
        return self.folder / f"{entry.name}-{key}.{entry.disk_format}"

    def opened(self, part: Path) -> BinaryIO:
        """Open what has come so far, to add to it; its owner's only."""
        return os.fdopen(
            os.open(part, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "ab",
            buffering=0,
        )  # fmt: skip

    def drop_stale_parts(self, entry: Entry, checksum: str) -> None:
        """Remove what came of other releases, and can never be completed."""
        ours = re.compile(rf"{re.escape(entry.name)}-[0-9a-f]{{{_KEY_CHARS}}}\.part")
        for path in self.folder.iterdir():
            if ours.fullmatch(path.name) and path != self.part(entry, checksum):
                path.unlink(missing_ok=True)

    def kept_bytes(self, entry: Entry) -> int:
        """How much of an entry's files is here, whole ones and parts."""
        ours = re.compile(rf"{re.escape(entry.name)}-[0-9a-f]{{{_KEY_CHARS}}}\.\w+")
        return sum(
            path.stat().st_size for path in self.folder.iterdir() if ours.fullmatch(path.name)
        )

    def room_bytes(self) -> int:
        """How many more bytes the folder can take."""
        state = os.statvfs(self.folder)
        return state.f_bavail * state.f_frsize

    @contextlib.contextmanager
    def alone(self, entry: Entry) -> Iterator[None]:
        """Keep other fetches of the same entry on this machine away. Raises FetchFailed."""
        path = self.folder / f"{entry.name}.lock"
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                os.close(handle)
                raise FetchFailed(f"{entry.name} is being fetched by another command") from error
            if _is_same(handle, path):  # else its holder removed it while we waited
                break
            os.close(handle)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            os.close(handle)


def _is_same(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def digest(file: BufferedReader, algorithm: str) -> str:
    """Return the checksum of all of a file, and leave it at its beginning."""
    file.seek(0)
    made = hashlib.file_digest(file, algorithm).hexdigest()
    file.seek(0)
    return made
