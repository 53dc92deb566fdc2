"""WebSockets over a real socket, with the library's own client, and with none."""

from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.services.http.wire.serving import Server, serving

seen: list[object] = []


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Send back what comes; `/refused` accepts nobody, `/bug` is one."""
    if scope["type"] == "http":
        headers = [(b"content-length", b"0")]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body"})
        return
    assert (await receive())["type"] == "websocket.connect"
    if scope["path"] == "/refused":
        await send({"type": "websocket.close", "code": 4003})
        return
    seen.extend([scope["subprotocols"], scope["query_string"]])
    await send({"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[0]})
    if scope["path"] == "/bug":
        raise RuntimeError("a bug")
    while (message := await receive())["type"] != "websocket.disconnect":
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 4001})
        else:
            await send({**message, "type": "websocket.send"})
    seen.append(message["code"])


@pytest.fixture
def server() -> Iterator[Server]:
    seen.clear()
    with serving(application, has_websockets=True) as running:
        yield running


def opened(server: Server, path: str = "/", **said: object) -> ClientConnection:
    url = f"ws://127.0.0.1:{server.port}{path}"
    return connect(url, compression=None, **said)  # type: ignore[arg-type]


def test_messages_go_both_ways(server):
    with opened(server, "/?token=x", subprotocols=["binary", "other"]) as client:
        assert client.subprotocol == "binary"
        for message in ("text", "ü", b"bytes", b"", b"x" * (1 << 19)):
            client.send(message)
            assert client.recv(5) == message
        client.send(iter([b"in ", b"three ", b"pieces"]))
        assert client.recv(5) == b"in three pieces"
        assert client.ping().wait(5)
    server.stop()
    assert seen == [["binary", "other"], b"token=x", 1000]


def test_either_side_closes(server):
    with opened(server) as client:
        client.send("close")
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(5)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4001
    with opened(server, "/bug") as client, pytest.raises(ConnectionClosed) as closed:
        client.recv(5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    client = opened(server)
    client.socket.close()
    server.stop()
    assert seen[-1] == 1006


def test_who_may_not_is_refused_before_anything_is_said(server):
    with pytest.raises(InvalidStatus) as refused:
        opened(server, "/refused")
    assert refused.value.response.status_code == 403


def test_a_message_that_is_too_large_ends_it(server):
    with opened(server) as client:
        client.send(b"x" * (1 << 20) + b"x")
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


@pytest.mark.parametrize(
    "lines",
    [
        [], ["Sec-WebSocket-Version: 13"],
        ["Sec-WebSocket-Version: 99", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
    ],
)  # fmt: skip
def test_a_request_that_is_not_whole_is_refused(server, lines):
    asked = ["Host: x", "Connection: Upgrade", "Upgrade: websocket", *lines]
    answered = server.connect().ask("GET", "/", *asked).rest()
    assert answered.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 426 "))


def test_what_asks_for_no_socket_is_answered_as_ever(server):
    assert server.connect().ask("GET", "/").answer()[0] == 404
