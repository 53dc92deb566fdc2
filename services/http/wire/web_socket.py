"""A WebSocket as an ASGI application reads and writes it.

Source: RFC 6455; the ASGI specification, WebSocket connection scope. The protocol itself is the
websockets library's; it refuses to know how bytes come and go.
"""

import asyncio
import collections
import logging
from typing import Final

from starlette.types import ASGIApp, Message, Scope
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from services.http.wire.peer import Peer

log = logging.getLogger(__name__)

MESSAGE_BYTES_MAX: Final = 1 << 20
WAITING_MAX: Final = 64  # messages that came and were not read yet
CLOSE_S: Final = 5.0  # for the client to say goodbye too


class WebSocket:
    """`scope` is that of the HTTP request that asks for it."""

    def __init__(self, peer: Peer, scope: Scope) -> None:
        names = [value for name, value in scope["headers"] if name == b"sec-websocket-protocol"]
        asked = b",".join(names).decode("latin-1")
        self._scope = {
            **scope,
            "type": "websocket",
            "scheme": "ws",
            "subprotocols": [name.strip() for name in asked.split(",") if name.strip()],
        }
        self._peer = peer
        self._protocol = ServerProtocol(max_size=MESSAGE_BYTES_MAX)
        self._messages: collections.deque[Message] = collections.deque([_CONNECT])
        self._pieces: list[Frame] = []  # of a message that is not whole
        self._change: asyncio.Future[None] | None = None
        self._is_gone = False
        self._is_accepted = False
        self._request = self._read(scope)

    # The connection's side

    def feed(self, data: bytes) -> None:
        """Take what came."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event)
        if self._protocol.state in {State.CLOSING, State.CLOSED}:
            self._leave()
        self._flush()
        if len(self._messages) > WAITING_MAX:
            self._peer.pause()
        if self._protocol.close_expected():
            self._peer.close()

    def cut_off(self) -> None:
        """Take it that the client went away."""
        self._is_gone = True
        self._wake()

    async def run(self, app: ASGIApp) -> None:
        """Have the application talk to it."""
        code = CloseCode.NORMAL_CLOSURE
        try:
            await app(self._scope, self.receive, self.send)
        except Exception:  # a bug of the application's ends this socket, not the server
            log.exception("WebSocket %s: failed", self._scope["path"])
            code = CloseCode.INTERNAL_ERROR
        finally:
            await self.send({"type": "websocket.close", "code": code})

    # The application's side

    async def receive(self) -> Message:
        """The next message; after the last one, that the client went away."""
        while not self._messages:
            if self._is_gone:
                said = self._protocol.close_rcvd
                code = said.code if said else CloseCode.ABNORMAL_CLOSURE
                return {"type": "websocket.disconnect", "code": int(code)}
            self._change = asyncio.get_running_loop().create_future()
            await self._change
        message = self._messages.popleft()
        self._peer.resume()
        return message

    async def send(self, message: Message) -> None:
        """Accept it, send a message, or close it; what comes after the end goes nowhere."""
        if self._is_gone:
            return
        match message["type"]:
            case "websocket.accept":
                self._accept(message)
            case "websocket.send" if message.get("bytes") is not None:
                self._protocol.send_binary(message["bytes"])
            case "websocket.send":
                self._protocol.send_text(message["text"].encode())
            case "websocket.close":
                self._close(message.get("code", CloseCode.NORMAL_CLOSURE))
        self._flush()
        if self._peer.is_behind:
            await self._peer.catch_up()

    def _read(self, scope: Scope) -> Request | None:
        """The request as the library reads it; None if it is not one for a WebSocket."""
        target = scope["raw_path"] + (
            b"?" + scope["query_string"] if scope["query_string"] else b""
        )
        lines = [b"%b: %b" % header for header in scope["headers"]]
        head = b"\r\n".join([b"%b %b HTTP/1.1" % (scope["method"].encode(), target), *lines])
        self._protocol.receive_data(head + b"\r\n\r\n")
        found = self._protocol.events_received()
        return found[0] if found and isinstance(found[0], Request) else None

    def _accept(self, message: Message) -> None:
        if self._request is None:
            response = self._protocol.reject(400, "this is no request for a WebSocket\n")
        else:
            response = self._protocol.accept(self._request)
        self._is_accepted = response.status_code == 101
        if not self._is_accepted:
            self._leave()
        elif message.get("subprotocol"):
            response.headers["Sec-WebSocket-Protocol"] = message["subprotocol"]
        self._protocol.send_response(response)

    def _close(self, code: int) -> None:
        self._leave()
        if self._is_accepted:
            self._protocol.send_close(code)
            asyncio.get_running_loop().call_later(CLOSE_S, self._peer.close)
        elif self._request is not None:
            self._protocol.send_response(self._protocol.reject(403, ""))

    def _leave(self) -> None:
        self._is_gone = True
        self._wake()

    def _take(self, frame: Frame) -> None:
        if frame.opcode in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
            self._pieces.append(frame)
            if frame.fin:
                kind, data = self._pieces[0].opcode, b"".join(each.data for each in self._pieces)
                self._pieces.clear()
                is_text = kind is Opcode.TEXT
                self._messages.append(
                    {"type": "websocket.receive", "text": data.decode("utf-8", "replace")}
                    if is_text
                    else {"type": "websocket.receive", "bytes": data}
                )
                self._wake()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._peer.write(data)
            else:  # the library's way to say: nothing more
                self._peer.close()

    def _wake(self) -> None:
        if self._change is not None and not self._change.done():
            self._change.set_result(None)


_CONNECT: Final = {"type": "websocket.connect"}
