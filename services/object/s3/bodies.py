"""A request's body as it is meant: framing taken off, and everything said of it held to be true.

Signatures of chunks, lengths, digests and checksums are checked as the bytes pass; whoever reads
to the end and then calls `verify` has read what was signed (S3 API, "aws-chunked"). It refuses to
know where the bytes go.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Final, Protocol

from services.http.aws_signature import Chain
from services.http.endpoint import Reader
from services.object.s3 import checksums
from services.object.s3.refusals import Refused

CHUNK_BYTES: Final = 1 << 20  # one thread hop (~0.1 ms) a MiB
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
STREAMING: Final = {
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
}
CHUNK_BYTES_MIN: Final = 8192  # of a chunk but the last
LINE_BYTES_MAX: Final = 4096  # of a chunk's head, or of all trailers; signed heads have 90
_HEAD: Final = re.compile(rb"([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_TRAILER_SIGNATURE: Final = "x-amz-trailer-signature"


class Source(Protocol):
    """Bytes to read."""

    def read(self, size_bytes: int = -1, /) -> bytes:
        """Up to `size_bytes`; empty at the end."""


class Body:
    """The bytes that are meant. Raises Refused as soon as something said of them is not true."""

    def __init__(
        self,
        source: Source,
        *,
        length_bytes: int | None,
        sha256: str = "",
        md5: str = "",
        expected: Mapping[str, str] | None = None,
        compute: str = "",
    ) -> None:
        self.length_bytes = length_bytes
        self.size_bytes = 0
        self._source = source
        self._sha256 = sha256
        self._hash = hashlib.sha256() if sha256 else None
        self._md5 = md5
        self._md5_hash = hashlib.md5(usedforsecurity=False) if md5 else None
        self._expected = dict(expected or {})
        names = {*self._expected, *([compute] if compute else [])}
        self._running = {name: checksums.start(name) for name in names}

    @property
    def checksum(self) -> tuple[str, str] | None:
        """The algorithm and value of the body's checksum, when the client gave or wanted one."""
        for name, running in self._running.items():
            return name, checksums.encoded(running.digest())
        return None

    def read(self, size_bytes: int = CHUNK_BYTES) -> bytes:
        """Up to `size_bytes`; empty at the end."""
        data = self._source.read(size_bytes)
        self.size_bytes += len(data)
        if self.length_bytes is not None and self.size_bytes > self.length_bytes:
            raise Refused("IncompleteBody", "The body is longer than was announced.")
        if self._hash is not None:
            self._hash.update(data)
        if self._md5_hash is not None:
            self._md5_hash.update(data)
        for running in self._running.values():
            running.update(data)
        return data

    def verify(self) -> None:
        """Raise Refused unless all that was read is what was announced; after the end."""
        if self.length_bytes is not None and self.size_bytes != self.length_bytes:
            raise Refused("IncompleteBody")  # a longer one was refused while it was read
        if self._hash is not None and self._hash.hexdigest() != self._sha256:
            raise Refused("XAmzContentSHA256Mismatch")
        if self._md5_hash is not None and self._md5_hash.hexdigest() != self._md5:
            raise Refused("BadDigest")
        trailers = self._source.trailers if isinstance(self._source, Chunked) else {}
        for name, running in self._running.items():
            wanted = self._expected.get(name) or trailers.get(checksums.HEADER + name.lower())
            if wanted is not None and wanted != checksums.encoded(running.digest()):
                raise Refused("BadDigest", f"The {name} you specified did not match what we had.")

    def whole(self, limit_bytes: int) -> bytes:
        """All of a small body, verified. Raises Refused: MaxMessageLengthExceeded too."""
        if (self.length_bytes or 0) > limit_bytes:
            raise Refused("MaxMessageLengthExceeded")
        parts = []
        while data := self.read():
            parts.append(data)
            if self.size_bytes > limit_bytes:
                raise Refused("MaxMessageLengthExceeded")
        self.verify()
        return b"".join(parts)


class Chunked:
    """What aws-chunked framing holds; `chain` checks the signatures, when the chunks have some."""

    def __init__(self, source: Source, *, chain: Chain | None, trailer: str) -> None:
        self.trailers: dict[str, str] = {}
        self._source = source
        self._chain = chain
        self._trailer = trailer.strip().lower()  # the one that was announced
        self._buffer = b""
        self._at = 0  # how much of the buffer was taken
        self._count = 0  # chunks so far
        self._size_bytes = CHUNK_BYTES_MIN  # of the last of them; none was too small yet
        self._left_bytes = 0
        self._signature = ""
        self._hash = hashlib.sha256()
        self._is_over = False

    def read(self, size_bytes: int = -1, /) -> bytes:
        """Up to `size_bytes` (`CHUNK_BYTES` when negative), of many chunks; empty at the end."""
        pieces: list[bytes] = []
        left_bytes = size_bytes if size_bytes >= 0 else CHUNK_BYTES
        while left_bytes and (piece := self._piece(left_bytes)):
            pieces.append(piece)
            left_bytes -= len(piece)
        return b"".join(pieces)

    def _piece(self, size_bytes: int) -> bytes:
        """Up to `size_bytes` of one chunk; empty at the end."""
        if not self._left_bytes and not self._is_over:
            self._begin()
        if self._is_over:
            return b""
        data = self._take(min(self._left_bytes, size_bytes))
        if not data:
            raise Refused("IncompleteBody")
        self._left_bytes -= len(data)
        if self._chain is not None:
            self._hash.update(data)
        if not self._left_bytes:
            self._end()
        return data

    def _begin(self) -> None:
        head = _HEAD.fullmatch(self._line())
        if head is None or (head[2] is None) != (self._chain is None):
            raise Refused("IncompleteBody", "A chunk's head cannot be read.")
        before_bytes, self._size_bytes = self._size_bytes, int(head[1], 16)
        self._left_bytes = self._size_bytes
        self._count += 1
        self._signature = (head[2] or b"").decode()
        if not self._left_bytes:
            self._check()
            self._finish()
        elif before_bytes < CHUNK_BYTES_MIN:
            facts = {"Chunk": str(self._count), "BadChunkSize": str(before_bytes)}
            raise Refused("InvalidChunkSizeError", facts=facts)

    def _end(self) -> None:
        """After a chunk's last byte: its signature, and the line's end."""
        self._check()
        if self._line():
            raise Refused("IncompleteBody", "A chunk is longer than its head says.")

    def _check(self) -> None:
        if self._chain is not None:
            if not self._chain.is_next(self._signature, self._hash.hexdigest()):
                raise Refused("SignatureDoesNotMatch", "A chunk's signature does not match.")
            self._hash = hashlib.sha256()

    def _finish(self) -> None:
        self._is_over = True
        signature, size_bytes = "", 0
        while line := self._line(is_last=not self._trailer):
            size_bytes += len(line)
            name, colon, value = line.decode("latin-1").partition(":")
            name = name.strip().lower()
            if not colon or size_bytes > LINE_BYTES_MAX:
                raise Refused("IncompleteBody", "The trailers cannot be read.")
            if name == _TRAILER_SIGNATURE:
                signature = value.strip()
            elif name == self._trailer:
                self.trailers[name] = value.strip()
            else:
                raise Refused("MalformedXML", f"The trailer {name} was not announced.", status=400)
        if self._trailer and self._trailer not in self.trailers:
            raise Refused("IncompleteBody", f"The trailer {self._trailer} is missing.")
        if self._chain is not None and self._trailer:
            signed = f"{self._trailer}:{self.trailers[self._trailer]}\n".encode()
            if not self._chain.is_trailer(signature, signed):
                raise Refused("SignatureDoesNotMatch", "The trailers' signature does not match.")

    def _line(self, *, is_last: bool = False) -> bytes:
        """One line without its end; the body's last may lack it."""
        while (end := self._buffer.find(b"\r\n", self._at, self._at + LINE_BYTES_MAX)) < 0:
            rest = self._buffer[self._at :]
            if len(rest) >= LINE_BYTES_MAX:
                raise Refused("IncompleteBody", "A chunk's head has no end.")
            data = self._source.read(CHUNK_BYTES)
            if not data:
                if is_last and not rest:
                    return b""
                raise Refused("IncompleteBody")
            self._buffer, self._at = rest + data, 0
        line, self._at = self._buffer[self._at : end], end + 2
        return line

    def _take(self, count: int) -> bytes:
        if self._at == len(self._buffer):
            self._buffer, self._at = self._source.read(CHUNK_BYTES), 0
        data = self._buffer[self._at : self._at + count]
        self._at += len(data)
        return data


def of(content: Reader | None, headers: Mapping[str, str], *, chain: Chain | None) -> Body:
    """The body of a request, by its headers (names in lower case). Raises Refused."""
    if content is None:
        return Body(_Nothing(), length_bytes=0)
    payload = headers.get("x-amz-content-sha256", UNSIGNED)
    length_bytes = content.length_bytes
    source: Source = content
    sha256 = trailer = ""
    if payload in STREAMING:
        is_signed = payload.startswith("STREAMING-AWS4")
        if is_signed and chain is None:
            raise Refused("SignatureDoesNotMatch", "Signed chunks need a signed request.")
        trailer = headers.get("x-amz-trailer", "") if payload.endswith("TRAILER") else ""
        source = Chunked(content, chain=chain if is_signed else None, trailer=trailer)
        length_bytes = _decoded_length(headers)
    elif _SHA256.fullmatch(payload):
        sha256 = payload
    elif payload != UNSIGNED:
        raise Refused("InvalidArgument", "x-amz-content-sha256 must be a SHA-256, or one of S3's.")
    expected, compute = _expected(headers, trailer)
    return Body(
        source, length_bytes=length_bytes, sha256=sha256, md5=_md5(headers),
        expected=expected, compute=compute,
    )  # fmt: skip


class _Nothing:
    def read(self, _: int = -1, /) -> bytes:
        return b""


def _expected(headers: Mapping[str, str], trailer: str) -> tuple[dict[str, str], str]:
    """The checksums that the headers give, and the algorithm to compute anyway."""
    given = {
        name: headers[checksums.HEADER + name.lower()]
        for name in checksums.ALGORITHMS
        if checksums.HEADER + name.lower() in headers
    }
    if len(given) > 1:
        raise Refused("InvalidRequest", "Expecting a single x-amz-checksum- header.")
    for name, value in given.items():
        if not checksums.is_value(name, value):
            raise Refused("InvalidRequest", f"Value for x-amz-checksum-{name.lower()} is invalid.")
    compute = headers.get("x-amz-sdk-checksum-algorithm", "").upper()
    if trailer:
        compute = trailer.strip().lower().removeprefix(checksums.HEADER).upper()
    if compute and compute not in checksums.ALGORITHMS:
        raise Refused("InvalidRequest", f"The checksum algorithm {compute} is not one of S3's.")
    return given, "" if given else compute


def _decoded_length(headers: Mapping[str, str]) -> int:
    text = headers.get("x-amz-decoded-content-length", "")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise Refused("MissingContentLength")
    return int(text)


def _md5(headers: Mapping[str, str]) -> str:
    """What Content-MD5 says, in hexadecimal. Raises Refused: InvalidDigest."""
    if "content-md5" not in headers:
        return ""
    try:
        digest = base64.b64decode(headers["content-md5"], validate=True)
    except ValueError as error:
        raise Refused("InvalidDigest") from error
    if len(digest) != 16:
        raise Refused("InvalidDigest")
    return digest.hex()
