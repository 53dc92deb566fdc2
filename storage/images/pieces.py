"""A stream cut in pieces, for stores that keep a large image as several objects or parts.

Each piece knows its md5, so that its store's word can be checked, and the stream that of the whole.
A reader that sums already, as every upload's does, is not summed again: its md5 of the whole is
also that of the first piece, when that has just ended.
"""

import hashlib
import operator
from typing import Protocol, runtime_checkable

from storage.images import store


@runtime_checkable
class Summed(Protocol):
    """A reader that knows the md5 of what it has given so far."""

    @property
    def md5(self) -> str:
        """In hexadecimal."""
        ...

    def read(self, size_bytes: int, /) -> bytes:
        """Up to `size_bytes`; empty at the end."""
        ...


class Pieces:
    """A reader as a row of pieces: the next one may begin when the last was read to its end."""

    def __init__(self, reader: store.Reader) -> None:
        self.hint_bytes = operator.length_hint(reader)  # of all of them; 0: it does not say
        self._reader = reader if isinstance(reader, Summed) else _Summing(reader)
        self._ahead = b""  # what the next piece begins with
        self._has_begun = False
        self.size_bytes = 0
        self.is_over = False

    @property
    def md5(self) -> str:
        """Of all that was read."""
        return self._reader.md5

    def next(self, size_bytes: int) -> "Piece":
        """A piece of so many bytes, or of what is left."""
        is_first, self._has_begun = not self._has_begun, True
        return Piece(self, size_bytes, is_first=is_first)

    def take(self, size_bytes: int) -> bytes:
        """The next bytes of the stream, for the piece that is read now."""
        if self._ahead:
            data, self._ahead = self._ahead[:size_bytes], self._ahead[size_bytes:]
        else:
            data = self._reader.read(size_bytes)
        self.size_bytes += len(data)
        self.is_over = not data
        return data

    def look_ahead(self) -> None:
        """Find out whether the stream ends here: where it says whether all of it was well."""
        self._ahead = self._ahead or self._reader.read(store.CHUNK_BYTES)
        self.is_over = not self._ahead


class Piece:
    """A part of a stream as a reader. Its end is told when the stream is known to go on or end."""

    def __init__(self, pieces: Pieces, size_bytes: int, *, is_first: bool) -> None:
        self._pieces = pieces
        self._left = size_bytes
        self._own = None if is_first else hashlib.md5(usedforsecurity=False)
        self._md5 = ""
        self.size_bytes = 0

    def __length_hint__(self) -> int:
        return max(min(self._left, self._pieces.hint_bytes - self._pieces.size_bytes), 0)

    @property
    def md5(self) -> str:
        """In hexadecimal, of a piece that was read to its end."""
        return self._md5

    def read(self, size_bytes: int, /) -> bytes:
        """Up to `size_bytes`; empty at the end."""
        data = self._pieces.take(min(size_bytes, self._left)) if self._left > 0 else b""
        if data:
            self._left -= len(data)
            self.size_bytes += len(data)
            if self._own is not None:
                self._own.update(data)
        elif not self._md5:
            self._md5 = self._own.hexdigest() if self._own is not None else self._pieces.md5
            if not self._pieces.is_over:
                self._pieces.look_ahead()
        return data


class _Summing:
    """A reader that computes what its own does not know."""

    def __init__(self, reader: store.Reader) -> None:
        self._reader = reader
        self._md5 = hashlib.md5(usedforsecurity=False)

    @property
    def md5(self) -> str:
        return self._md5.hexdigest()

    def read(self, size_bytes: int, /) -> bytes:
        data = self._reader.read(size_bytes)
        self._md5.update(data)
        return data
