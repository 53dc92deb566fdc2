"""Images as objects of a Swift account, over HTTP with the standard library alone.

A large image is segments under its own name, and a static large object that lists them (Swift,
"Large Objects"). Who may write there, and under which trace, is said by whoever makes the store: a
callable gives URL and headers for each request.
"""

import contextlib
import http.client
import json
import logging
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from storage.images import store, wire
from storage.images.handover import Chunks, Handover
from storage.images.pieces import Piece, Pieces

log = logging.getLogger(__name__)

SEGMENTS_MAX: Final = 1000  # of one large object: Swift's own default
SEGMENT_BYTES_MAX: Final = 5 << 30  # of one object: Swift's own default, less two bytes
MOVE_TIMEOUT_S: Final = 150.0  # a segment is copied meanwhile; an upload's claim holds for longer
_SEGMENT_BYTES: Final = 1 << 30
_PAGE: Final = 500  # names of segments, of some 60 bytes each
_OK: Final = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT})
_MADE: Final = frozenset({HTTPStatus.CREATED, HTTPStatus.ACCEPTED})
_DONE: Final = frozenset({HTTPStatus.OK, HTTPStatus.NO_CONTENT})
_Segment = dict[str, object]  # as a manifest has it
_FULL: Final = frozenset({HTTPStatus.INSUFFICIENT_STORAGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})


def _keep() -> None:
    """What a token that cannot be had anew is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach the account: its URL without a slash at the end, and headers with a token.

    `forget` is called when the token is refused: the next access shall have another.
    """

    url: str
    headers: Mapping[str, str]
    forget: Callable[[], None] = _keep


class SwiftStore:
    """The store that is one container of an account; makes the container when it first writes."""

    target = "object"

    def __init__(
        self,
        access: Callable[[], Access],
        *,
        container: str = "glance",
        segment_bytes: int = _SEGMENT_BYTES,
        handover: Handover | None = None,
    ) -> None:
        self._access = access
        self._handover = handover  # of an object store on this machine
        self._container = container
        self._segment_bytes = segment_bytes

    def add(self, location: str, reader: store.Reader) -> store.Stored:
        """Stream an object, chunked, or several: what is cut off is never there.

        Killed in the middle of a large one, segments stay: `delete` finds them by its name.
        """
        pieces = Pieces(reader)
        if pieces.hint_bytes > self._segment_bytes:
            return self._add_large(location, pieces)
        first = pieces.next(self._segment_bytes)
        stored = self._put(location, first)
        return stored if pieces.is_over else self._add_large(location, pieces, first=first)

    def _add_large(
        self, location: str, pieces: Pieces, *, first: Piece | None = None
    ) -> store.Stored:
        """Stream segments and list them; a `first` one is an object by itself already, as nobody
        knew that more would come.
        """
        with contextlib.ExitStack() as undo:
            undo.callback(self._undo, location)
            segments = [self._move(location, first)] if first else []
            self._add_segments(location, segments, pieces)
            self._put_manifest(location, segments)
            undo.pop_all()
        return store.Stored(size_bytes=pieces.size_bytes, etag=pieces.md5)

    def _add_segments(self, location: str, segments: list[_Segment], pieces: Pieces) -> None:
        """Stream what is left of the pieces."""
        while not pieces.is_over:
            name = _segment_name(location, len(segments) + 1)
            if len(segments) == SEGMENTS_MAX:
                raise store.StoreFull(
                    f"{name}: an object has at most {SEGMENTS_MAX} segments, and "
                    f"{self._segment_bytes} bytes each are too few"
                )
            piece = pieces.next(self._segment_bytes)
            stored = self._put(name, piece)
            segments.append(self._checked(name, piece, etag=stored.etag))
            if not piece.size_bytes:
                raise store.ImageStoreError(
                    f"{name}: {pieces.hint_bytes} bytes were announced, and none came"
                )

    def get(self, location: str, *, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `offset`, `length` of them or all, as chunks."""
        if length == 0:
            return iter(())
        if self._handover is not None:
            chunks = self._handover.read(self._full_name(location), offset=offset, length=length)
            if chunks is not None:
                return self._handed(chunks, location, offset=offset, length=length)
        return self._get(location, offset=offset, length=length)

    def _handed(
        self, chunks: Chunks, location: str, *, offset: int, length: int | None
    ) -> Iterator[bytes]:
        """The bytes of a hand-over; where a block is not what was stored the object store itself is
        asked for the rest: it may have another copy.
        """
        done = 0
        try:
            with contextlib.closing(chunks):
                for chunk in chunks:
                    yield chunk
                    done += len(chunk)
        except store.StoreUnreachable as error:
            log.warning("%s, the rest is asked for over HTTP", error)
            left = None if length is None else length - done
            yield from self._get(location, offset=offset + done, length=left)

    def _get(self, location: str, *, offset: int, length: int | None) -> Iterator[bytes]:
        with contextlib.ExitStack() as opened:
            answer, what = self._ask(
                opened, "GET", location, headers=wire.byte_range(offset, length)
            )
            _check(answer, what, expected=_OK)
            return wire.chunks(opened.pop_all(), answer, what)

    def head(self, location: str) -> store.Stored:
        """How large an object is, without its bytes. Raises DataNotFound and others."""
        with contextlib.ExitStack() as opened:
            answer, what = self._ask(opened, "HEAD", location)
            _check(answer, what, expected=_OK)
            return _stored(answer, int(answer.getheader("Content-Length") or 0))

    def delete(self, location: str) -> None:
        """Remove the object and its segments; there may be none, or segments alone."""
        with contextlib.ExitStack() as opened:
            answer, what = self._ask(opened, "HEAD", location)
            is_large = answer.getheader("X-Static-Large-Object", "").lower() == "true"
            with contextlib.suppress(store.DataNotFound):
                _check(answer, what, expected=_OK)
        if is_large:
            self._delete(location, query="?multipart-manifest=delete")
        self._delete(location)
        marker = ""
        while names := self._segments(location, marker=marker):
            for marker in names:
                self._delete(marker)

    def _delete(self, name: str, *, query: str = "") -> None:
        with contextlib.ExitStack() as opened:
            answer, what = self._ask(opened, "DELETE", name, query=query)
            with contextlib.suppress(store.DataNotFound):
                _check(answer, what, expected=_DONE)
                wire.said(answer)  # of many segments it is sent when the last one is gone

    def _segments(self, location: str, *, marker: str) -> list[str]:
        """The names of the segments there are after `marker`, a page of them."""
        asked = {"prefix": f"{location}/", "marker": marker, "limit": str(_PAGE)}
        query = f"?{urllib.parse.urlencode(asked)}"
        with contextlib.ExitStack() as opened:
            answer, what = self._ask(opened, "GET", "", query=query)
            with contextlib.suppress(store.DataNotFound):
                _check(answer, what, expected=_DONE)
                return wire.said(answer).split()
        return []

    def _undo(self, location: str) -> None:
        try:
            self.delete(location)
        except store.ImageStoreError as error:  # what failed first is what the caller hears
            log.warning("object %s/%s: parts of it may stay: %s", self._container, location, error)

    def _move(self, location: str, piece: Piece) -> _Segment:
        """Make an object that turned out to be the first segment that: inside the object store."""
        name = _segment_name(location, 1)
        source = urllib.parse.quote(f"{self._container}/{location}")
        with contextlib.ExitStack() as opened:
            answer, what = self._ask(
                opened, "PUT", name, headers={"X-Copy-From": f"/{source}"}, timeout_s=MOVE_TIMEOUT_S
            )
            _check(answer, what, expected=_MADE)
            etag = _stored(answer, 0).etag
        self._delete(location)
        return self._checked(name, piece, etag=etag)

    def _checked(self, name: str, piece: Piece, *, etag: str) -> _Segment:
        """What the manifest says of a segment. Raises ImageStoreError when it is another."""
        if etag != piece.md5:
            raise store.ImageStoreError(
                f"{self._container}/{name}: bytes of md5 {piece.md5} were sent, it has {etag}"
            )
        path = f"/{self._container}/{name}"
        return {"path": path, "etag": etag, "size_bytes": piece.size_bytes}

    def _put_manifest(self, location: str, segments: list[_Segment]) -> None:
        self._ensure_container()  # a manifest with a token that ended is answered 400, not 401
        query, body = "?multipart-manifest=put", json.dumps(segments).encode()
        with contextlib.ExitStack() as opened:
            answer, what = self._ask(opened, "PUT", location, query=query, body=body)
            _check(answer, what, expected=_MADE)

    def _put(self, name: str, reader: Piece) -> store.Stored:
        """Stream one object. A token that is refused is refused before the first byte is read."""
        if self._handover is not None:
            stored = self._handover.write(self._full_name(name), reader)
            if stored is not None:
                return stored
        self._ensure_container()
        with self._connected(self._access(), "PUT", name) as (connection, path, headers):
            sent = _send_chunked(connection, path, headers, reader)
            answer = connection.getresponse()
            _check(answer, f"PUT {path}", expected=_MADE)
            return _stored(answer, sent)

    def _full_name(self, name: str) -> tuple[str, str, str]:
        """Account, container and object."""
        return self._access().url.rpartition("/")[2], self._container, name

    def _ensure_container(self) -> None:
        with contextlib.ExitStack() as opened:
            answer, what = self._ask(opened, "HEAD", "")
            if answer.status != HTTPStatus.NOT_FOUND:
                _check(answer, what, expected=_DONE)
                return
        with contextlib.ExitStack() as opened:
            answer, what = self._ask(opened, "PUT", "")
            _check(answer, what, expected=_MADE)

    def _ask(
        self,
        opened: contextlib.ExitStack,
        method: str,
        name: str,
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_s: float = wire.TIMEOUT_S,
    ) -> tuple[http.client.HTTPResponse, str]:
        """The answer to a request, and what it was; a token that is refused is had anew, once.

        The connection lasts as long as `opened`.
        """
        length = {"Content-Length": str(len(body))} if method == "PUT" else {}
        for is_last in (False, True):
            access = self._access()
            with contextlib.ExitStack() as trying:
                connection, path, own = trying.enter_context(
                    self._connected(access, method, name, timeout_s=timeout_s)
                )
                whole = {**own, **length, **(headers or {})}
                connection.request(method, path + query, body or None, whole)
                answer = connection.getresponse()
                if answer.status != HTTPStatus.UNAUTHORIZED or is_last:
                    opened.push(trying.pop_all())
                    break
            access.forget()
        return answer, f"{method} {path}{query}"

    @contextlib.contextmanager
    def _connected(
        self, access: Access, method: str, location: str, *, timeout_s: float = wire.TIMEOUT_S
    ) -> Iterator[tuple[http.client.HTTPConnection, str, dict[str, str]]]:
        """A connection, the path of the object (or container), and the headers to send.

        What the network says inside is raised as StoreUnreachable.
        """
        url = urllib.parse.urlsplit(access.url)
        names = [self._container, location] if location else [self._container]
        path = "/".join([url.path, *(urllib.parse.quote(name, safe="") for name in names)])
        connection = wire.connect(access.url, timeout_s=timeout_s)
        try:
            with wire.reaching(f"{method} {url.scheme}://{url.netloc}{path}"):
                yield connection, path, {**access.headers, "Connection": "close"}
        finally:
            connection.close()


def _send_chunked(
    connection: http.client.HTTPConnection,
    path: str,
    headers: Mapping[str, str],
    reader: store.Reader,
) -> int:
    """Send the request and its whole body; how many bytes. An answer may come before the end."""
    connection.putrequest("PUT", path)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Type", "application/octet-stream")
    connection.putheader("Transfer-Encoding", "chunked")
    connection.endheaders()
    sent = 0
    while True:
        chunk = reader.read(store.CHUNK_BYTES)
        try:
            connection.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))  # an empty one ends the body
        except (BrokenPipeError, ConnectionResetError):
            return sent  # the store has answered already: what it says is the reason
        if not chunk:
            return sent
        sent += len(chunk)


def _stored(answer: http.client.HTTPResponse, size_bytes: int) -> store.Stored:
    etag = (answer.getheader("ETag") or "").strip('"')
    return store.Stored(size_bytes=size_bytes, etag=etag)


def _check(answer: http.client.HTTPResponse, what: str, *, expected: frozenset[HTTPStatus]) -> None:
    """Read an answer's status. Raises ImageStoreError with what the store said."""
    if answer.status in expected:
        return
    message = f"{what}: {answer.status} {answer.reason}: {wire.said(answer)[:1000]}"
    if answer.status == HTTPStatus.NOT_FOUND:
        raise store.DataNotFound(message)
    if answer.status in _FULL:
        raise store.StoreFull(message)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise store.StoreUnreachable(message)
    raise store.ImageStoreError(message)


def _segment_name(location: str, number: int) -> str:
    """The name of a segment of an object; they sort as they follow one another."""
    return f"{location}/{number:08}"
