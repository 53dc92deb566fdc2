"""Chunks as a reader: what a store gives, as a store takes it."""

from collections.abc import Iterator


class Chunks:
    """Each read is the next chunk, of whatever size; empty at the end. `size_bytes`: of all of
    them, where it is known.
    """

    def __init__(self, chunks: Iterator[bytes], *, size_bytes: int | None = None) -> None:
        self._chunks = chunks
        self._size_bytes = size_bytes

    def __length_hint__(self) -> int:
        return self._size_bytes or 0

    def read(self, _size_bytes: int, /) -> bytes:
        """The next chunk; empty at the end."""
        return next(self._chunks, b"")
