"""One HTTP request and its answer, as an ASGI application reads and writes them.

Source: the ASGI specification, HTTP connection scope; RFC 9112. It refuses to know how bytes come
and go: its connection does.
"""

import asyncio
import collections
import email.utils
import functools
import http
import logging
import time
from collections.abc import Sequence
from typing import Final

from starlette.types import ASGIApp, Message, Scope, Send

from services.http.wire.peer import Peer

log = logging.getLogger(__name__)

BUFFER_BYTES: Final = 1 << 20  # of a body that wait to be read
JOINED_BYTES_MAX: Final = 64 << 10  # more is not copied to be sent with the head
_BODILESS: Final = frozenset({204, 304})
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"

Headers = Sequence[tuple[bytes, bytes]]


class Exchange:
    """`stays` says whether the connection can be used again after the answer; `is_small` whether a
    body that the application does not want is worth receiving for that.
    """

    is_received = False
    is_answered = False
    is_over = False
    _kept_bytes = 0
    _change: asyncio.Future[None] | None = None
    _is_read = False
    _is_cut_off = False
    _has_begun = False
    _head = b""  # not sent yet, so that what is short goes out in one piece
    _is_chunked = False
    _left_bytes: int | None = None  # of the answer, if it said how many

    def __init__(
        self, peer: Peer, scope: Scope, *, stays: bool, is_small: bool, is_asked: bool
    ) -> None:
        self._peer = peer
        self.scope = scope
        self.stays = stays
        self._is_small = is_small
        self._is_asked = is_asked  # else the client sends its body when it is told to
        self._parts: collections.deque[bytes] = collections.deque()

    # The connection's side

    @property
    def is_full(self) -> bool:
        """Whether no more of the body should come before some of it is read."""
        return self._kept_bytes >= BUFFER_BYTES

    def feed(self, data: bytes) -> None:
        """Take a piece of the body, which is of no use after the answer."""
        if not self.is_over:
            self._kept_bytes += len(data)
            self._parts.append(data)
            self._wake()

    def take_all(self) -> list[bytes]:
        """What came of the body and was not read: the caller's now, as is the rest of it."""
        parts, self._kept_bytes = list(self._parts), 0
        self._parts.clear()
        return parts

    def receive_end(self) -> None:
        """Take it that the body is whole."""
        self.is_received = True
        self._wake()

    def cut_off(self) -> None:
        """Take it that no more of the body will come."""
        self._is_cut_off = True
        self.stays = False
        self._wake()

    async def run(self, app: ASGIApp) -> None:
        """Have the application answer."""
        try:
            await app(self.scope, self.receive, self.send)
        except Exception:  # a bug of the application's ends this request, not the server
            log.exception("%s %s: failed", self.scope["method"], self.scope["path"])
            if not self._has_begun:
                self.stays = False
                await refuse(self.send, 500)
        finally:
            self.is_over = True
            self._parts.clear()
            self._kept_bytes = 0
            self._peer.end()

    # The application's side

    async def receive(self) -> Message:
        """The next piece of the body; after the last one, that the client is gone or answered."""
        while not self._parts and (self._is_read or not self.is_received):
            if self._is_cut_off or self.is_answered:
                return {"type": "http.disconnect"}
            if not self._is_asked:
                self._is_asked = True
                self._peer.write(_CONTINUE)
            self._change = asyncio.get_running_loop().create_future()
            await self._change
        data = self._parts.popleft() if self._parts else b""
        self._kept_bytes -= len(data)
        self._is_read = self.is_received and not self._parts
        self._peer.resume()
        return {"type": "http.request", "body": data, "more_body": not self._is_read}

    async def send(self, message: Message) -> None:
        """Send the head of the answer, or a piece of its body."""
        if message["type"] == "http.response.start":
            self._begin(message["status"], message.get("headers", ()))
            return
        self._write(message.get("body", b""))
        if not message.get("more_body", False):
            self._end()
        elif self._peer.is_behind:
            await self._peer.catch_up()

    def _begin(self, status: int, headers: Headers) -> None:
        lines = [_status_line(status), _date_line(int(time.time()))]
        lines += [b"%b: %b\r\n" % header for header in headers]
        length = dict(headers).get(b"content-length")
        if status in _BODILESS or self.scope["method"] == "HEAD":
            self._left_bytes = 0
        elif length is not None:
            self._left_bytes = int(length)
        elif self.scope["http_version"] == "1.0":
            self.stays = False  # the end of the connection is the answer's
        else:
            self._is_chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        if not (self._is_asked and (self.is_received or self._is_small)):
            self.stays = False  # nobody knows whether what comes next is the body
        if not self.stays:
            lines.append(b"connection: close\r\n")
        elif self.scope["http_version"] == "1.0":
            lines.append(b"connection: keep-alive\r\n")
        head = b"".join(lines)
        if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines) or b"\0" in head:
            raise ValueError(f"a header of the answer has more than one line: {head!r}")
        self._has_begun = True
        self._head = head + b"\r\n"
        if self._left_bytes is None or self._left_bytes > JOINED_BYTES_MAX:
            asyncio.get_running_loop().call_soon(self._flush)  # if the body is not there by then

    def _write(self, data: bytes) -> None:
        if not data or self.scope["method"] == "HEAD":
            return
        if self._left_bytes is not None:
            self._left_bytes -= len(data)
            if self._left_bytes < 0:
                raise ValueError(f"the answer has {-self._left_bytes} bytes more than it said")
        if self._is_chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        if len(data) <= JOINED_BYTES_MAX:
            head, self._head = self._head, b""
            self._peer.write(head + data)
        else:
            self._flush()
            self._peer.write(data)

    def _end(self) -> None:
        """The answer is whole, unless it said that it would be longer."""
        if self._left_bytes:
            return
        self._flush()
        if self._is_chunked:
            self._peer.write(_LAST_CHUNK)
        self.is_answered = True
        self._wake()

    def _flush(self) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._peer.write(head)

    def _wake(self) -> None:
        if self._change is not None and not self._change.done():
            self._change.set_result(None)


async def refuse(send: Send, status: int) -> None:
    """Answer what no application sees, or has an answer to."""
    body = f"{status} {http.HTTPStatus(status).phrase}\n".encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@functools.cache
def _status_line(status: int) -> bytes:
    try:
        phrase = http.HTTPStatus(status).phrase
    except ValueError:  # one of a service's own, as Swift's 498
        phrase = "Unknown"
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


@functools.lru_cache(maxsize=1)
def _date_line(second: int) -> bytes:
    return f"date: {email.utils.formatdate(second, usegmt=True)}\r\n".encode()
