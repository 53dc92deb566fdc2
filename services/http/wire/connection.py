"""One client's connection: its bytes to HTTP/1.1 requests, one answered after the other.

Source: RFC 9112; httptools parses (llhttp, as Node.js does). It refuses to know what an answer is.
"""

import asyncio
import collections
import contextlib
from dataclasses import dataclass, field
from typing import Any, Final, cast
from urllib.parse import unquote

import httptools
from starlette.types import ASGIApp, Receive, Scope, Send

from services.http.wire import body_socket, extensions
from services.http.wire.body_socket import BodySocket
from services.http.wire.exchange import Exchange, refuse
from services.http.wire.web_socket import WebSocket

HEAD_BYTES_MAX: Final = 64 << 10
HEADERS_MAX: Final = 200
SMALL_BYTES: Final = 64 << 10  # of an unwanted body, that are received to keep the connection
WRITTEN_BYTES_MAX: Final = 1 << 20  # that wait to be sent, before the application waits too
HEAD_S: Final = 30.0  # from a request's first byte to the end of its head
IDLE_S: Final = 75.0  # between two requests
LINGER_S: Final = 5.0  # for a client to read the answer to what it is still sending
LOOK_EVERY_S: Final = 5.0
ALONE_REQUESTS: Final = 16  # in a row of one connection, until it is taken for the only one


@dataclass(eq=False, kw_only=True, slots=True)
class Served:
    """What the connections of one server share."""

    app: ASGIApp
    loop: asyncio.AbstractEventLoop
    has_websockets: bool = False
    connections: "set[Connection]" = field(default_factory=set)
    is_stopping: bool = False
    _all_closed: asyncio.Event = field(default_factory=asyncio.Event)
    _under_way: int = 0
    _last: "Connection | None" = None  # that began a request
    _in_a_row: int = 0  # requests before that, of the same connection

    def begin(self, connection: "Connection") -> None:
        """Take it that a connection's request is being answered."""
        self._in_a_row = self._in_a_row + 1 if connection is self._last else 0
        self._last = connection
        self._under_way += 1

    def end(self) -> None:
        """Take it that a request was answered."""
        self._under_way -= 1

    def is_alone(self) -> bool:
        """Whether a request is the only one, and has been for a while: nobody waits for its end."""
        return self._under_way == 1 and self._in_a_row >= ALONE_REQUESTS

    def forget(self, connection: "Connection") -> None:
        """Take it that one is closed."""
        self.connections.discard(connection)
        if connection is self._last:
            self._last = None
        if self.is_stopping and not self.connections:
            self._all_closed.set()

    async def look(self) -> None:
        """Close what stays silent for too long, for ever."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            for connection in list(self.connections):
                connection.look()

    async def stop(self, grace_s: float) -> None:
        """Let every request under way be answered, if it is in time."""
        self.is_stopping = True
        for connection in list(self.connections):
            connection.stop()
        if self.connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._all_closed.wait(), grace_s)
        for connection in list(self.connections):
            connection.abort()


class Connection(asyncio.Protocol):
    """Everything is called on the event loop."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._transport: asyncio.Transport
        self._parser = httptools.HttpRequestParser(self)
        self._client: tuple[str, int] = ("", 0)
        self._server: tuple[str, int] = ("", 0)
        self._since_s = served.loop.time()  # when the silence began, or the head
        self._head_bytes = 0
        self._is_in_head = False
        self._body_left_bytes = 0  # of a body whose length is known
        self._is_deaf = False  # what still comes is thrown away
        self._is_reading = True
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._current: Exchange | None = None
        self._incoming: Exchange | None = None  # whose body comes
        self._waiting: collections.deque[Exchange] = collections.deque()  # sent too early
        self._socket: WebSocket | None = None
        self._lent: BodySocket | None = None  # to a thread that reads the body
        self.is_behind = False
        self._caught_up: asyncio.Future[None] | None = None

    # The server's side

    def look(self) -> None:
        """Close it if it stays silent for too long."""
        if self._is_busy:
            return
        is_lingering = self._is_deaf or self._current is not None
        limit_s = LINGER_S if is_lingering else HEAD_S if self._is_in_head else IDLE_S
        if self._served.loop.time() - self._since_s > limit_s:
            self.abort()

    def stop(self) -> None:
        """Close it now, or after the answer that is under way."""
        if not self._is_busy:
            self._transport.close()

    def abort(self) -> None:
        """Close it at once."""
        self._transport.abort()

    # The transport's side (asyncio.Protocol)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(WRITTEN_BYTES_MAX)
        self._client = (transport.get_extra_info("peername") or ("", 0))[:2]
        self._server = (transport.get_extra_info("sockname") or ("", 0))[:2]
        self._served.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End: the client is gone, or was let go."""
        self._served.forget(self)
        self.resume_writing()
        for exchange in (self._current, *self._waiting):
            if exchange is not None:
                exchange.cut_off()
        self._waiting.clear()
        if self._socket is not None:
            self._socket.cut_off()
        if self._lent is not None:
            self._lent.hang_up()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self._socket is not None:
            self._socket.feed(data)
            return
        if self._is_deaf:
            return
        if self._body_left_bytes > 0:
            data = self._past_parser(data)
            if not data:
                return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._is_deaf = True
            if self._socket is not None:
                self._socket.feed(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            self._refuse(400)
            return
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX:
                self._refuse(431)

    def pause_writing(self) -> None:
        """Take it that much waits to be sent."""
        self.is_behind = True

    def resume_writing(self) -> None:
        """Take it that little waits to be sent."""
        self.is_behind = False
        if self._caught_up is not None and not self._caught_up.done():
            self._caught_up.set_result(None)

    # The parser's side (httptools)

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._is_in_head = True
        self._head_bytes = 0
        self._since_s = self._served.loop.time()
        self._url = b""
        self._headers = []

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Have the request answered, or, if it came too early, wait."""
        self._is_in_head = False
        is_upgrade = self._parser.should_upgrade()
        exchange = self._exchange(stays=self._parser.should_keep_alive() and not is_upgrade)
        self._incoming = exchange
        if exchange is None or len(self._headers) > HEADERS_MAX:
            self._incoming = None
            self._refuse(400 if exchange is None else 431)
        elif is_upgrade and self._served.has_websockets and self._wants_socket():
            self._socket = WebSocket(self, exchange.scope)
            self._served.loop.create_task(self._socket.run(self._served.app))
        elif self._current is None:
            self._begin(exchange)
        else:
            self._waiting.append(exchange)
            self.pause()

    def on_body(self, data: bytes) -> None:
        """Take a piece of a body."""
        self._body_left_bytes -= len(data)
        if self._incoming is not None:
            self._incoming.feed(data)
            if self._incoming.is_full:
                self.pause()

    def on_message_complete(self) -> None:
        """Take it that a request is whole."""
        self._body_left_bytes = 0
        if self._incoming is not None:
            self._incoming.receive_end()
            if self._incoming is self._current and self._current.is_over:
                self._go_on()

    # The exchange's side

    def write(self, data: bytes) -> None:
        """Send bytes, or keep them until they can be sent; if nobody is there, they are dropped."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def catch_up(self) -> None:
        """Return when it is not behind any more, or nobody is there."""
        while self.is_behind:
            self._caught_up = self._served.loop.create_future()
            await self._caught_up

    def pause(self) -> None:
        """Read nothing more for now."""
        if self._is_reading:
            self._is_reading = False
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on, if that was stopped: what was read is being taken."""
        if not (self._is_reading or self._waiting or self._transport.is_closing()):
            self._is_reading = True
            self._transport.resume_reading()

    def end(self) -> None:
        """Go on, as the exchange is over; an answer that is not whole is seen to be cut off."""
        self._served.end()
        ended = self._current
        if ended is None or self._transport.is_closing():
            self._current = None
        elif not ended.is_answered:
            self._transport.abort()
        elif ended.is_received:
            self._go_on()
        elif ended.stays:
            self._since_s = self._served.loop.time()
            self.resume()  # to the end of a body that nobody wants
        else:
            self._linger()

    def close(self) -> None:
        """Close it when all is sent, and could be read."""
        self._socket = None
        if not self._transport.is_closing():
            self._linger()

    @property
    def _is_busy(self) -> bool:
        """Whether an application is at work."""
        return self._socket is not None or not (self._current is None or self._current.is_over)

    def _exchange(self, *, stays: bool) -> Exchange | None:
        """The request whose head is there; None if it asks for nothing that can be."""
        scope = self._scope()
        if scope is None:
            return None
        found = dict(self._headers)
        self._body_left_bytes = int(found.get(b"content-length", b"0"))
        scope["extensions"] = {extensions.IS_ALONE: self._served.is_alone}
        if self._body_left_bytes > body_socket.WORTH_BYTES:
            scope["extensions"][extensions.BODY_SOCKET] = self._lend_socket
        return Exchange(
            self, scope,
            stays=stays,
            is_small=b"transfer-encoding" not in found and self._body_left_bytes <= SMALL_BYTES,
            is_asked=found.get(b"expect", b"").lower() != b"100-continue",
        )  # fmt: skip

    def _past_parser(self, data: bytes) -> bytes:
        """Take what is left of a body, which the parser would copy. Returns what is beyond."""
        left_bytes = self._body_left_bytes
        self.on_body(data[:left_bytes])
        if not self._body_left_bytes:
            self._end_body()
        return data[left_bytes:]

    def _end_body(self) -> None:
        """Go on after a body that the parser has not seen to its end."""
        self._parser = httptools.HttpRequestParser(self)
        self.on_message_complete()

    def _lend_socket(self) -> tuple[list[bytes], BodySocket] | None:
        """Have a thread read the rest of the body that is coming; None if it is not worth it."""
        exchange = self._current
        if exchange is None or exchange is not self._incoming or self._transport.is_closing():
            return None
        if self._body_left_bytes < body_socket.WORTH_BYTES:
            return None
        self.pause()
        fd = self._transport.get_extra_info("socket").fileno()
        self._lent = BodySocket(fd, left_bytes=self._body_left_bytes, on_close=self._take_back)
        return exchange.take_all(), self._lent

    def _take_back(self, left_bytes: int) -> None:
        """Read on from where the thread stopped."""
        self._lent = None
        self._body_left_bytes = left_bytes
        if not left_bytes:
            self._end_body()
        self.resume()

    def _scope(self) -> dict[str, Any] | None:
        target = self._url
        if not target.startswith(b"/"):  # a whole URL, as for a proxy, or `*`
            try:
                parsed = httptools.parse_url(target)
            except httptools.HttpParserInvalidURLError:
                return None
            target = (parsed.path or b"/") + (b"?" + parsed.query if parsed.query else b"")
        raw_path, _, query = target.partition(b"?")
        if not target.isascii():
            return None
        path = raw_path.decode()
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": self._parser.get_http_version(),
            "method": self._parser.get_method().decode(),
            "scheme": "http",
            "path": unquote(path) if "%" in path else path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": self._headers,
            "client": self._client,
            "server": self._server,
        }

    def _wants_socket(self) -> bool:
        return any(
            name == b"upgrade" and value.lower() == b"websocket" for name, value in self._headers
        )

    def _begin(self, exchange: Exchange, app: ASGIApp | None = None) -> None:
        self._current = exchange
        self._served.begin(self)
        self._served.loop.create_task(exchange.run(app or self._served.app))

    def _go_on(self) -> None:
        """Begin what was sent early, or wait for more."""
        ended, self._current = self._current, None
        if self._served.is_stopping or not (ended and ended.stays):
            self._transport.close()
        elif self._waiting:
            self._begin(self._waiting.popleft())
        else:
            self._since_s = self._served.loop.time()
        self.resume()

    def _refuse(self, status: int) -> None:
        """Answer what is no request; what still comes is thrown away."""
        self._is_deaf = True
        self._is_in_head = False
        if self._incoming is not None and not self._incoming.is_received:
            self._incoming.cut_off()  # the application answers, if it has not
            if self._incoming.is_over:
                self._transport.close()
        elif self._current is not None:
            self._current.stays = False
        else:
            scope = {"method": "", "path": "", "http_version": "1.1"}
            exchange = Exchange(self, scope, stays=False, is_small=False, is_asked=True)
            self._begin(exchange, _refusing(status))

    def _linger(self) -> None:
        """Close it, but not before the client could read the answer."""
        self._current = None
        self._is_deaf = True
        self._since_s = self._served.loop.time()
        self._transport.write_eof()
        self.resume()


def _refusing(status: int) -> ASGIApp:
    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await refuse(send, status)

    return app
