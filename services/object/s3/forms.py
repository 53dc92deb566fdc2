"""multipart/form-data, read as it comes: small fields first, then one file's bytes (RFC 7578).

What comes after the file is not read, as at S3. It refuses to know what the fields mean.
"""

from __future__ import annotations

import re
from typing import Final

from services.object.s3.bodies import CHUNK_BYTES, Source
from services.object.s3.refusals import Refused

FIELDS_BYTES_MAX: Final = 20 * 1024 + 32 * 1024  # a policy, and everything beside it
FIELDS_MAX: Final = 200
_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
_NAME: Final = re.compile(r';\s*name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FILENAME: Final = re.compile(r';\s*filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)


class Form:
    """A form: `fields` first, then `read` until it is empty: the file's bytes."""

    def __init__(self, source: Source, content_type: str) -> None:
        found = _BOUNDARY.search(content_type)
        if not content_type.lower().startswith("multipart/form-data") or found is None:
            raise Refused("MalformedPOSTRequest")
        self._source = source
        self._mark = b"\r\n--" + (found[1] or found[2]).encode("latin-1")
        self._buffer = b"\r\n"  # the first boundary has no line before it
        self._is_whole = False
        self._is_over = False
        self.filename = ""

    def fields(self) -> dict[str, str]:
        """The fields before the file, by their names in lower case. Raises Refused."""
        found: dict[str, str] = {}
        self._until(self._mark, FIELDS_BYTES_MAX)
        size_bytes = 0
        while len(found) < FIELDS_MAX:
            headers = self._until(b"\r\n\r\n", FIELDS_BYTES_MAX).decode("utf-8", "replace")
            if headers.startswith("--"):
                raise Refused("InvalidArgument", "POST requires exactly one file upload.")
            name = _NAME.search(headers)
            if name is None:
                raise Refused("MalformedPOSTRequest")
            filename = _FILENAME.search(headers)
            if name[1].lower() == "file":
                self.filename = re.split(r"[/\\]", filename[1])[-1] if filename else ""
                return found
            value = self._until(self._mark, FIELDS_BYTES_MAX - size_bytes)
            size_bytes += len(value)
            found[name[1].lower()] = value.decode("utf-8", "replace")
        raise Refused("MaxMessageLengthExceeded")

    def read(self, size_bytes: int = CHUNK_BYTES) -> bytes:
        """Up to so many bytes of the file; empty at its end."""
        if self._is_over:
            return b""
        keep = len(self._mark) - 1  # the boundary may have begun
        while len(self._buffer) <= keep + size_bytes and not self._is_whole:
            if self._mark in self._buffer:
                break
            self._more()
        data, mark, _ = self._buffer.partition(self._mark)
        if mark:
            part, self._buffer = data[:size_bytes], self._buffer[size_bytes:]
            if len(data) <= size_bytes:
                self._is_over = True
            return part
        if self._is_whole:
            raise Refused("MalformedPOSTRequest")
        part = self._buffer[:-keep][:size_bytes]
        self._buffer = self._buffer[len(part) :]
        return part

    def _until(self, mark: bytes, limit_bytes: int) -> bytes:
        while mark not in self._buffer:
            if len(self._buffer) > limit_bytes + CHUNK_BYTES:
                raise Refused("MaxMessageLengthExceeded")
            if self._is_whole:
                raise Refused("MalformedPOSTRequest")
            self._more()
        data, _, self._buffer = self._buffer.partition(mark)
        if len(data) > limit_bytes:
            raise Refused("MaxMessageLengthExceeded")
        return data

    def _more(self) -> None:
        data = self._source.read(CHUNK_BYTES)
        self._is_whole = not data
        self._buffer += data
