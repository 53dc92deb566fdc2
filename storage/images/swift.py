"""Images as objects of a Swift account, over HTTP with the standard library alone.

Who may write there, and under which trace, is said by whoever makes the store: a callable gives URL
and headers for each request.
"""

import contextlib
import http.client
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from storage.images import store

TIMEOUT_S: Final = 60.0  # of silence: the object store syncs a whole image before it answers
_OK: Final = frozenset({HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT})
_FULL: Final = frozenset({HTTPStatus.INSUFFICIENT_STORAGE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to reach the account: its URL without a slash at the end, and headers with a token."""

    url: str
    headers: Mapping[str, str]


class SwiftStore:
    """The store that is one container of an account; makes the container when it first writes."""

    target = "object"

    def __init__(self, access: Callable[[], Access], *, container: str = "glance") -> None:
        self._access = access
        self._container = container
        self._has_container = threading.Event()

    def add(self, location: str, reader: store.Reader) -> store.Stored:
        """Stream an object, chunked: what is cut off is never there."""
        self._ensure_container()
        with self._connected("PUT", location) as (connection, path, headers):
            sent = _send_chunked(connection, path, headers, reader)
            answer = connection.getresponse()
            if answer.status == HTTPStatus.NOT_FOUND:
                self._has_container.clear()  # somebody deleted it: the next upload makes it again
            _check(answer, f"PUT {path}", expected=frozenset({HTTPStatus.CREATED}))
            return _stored(answer, sent)

    def get(self, location: str, *, offset: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `offset`, `length` of them or all, as chunks."""
        if length == 0:
            return iter(())
        last = "" if length is None else str(offset + length - 1)
        wanted = {"Range": f"bytes={offset}-{last}"} if offset or length is not None else {}
        with contextlib.ExitStack() as opened:
            connection, path, headers = opened.enter_context(self._connected("GET", location))
            connection.request("GET", path, headers={**headers, **wanted})
            answer = connection.getresponse()
            _check(answer, f"GET {path}", expected=_OK)
            return _chunks(opened.pop_all(), answer, path)

    def head(self, location: str) -> store.Stored:
        """How large an object is, without its bytes. Raises DataNotFound and others."""
        with self._connected("HEAD", location) as (connection, path, headers):
            connection.request("HEAD", path, headers=headers)
            answer = connection.getresponse()
            _check(answer, f"HEAD {path}", expected=_OK)
            return _stored(answer, int(answer.getheader("Content-Length") or 0))

    def delete(self, location: str) -> None:
        """Remove the object; there may be none."""
        with self._connected("DELETE", location) as (connection, path, headers):
            connection.request("DELETE", path, headers=headers)
            with contextlib.suppress(store.DataNotFound):
                _check(
                    connection.getresponse(), f"DELETE {path}",
                    expected=frozenset({HTTPStatus.NO_CONTENT}),
                )  # fmt: skip

    def _ensure_container(self) -> None:
        if self._has_container.is_set():
            return
        with self._connected("PUT", "") as (connection, path, headers):
            connection.request("PUT", path, headers={**headers, "Content-Length": "0"})
            made = frozenset({HTTPStatus.CREATED, HTTPStatus.ACCEPTED})
            _check(connection.getresponse(), f"PUT {path}", expected=made)
        self._has_container.set()

    @contextlib.contextmanager
    def _connected(
        self, method: str, location: str
    ) -> Iterator[tuple[http.client.HTTPConnection, str, dict[str, str]]]:
        """A connection, the path of the object (or container), and the headers to send.

        What the network says inside is raised as StoreUnreachable.
        """
        access = self._access()
        url = urllib.parse.urlsplit(access.url)
        names = [self._container, location] if location else [self._container]
        path = "/".join([url.path, *(urllib.parse.quote(name, safe="") for name in names)])
        connection = http.client.HTTPConnection(url.netloc, timeout=TIMEOUT_S)
        try:
            yield connection, path, {**access.headers, "Connection": "close"}
        except (OSError, http.client.HTTPException) as error:
            what = f"{method} {url.scheme}://{url.netloc}{path}"
            raise store.StoreUnreachable(f"{what}: {str(error) or type(error).__name__}") from error
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
    said = answer.read(1000).decode("utf-8", "replace")
    message = f"{what}: {answer.status} {answer.reason}: {said}"
    if answer.status == HTTPStatus.NOT_FOUND:
        raise store.DataNotFound(message)
    if answer.status in _FULL:
        raise store.StoreFull(message)
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise store.StoreUnreachable(message)
    raise store.ImageStoreError(message)


def _chunks(
    opened: contextlib.ExitStack, answer: http.client.HTTPResponse, path: str
) -> Iterator[bytes]:
    """An answer's body; the connection is closed in the end, whatever happens."""
    with opened:
        while chunk := answer.read(store.CHUNK_BYTES):
            yield chunk
        if answer.length:
            raise store.StoreUnreachable(f"GET {path} broke off, {answer.length} bytes early")
