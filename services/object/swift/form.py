"""The parts of a multipart/form-data body, one after another as they arrive (RFC 7578).

At most a batch of the body and one part's head are in memory. It refuses to know what the fields
mean.
"""

from __future__ import annotations

import email.message
import email.parser
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.http.endpoint import Reader

_HEAD_BYTES_MAX: Final = 8 << 10
_BOUNDARY_CHARS_MAX: Final = 70  # RFC 2046
_READ_BYTES: Final = 64 << 10


class Malformed(Exception):
    """The body is no form; the text says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """A field or a file; its bytes are read before the next one is asked for."""

    name: str
    file_name: str | None
    content_type: str
    _form: Form

    def read(self, size_bytes: int) -> bytes:
        """Return up to `size_bytes`; empty at the end of the part."""
        return self._form.read(size_bytes)


class Form:
    """A body being taken apart. Raises Malformed, and what reading the body raises."""

    def __init__(self, body: Reader, *, boundary: str) -> None:
        self._body = body
        self._mark = f"\r\n--{boundary}".encode()
        self._buffer = b"\r\n"  # so that the first boundary is as the others

    def parts(self) -> Iterator[Part]:
        """Yield the parts in order; what the caller did not read of one is passed over."""
        self._drain()
        while self._goes_on():
            yield self._part()
            self._drain()

    def read(self, size_bytes: int) -> bytes:
        """Return bytes of the part that was yielded last."""
        while (end := self._buffer.find(self._mark)) < 0 and len(self._buffer) < (
            size_bytes + len(self._mark)
        ):
            if not self._fill():
                raise Malformed("the body ends before its last boundary")
        if end < 0:  # a boundary may begin in what is left
            end = len(self._buffer) - len(self._mark) + 1
        data = self._buffer[: min(end, size_bytes)]
        self._buffer = self._buffer[len(data) :]
        return data

    def _drain(self) -> None:
        while self.read(_READ_BYTES):
            pass
        self._buffer = self._buffer[len(self._mark) :]

    def _goes_on(self) -> bool:
        """Pass over the end of a boundary's line; return whether another part follows."""
        while b"\r\n" not in self._buffer and not self._buffer.startswith(b"--"):
            if len(self._buffer) > _HEAD_BYTES_MAX or not self._fill():
                raise Malformed("a boundary's line does not end")
        if self._buffer.startswith(b"--"):
            return False
        line, _, self._buffer = self._buffer.partition(b"\r\n")
        if line.strip(b" \t"):
            raise Malformed("a boundary is followed by something else")
        return True

    def _part(self) -> Part:
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > _HEAD_BYTES_MAX or not self._fill():
                raise Malformed("the headers of a part do not end")
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        self._buffer = b"\r\n" + self._buffer if self._is_empty() else self._buffer
        said = _headers(head)
        name = said.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise Malformed("a part has no name")
        return Part(name, said.get_filename(), str(said.get("content-type", "")), self)

    def _is_empty(self) -> bool:
        """Return whether a boundary follows the part's headers at once."""
        while len(self._buffer) < len(self._mark) and self._fill():
            pass
        return self._buffer.startswith(self._mark[2:])

    def _fill(self) -> bool:
        data = self._body.read(_READ_BYTES)
        self._buffer += data
        return bool(data)


def boundary(content_type: str) -> str | None:
    """Return the boundary of a form's content type, or None if it is no form's."""
    said = email.message.Message()
    said["content-type"] = content_type
    if said.get_content_type() != "multipart/form-data":
        return None
    found = said.get_boundary("")
    return found if found and len(found) <= _BOUNDARY_CHARS_MAX else None


def _headers(head: bytes) -> email.message.Message:
    text = head.decode(errors="replace")  # browsers write names in UTF-8 (RFC 7578, section 5.1)
    return email.parser.HeaderParser().parsestr(text)
