"""Images as objects of a bucket of any S3, over HTTP with the standard library alone.

A small image is one PUT, a larger one a multipart upload. A part waits in a spool, in memory and
above a few MiB in an unnamed file, because S3 wants to know its length before its first byte: so
its digests are known too, and a part that the network loses is sent again.

Source: Amazon S3 API Reference (PutObject, CreateMultipartUpload, UploadPart, Error Responses).
"""

import base64
import contextlib
import hashlib
import html
import http.client
import logging
import re
import ssl
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import IO, Final

from storage.images import aws_signing, store, wire
from storage.images.pieces import Piece, Pieces

log = logging.getLogger(__name__)

PART_BYTES: Final = 8 << 20  # the first ones'; S3 takes none under 5 MiB but the last
PART_BYTES_MAX: Final = 5 << 30
# A part is twice as large every so many: 1000 parts, all that Swift's S3 takes, make 1.2 TiB.
_PARTS_OF_A_SIZE: Final = 90
_TRIES: Final = 2  # the first may meet a connection that the service closed when it was idle
_DEFAULT_REGION: Final = "us-east-1"  # the one that a bucket must not be told to be in
_NOTHING_SHA256: Final = hashlib.sha256().hexdigest()
_LOST: Final = (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected)
_DONE: Final = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT, HTTPStatus.PARTIAL_CONTENT})
_NOT_THERE: Final = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchUpload"})
_FULL: Final = re.compile(r"Quota|StorageFull|InsufficientStorage|EntityTooLarge")
_FULL_STATUS: Final = frozenset(
    {HTTPStatus.INSUFFICIENT_STORAGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
)
_UPLOAD: Final = re.compile(r"<Upload>(.*?)</Upload>", re.DOTALL)
_HAS_MD5: Final = re.compile(r"[0-9a-f]{32}")


class _NoBucket(store.DataNotFound):
    """The bucket is not there (yet)."""


class _NotOffered(store.ImageStoreError):
    """The service does not have that call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Which bucket of which service, and the key that opens it."""

    endpoint: str  # a URL without a slash at the end
    name: str
    key: aws_signing.Key


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """A part in the spool."""

    size_bytes: int
    md5: str
    sha256: str


class S3Store:
    """The store that is a bucket, which is made when it is missing.

    `spool` is the folder where large parts wait; `tls` replaces the system's certificates.
    """

    target = "object"

    def __init__(
        self,
        bucket: Bucket,
        *,
        spool: Path,
        part_bytes: int = PART_BYTES,
        tls: ssl.SSLContext | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._bucket = bucket
        self._spool = spool
        self._part_bytes = part_bytes
        self._tls = tls
        self._now = now
        self._is_tls = bucket.endpoint.startswith("https:")

    def add(self, location: str, reader: store.Reader) -> store.Stored:
        """Send it in one piece or several: what is not completed is never there.

        Killed in the middle, parts stay in the bucket; `delete` finds their upload by its name.
        """
        pieces = Pieces(reader)
        with contextlib.ExitStack() as opened:
            spool = opened.enter_context(self._spooled())
            line = opened.enter_context(self._line())
            first = self._fill(spool, pieces.next(self._part_bytes))
            if pieces.is_over:
                self._put_part(line, location, {}, spool, first)
            else:
                self._add_parts(line, location, spool, pieces, first)
        return store.Stored(size_bytes=pieces.size_bytes, etag=pieces.md5)

    def get(self, location: str, *, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `offset`, `length` of them or all, as chunks."""
        if length == 0:
            return iter(())
        with contextlib.ExitStack() as opened:
            line = opened.enter_context(self._line())
            what = f"GET {self._url(location)}"
            opened.enter_context(wire.reaching(what))
            answer = self._ask(line, "GET", location, headers=wire.byte_range(offset, length))
            return wire.chunks(opened.pop_all(), answer, what)

    def delete(self, location: str) -> None:
        """Remove the object, and uploads of it that nobody finished; there may be none.

        What a crash left stays where the service keeps no list of uploads.
        """
        with self._line() as line:
            with contextlib.suppress(store.DataNotFound):
                self._ask(line, "DELETE", location).read()
            with contextlib.suppress(store.DataNotFound, _NotOffered):
                for upload_id in self._uploads(line, location):
                    self._abort(line, location, upload_id)

    def _uploads(self, line: http.client.HTTPConnection, location: str) -> list[str]:
        answer = self._ask(line, "GET", "", query={"uploads": "", "prefix": location})
        found = [match[1] for match in _UPLOAD.finditer(wire.said(answer))]
        return [_text(each, "UploadId") for each in found if _text(each, "Key") == location]

    def _abort(self, line: http.client.HTTPConnection, location: str, upload_id: str) -> None:
        with contextlib.suppress(store.DataNotFound):
            self._ask(line, "DELETE", location, query={"uploadId": upload_id}).read()

    def _add_parts(
        self,
        line: http.client.HTTPConnection,
        location: str,
        spool: IO[bytes],
        pieces: Pieces,
        part: _Part,
    ) -> None:
        begun = wire.said(self._send(line, "POST", location, query={"uploads": ""}))
        upload_id = _text(begun, "UploadId")
        etags: list[str] = []
        with contextlib.ExitStack() as undo:
            undo.callback(self._undo, location, upload_id)
            while True:
                query = {"partNumber": str(len(etags) + 1), "uploadId": upload_id}
                etags.append(self._put_part(line, location, query, spool, part))
                if pieces.is_over:
                    break
                part = self._fill(spool, pieces.next(self._size_bytes(len(etags))))
            self._complete(line, location, upload_id, etags)
            undo.pop_all()

    def _size_bytes(self, place: int) -> int:
        """How large the part is that has so many before it."""
        return min(self._part_bytes << (place // _PARTS_OF_A_SIZE), PART_BYTES_MAX)

    def _complete(
        self, line: http.client.HTTPConnection, location: str, upload_id: str, etags: list[str]
    ) -> None:
        parts = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{html.escape(etag)}</ETag></Part>"
            for number, etag in enumerate(etags, start=1)
        )
        body = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
        query = {"uploadId": upload_id}
        answer = self._ask(line, "POST", location, query=query, body=body)
        text = wire.said(answer)
        if "<Error" in text:  # it answers 200 before it knows, as it may take minutes
            raise _error(f"POST {self._url(location)}", answer, text)

    def _undo(self, location: str, upload_id: str) -> None:
        """Give an upload up; it may be complete, if only the answer was lost."""
        try:
            with self._line() as line:
                self._abort(line, location, upload_id)
            self.delete(location)
        except store.ImageStoreError as error:  # what failed first is what the caller hears
            log.warning("object %s: parts of it may stay: %s", self._url(location), error)

    @contextlib.contextmanager
    def _spooled(self) -> Iterator[IO[bytes]]:
        with tempfile.SpooledTemporaryFile(max_size=PART_BYTES, dir=str(self._spool)) as spool:
            yield spool

    def _fill(self, spool: IO[bytes], piece: Piece) -> _Part:
        """Read a piece into the spool. Signed is what goes over the network in the open."""
        sha256 = None if self._is_tls else hashlib.sha256()
        spool.seek(0)
        spool.truncate()
        while chunk := piece.read(store.CHUNK_BYTES):
            try:
                spool.write(chunk)
            except OSError as error:
                raise store.ImageStoreError(f"{self._spool}: {error}") from error
            if sha256 is not None:
                sha256.update(chunk)
        return _Part(
            size_bytes=piece.size_bytes,
            md5=piece.md5,
            sha256=aws_signing.UNSIGNED if sha256 is None else sha256.hexdigest(),
        )

    def _put_part(
        self,
        line: http.client.HTTPConnection,
        location: str,
        query: Mapping[str, str],
        spool: IO[bytes],
        part: _Part,
    ) -> str:
        """Send what is in the spool; its ETag. The service compares its md5, and so do we."""
        headers = {
            "Content-Length": str(part.size_bytes),
            "Content-MD5": base64.b64encode(bytes.fromhex(part.md5)).decode(),
        }
        answer = self._send(
            line, "PUT", location, query=query, headers=headers, body=spool, sha256=part.sha256
        )
        answer.read()
        etag = answer.getheader("ETag") or ""
        if _is_md5(answer, etag) and etag.strip('"') != part.md5:
            raise store.ImageStoreError(
                f"{self._url(location)}: bytes of md5 {part.md5} were sent, it has {etag}"
            )
        return etag

    def _send(
        self,
        line: http.client.HTTPConnection,
        method: str,
        location: str,
        *,
        query: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        body: bytes | IO[bytes] = b"",
        sha256: str | None = None,
    ) -> http.client.HTTPResponse:
        """Ask for something to be written, and for the bucket too when it is not there."""

        def ask() -> http.client.HTTPResponse:
            return self._ask(
                line, method, location, query=query, headers=headers, body=body, sha256=sha256
            )

        try:
            return ask()
        except _NoBucket:
            self._make_bucket(line)
            return ask()

    def _make_bucket(self, line: http.client.HTTPConnection) -> None:
        region = self._bucket.key.region
        body = b""
        if region != _DEFAULT_REGION:
            told = f"<LocationConstraint>{html.escape(region)}</LocationConstraint>"
            body = f"<CreateBucketConfiguration>{told}</CreateBucketConfiguration>".encode()
        self._ask(line, "PUT", "", body=body).read()
        log.info("bucket %s: made", self._url(""))

    def _ask(
        self,
        line: http.client.HTTPConnection,
        method: str,
        location: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | IO[bytes] = b"",
        sha256: str | None = None,
    ) -> http.client.HTTPResponse:
        """The answer to a signed request. Raises what the service says, and DataNotFound."""
        url = urllib.parse.urlsplit(self._url(location))
        query = query or {}
        if isinstance(body, bytes):
            sha256 = hashlib.sha256(body).hexdigest() if body else _NOTHING_SHA256
            headers = {**(headers or {}), "Content-Length": str(len(body))}
        whole = aws_signing.signed(
            self._bucket.key, method, path=url.path, query=query, body_sha256=sha256 or "",
            headers={"Host": url.netloc, **(headers or {})}, at_s=self._now(),
        )  # fmt: skip
        target = f"{url.path}?{aws_signing.query_string(query)}" if query else url.path
        what = f"{method} {url.geturl()}"
        with wire.reaching(what):
            answer = _exchange(line, method, target, headers=whole, body=body)
            if answer.status not in _DONE:
                raise _error(what, answer, wire.said(answer))
            return answer

    @contextlib.contextmanager
    def _line(self) -> Iterator[http.client.HTTPConnection]:
        """A connection that is kept for several requests, one after another."""
        with contextlib.closing(wire.connect(self._bucket.endpoint, tls=self._tls)) as line:
            yield line

    def _url(self, location: str) -> str:
        names = [self._bucket.name, location] if location else [self._bucket.name]
        return "/".join(
            [self._bucket.endpoint, *(urllib.parse.quote(name, safe="") for name in names)]
        )


def _exchange(
    line: http.client.HTTPConnection,
    method: str,
    target: str,
    *,
    headers: Mapping[str, str],
    body: bytes | IO[bytes],
) -> http.client.HTTPResponse:
    """Send a request and get its answer, which may come before the body's end; once more over a new
    connection when the old one is lost: all that is sent may be sent twice.
    """
    for is_last in (False, True):
        if not isinstance(body, bytes):
            body.seek(0)
        try:
            with contextlib.suppress(BrokenPipeError):  # it has answered: that is the reason
                line.request(method, target, body, dict(headers))
            return line.getresponse()
        except _LOST:
            line.close()
            if is_last:
                raise
    raise AssertionError  # the last try returns or raises


def _is_md5(answer: http.client.HTTPResponse, etag: str) -> bool:
    """Whether an ETag is the md5 of the bytes: not where the service encrypts with a key of KMS or
    of a customer (PutObject, "ETag").
    """
    kind = answer.getheader("x-amz-server-side-encryption") or ""
    is_other = kind.startswith("aws:kms") or bool(
        answer.getheader("x-amz-server-side-encryption-customer-algorithm")
    )
    return not is_other and _HAS_MD5.fullmatch(etag.strip('"')) is not None


def _error(what: str, answer: http.client.HTTPResponse, text: str) -> store.ImageStoreError:
    """What the service said, as one of ours."""
    code, status = _text(text, "Code"), answer.status
    message = f"{what}: {status} {answer.reason}: {code} {_text(text, 'Message')}".rstrip(": ")
    if code == "NoSuchBucket":
        return _NoBucket(message)
    if code in _NOT_THERE or (status == HTTPStatus.NOT_FOUND and not code):
        return store.DataNotFound(message)
    if status in _FULL_STATUS or _FULL.search(code):
        return store.StoreFull(message)
    if status == HTTPStatus.NOT_IMPLEMENTED:
        return _NotOffered(message)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in {"SlowDown", "RequestTimeout"}:
        return store.StoreUnreachable(message)
    return store.ImageStoreError(message)


def _text(xml: str, name: str) -> str:
    """What stands in the first element of that name; empty when there is none.

    An answer's few fields are plain text; no parser is given what the network says.
    """
    found = re.search(rf"<{name}>(.*?)</{name}>", xml, re.DOTALL)
    return html.unescape(found[1]) if found else ""
