"""Several parts of one object in one answer: multipart/byteranges (RFC 9110, section 14.6).

It refuses to know where the bytes come from: each part brings a function that opens them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self

from services.object.conditions import Span

_END: Final = "\r\n"


class Closable(Iterator[bytes], Protocol):
    """Bytes that hold something open."""

    def close(self) -> None:
        """Let go of it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One span, and how its bytes are opened."""

    span: Span
    open: Callable[[], Closable]


class Multipart(Iterator[bytes]):
    """The answer's body, a chunk at a time; close it. `size_bytes` is its length."""

    def __init__(self, parts: Sequence[Part], *, boundary: str, content_type: str) -> None:
        self._heads = [
            f"--{boundary}{_END}Content-Type: {content_type}{_END}"
            f"Content-Range: {part.span}{_END}{_END}".encode("latin-1")
            for part in parts
        ]
        self._tail = f"--{boundary}--".encode()
        self.size_bytes = len(self._tail) + sum(
            len(head) + part.span.stop - part.span.start + len(_END)
            for head, part in zip(self._heads, parts, strict=True)
        )
        self._open: Closable | None = None
        self._chunks = self._walk(parts)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        """Let go of what is open."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _walk(self, parts: Sequence[Part]) -> Iterator[bytes]:
        for head, part in zip(self._heads, parts, strict=True):
            yield head
            self._open = part.open()
            yield from self._open
            self.close()
            yield _END.encode()
        yield self._tail
