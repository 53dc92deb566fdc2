"""Where bytes wait on this host until they are imported: a folder of files, each whole."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from appliance import clock, config, errors
from services.image.inspection import Reader
from storage.images import file, store


class Staging:
    """The folder; may be used by many threads and processes."""

    def __init__(self, settings: config.Settings) -> None:
        self._store = file.FileStore(settings.home / "staging")
        self._folder = settings.home / "staging"
        self._size_bytes_max = settings.image.size_bytes_max

    def add(self, image_id: str, reader: Reader) -> str:
        """Keep what `reader` gives; its name. Raises TooLarge, StoreError, what `reader` raises."""
        location = f"{image_id}-{secrets.token_hex(4)}"
        try:
            self._store.add(location, _Limited(reader, self._size_bytes_max))
        except store.StoreFull as error:
            raise errors.TooLarge(f"There is no room for image {image_id}: {error}") from error
        except store.ImageStoreError as error:
            raise errors.StoreError(f"image {image_id}: {error}") from error
        return location

    def path(self, location: str) -> Path:
        """The file of that name."""
        return self._folder / Path(location).name

    def size_bytes(self, location: str) -> int | None:
        """How many bytes wait under that name; None when none do."""
        try:
            return self.path(location).stat().st_size
        except FileNotFoundError:
            return None

    def chunks(self, location: str) -> Iterator[bytes]:
        """The bytes of that name. Raises StoreError."""
        try:
            yield from self._store.get(location)
        except store.ImageStoreError as error:
            raise errors.StoreError(str(error)) from error

    def remove(self, location: str) -> None:
        """Let go of the bytes; there may be none."""
        self.path(location).unlink(missing_ok=True)

    def names(self, *, older_than_s: float) -> list[str]:
        """What has waited here for longer than that."""
        until = clock.now() - older_than_s
        return [path.name for path in self._folder.iterdir() if _is_before(path, until)]


def _is_before(path: Path, until: float) -> bool:
    try:
        return not path.name.startswith(".") and path.stat().st_mtime < until
    except FileNotFoundError:
        return False  # somebody has let go of it just now


class _Limited:
    """A reader of at most so many bytes."""

    def __init__(self, reader: Reader, size_bytes_max: int) -> None:
        self._reader = reader
        self._left = size_bytes_max

    def read(self, size_bytes: int, /) -> bytes:
        """Up to `size_bytes`; empty at the end."""
        data = self._reader.read(size_bytes)
        self._left -= len(data)
        if self._left < 0:
            raise errors.TooLarge("The image has more bytes than are accepted.")
        return data
