"""A large body that a thread reads from the socket: what a client may do meanwhile."""

import functools
import hashlib
import os
import socket
import struct
import time
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from services.http import stream
from services.http.wire import extensions
from tests.services.http.wire.serving import Client, Server, eventually, serving

MIB = 1 << 20
SIZE = 9 * MIB + 4321
BODY = os.urandom(SIZE)
lent: list[bool] = []
ended: list[str] = []


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The digest of a body, or of as much of it as the query says; 499 if it was cut off."""
    length = dict(scope["headers"]).get(b"content-length")
    reader = stream.BodyReader(
        receive, length_bytes=length and int(length), idle_s=0.5, crowded_s=0.2,
        lend_socket=scope["extensions"].get(extensions.BODY_SOCKET),
    )  # fmt: skip
    wanted = int(scope["query_string"] or -1)
    try:
        body = await stream.in_thread(functools.partial(_read, reader, wanted), is_stream=True)
        status, said = 200, hashlib.sha256(body).hexdigest().encode()
    except stream.Disconnected as error:
        status, said = 499, str(error).encode()
        ended.append(str(error))
    finally:
        lent.append(reader._socket is not None)
        reader.close()
    headers = [(b"content-length", b"%d" % len(said))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": said})


def _read(reader: stream.BodyReader, wanted: int) -> bytes:
    """All of it, or at least so many bytes."""
    body = bytearray()
    while (wanted < 0 or len(body) < wanted) and (data := reader.read(MIB)):
        body += data
    return bytes(body)


def digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def begin(client: Client, path: str = "/", *lines: str) -> Client:
    """A head that announces the body, which is still to come."""
    return client.ask("PUT", path, f"Content-Length: {SIZE}", *lines)


@pytest.fixture
def server() -> Iterator[Server]:
    lent.clear()
    ended.clear()
    with serving(application) as running:
        yield running


def test_every_byte_arrives_and_the_connection_is_used_again(server):
    client = server.connect()
    for _ in range(3):
        status, head, said = begin(client).send(BODY).answer()
        assert (status, said) == (200, digest(BODY))
        assert "connection:" not in head
    assert lent == [True] * 3


def test_what_is_sent_right_after_the_body_is_the_next_request(server):
    client = begin(server.connect())
    following = b"PUT / HTTP/1.1\r\nContent-Length: 4\r\n\r\nnext"
    client.send(BODY + following + following)
    assert [client.answer()[2] for _ in range(3)] == [
        digest(BODY),
        digest(b"next"),
        digest(b"next"),
    ]
    assert lent == [True, False, False]


def test_a_body_that_was_sent_before_it_was_its_turn(server):
    client = server.connect().ask("PUT", "/", body=b"first")
    begin(client).send(BODY)
    assert [client.answer()[2] for _ in range(2)] == [digest(b"first"), digest(BODY)]


def test_a_client_that_waits_to_be_told_to_go_on_is_told(server):
    client = begin(server.connect(), "/", "Expect: 100-continue")
    assert client.head() == "HTTP/1.1 100 Continue\r\n\r\n"
    assert client.send(BODY).answer()[2] == digest(BODY)
    assert lent == [True]


def test_one_that_is_slow_is_heard_however_little_it_sends(server):
    client = begin(server.connect()).send(BODY[: 4 * MIB])
    for start in range(4 * MIB, SIZE, MIB):  # each less than what a read would wake for
        client.send(BODY[start : start + 100])
        time.sleep(0.1)
        client.send(BODY[start + 100 : start + MIB])
    assert client.answer()[2] == digest(BODY)


@pytest.mark.parametrize("by_force", [False, True])
def test_one_that_goes_away_is_noticed(server, by_force):
    client = begin(server.connect()).send(BODY[: 5 * MIB])
    if by_force:  # a reset, not an end
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.socket.close()
    eventually(lambda: ended)
    assert lent == [True]
    assert ended[0].startswith("the client went away after ")
    assert ended[0].endswith(f" of {SIZE} bytes")
    eventually(lambda: not server.served.connections)


def test_one_that_falls_silent_is_told_so(server):
    client = begin(server.connect()).send(BODY[: 5 * MIB])
    status, head, said = client.answer()
    assert (status, said.decode()) == (
        499,
        f"the client sent nothing for 0.5 s after {5 * MIB} bytes",
    )
    assert "connection: close" in head
    assert lent == [True]


def test_the_silent_make_room_when_others_wait(server):
    silent = [begin(server.connect()).send(BODY[: 2 * MIB]) for _ in range(stream.STREAMS_MAX)]
    client = begin(server.connect()).send(BODY)
    assert client.answer()[2] == digest(BODY)
    said = [client.answer()[2].decode() for client in silent]
    assert sum("and others waited" in text for text in said) == 1


def test_a_body_that_nobody_wants_to_its_end(server):
    client = begin(server.connect(), f"/?{2 * MIB}").send(BODY)
    status, head, _ = client.answer()
    assert status == 200
    assert "connection: close" in head
    assert client.rest() == b""
    assert lent == [True]


def test_a_server_that_stops_ends_it(server):
    begin(server.connect()).send(BODY[: 5 * MIB])
    time.sleep(0.2)
    server.stop(0.0)
    eventually(lambda: ended)
    assert lent == [True]


def test_small_and_chunked_bodies_stay_on_the_loop(server):
    client = server.connect()
    assert client.ask("PUT", "/", body=BODY[:MIB]).answer()[2] == digest(BODY[:MIB])
    client.ask("PUT", "/", "Transfer-Encoding: chunked")
    client.send(b"%x\r\n%b\r\n0\r\n\r\n" % (SIZE, BODY))
    assert client.answer()[2] == digest(BODY)
    assert lent == [False, False]
