"""Images as files in one folder."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from storage import blobs
from storage.images import store

_LOCATION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")


class FileStore:
    """The store that is a folder; its file system keeps the bytes."""

    target = "disk"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        blobs.make_directory(folder)
        blobs.sweep_drafts(folder)

    def add(self, location: str, reader: store.Reader) -> store.Stored:
        """Write, sync, then name: a crash at any point leaves no bytes or all of them."""
        path = self._path(location)
        try:
            with blobs.Draft(self._folder) as draft:
                while chunk := reader.read(store.CHUNK_BYTES):
                    draft.write(chunk)
                draft.publish(path)
                return store.Stored(size_bytes=draft.size_bytes, etag=draft.etag)
        except OSError as error:
            raise store.failed(error, str(path)) from error

    def get(self, location: str, *, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `offset`, `length` of them or all, as chunks."""
        path = self._path(location)
        try:
            file = path.open("rb")
        except FileNotFoundError as error:
            raise store.DataNotFound(f"no file {path}") from error
        except OSError as error:
            raise store.ImageStoreError(f"{path}: {error.strerror or error}") from error
        chunks = _chunks(file, path, offset=offset, length=length)
        next(chunks)  # one that was begun closes the file when it is closed
        return chunks

    def delete(self, location: str) -> None:
        """Remove the file; there may be none."""
        path = self._path(location)
        try:
            path.unlink(missing_ok=True)
            blobs.sync_directory(self._folder)
        except OSError as error:
            raise store.ImageStoreError(f"{path}: {error.strerror or error}") from error

    def _path(self, location: str) -> Path:
        if not _LOCATION.fullmatch(location):
            raise store.DataNotFound(f"{location!r} is no name of a file in {self._folder}")
        return self._folder / location


def _chunks(file: BinaryIO, path: Path, *, offset: int, length: int | None) -> Iterator[bytes]:
    """Yields once, empty."""
    with file:
        yield b""
        file.seek(offset)
        left = length
        while left is None or left > 0:
            size = store.CHUNK_BYTES if left is None else min(left, store.CHUNK_BYTES)
            try:
                chunk = file.read(size)
            except OSError as error:
                raise store.ImageStoreError(f"{path}: {error.strerror or error}") from error
            if not chunk:
                break
            left = None if left is None else left - len(chunk)
            yield chunk
    if left:
        raise store.ImageStoreError(f"{path} ends {left} bytes early")
