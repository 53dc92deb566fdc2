"""HTTP/1.1 over a real socket: what a client may do, and what one that is broken or hostile may."""

import asyncio
import re
import threading
import time
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from services.http.wire import connection, extensions
from tests.services.http.wire.serving import Server, eventually, serving

MIB = 1 << 20
seen: list[object] = []
is_told = threading.Event()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """One answer for each path."""
    await globals()[f"_{scope['path'].strip('/').partition('/')[0]}"](scope, receive, send)


async def answer(send: Send, body: bytes, *headers: tuple[bytes, bytes], status: int = 200) -> None:
    said = [*headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": said})
    await send({"type": "http.response.body", "body": body})


async def whole(receive: Receive) -> bytes:
    body = bytearray()
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            return bytes(body)
    raise EOFError(bytes(body))


async def _echo(_: Scope, receive: Receive, send: Send) -> None:
    try:
        await answer(send, await whole(receive))
    except EOFError as cut:
        seen.append(cut.args[0])
        await answer(send, b"cut off", status=499)


async def _path(scope: Scope, _: Receive, send: Send) -> None:
    said = [scope[name] for name in ("path", "raw_path", "query_string", "method", "http_version")]
    await answer(send, repr(said).encode())


async def _refused(_: Scope, __: Receive, send: Send) -> None:
    await answer(send, b"no", status=401)


async def _stream(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for part in (b"one", b"", b"two" * 50_000):
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


async def _nothing(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def _liar(scope: Scope, _: Receive, send: Send) -> None:
    length = scope["query_string"]
    headers = [(b"content-length", length)]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"12345"})


async def _broken(_: Scope, __: Receive, ___: Send) -> None:
    raise RuntimeError("a bug")


async def _breaking(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError("a bug")


async def _injected(_: Scope, __: Receive, send: Send) -> None:
    await answer(send, b"", (b"x-name", b"a\r\nset-cookie: b"))


async def _watch(_: Scope, receive: Receive, send: Send) -> None:
    await whole(receive)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"began", "more_body": True})
    seen.append((await receive())["type"])
    is_told.set()


async def _flood(_: Scope, __: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while not is_told.is_set():
        await send({"type": "http.response.body", "body": b"x" * MIB, "more_body": True})
        seen.append(MIB)
    await send({"type": "http.response.body"})


async def _unread(_: Scope, receive: Receive, send: Send) -> None:
    await asyncio.to_thread(is_told.wait, 10)
    await answer(send, b"%d" % len(await whole(receive)))


async def _alone(scope: Scope, _: Receive, send: Send) -> None:
    await answer(send, b"%d" % scope["extensions"][extensions.IS_ALONE]())


async def _slow(_: Scope, __: Receive, send: Send) -> None:
    seen.append("began")
    await asyncio.to_thread(is_told.wait, 10)
    await answer(send, b"done")


@pytest.fixture
def server() -> Iterator[Server]:
    seen.clear()
    is_told.clear()
    with serving(application) as running:
        yield running
        is_told.set()


def test_a_connection_is_used_again(server):
    client = server.connect()
    for body in (b"", b"data", b"x" * 3 * MIB):
        status, head, echoed = client.ask("PUT", "/echo", body=body).answer()
        assert (status, echoed) == (200, body)
        assert re.search(r"\r\ndate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n", head)
        assert "connection:" not in head
    assert client.ask("GET", "/refused", "Connection: close").answer()[1].count("close") == 1
    assert client.rest() == b""


def test_who_asks_again_and_again_beside_nobody_is_alone(server):
    first, second, slow = (server.connect() for _ in range(3))

    def asked(count: int) -> list[bytes]:
        return [first.ask("GET", "/alone").answer()[2] for _ in range(count)]

    alone = [b"0"] * connection.ALONE_REQUESTS + [b"1"] * 3
    assert asked(len(alone)) == alone
    assert second.ask("GET", "/alone").answer()[2] == b"0"
    assert asked(len(alone)) == alone
    slow.ask("GET", "/slow")
    eventually(lambda: seen)
    assert asked(len(alone)) == [b"0"] * len(alone)
    is_told.set()
    assert slow.answer()[2] == b"done"
    assert asked(3) == [b"1"] * 3  # as soon as the slow one's is over
    assert server.connect().send(b"nonsense\r\n\r\n").answer()[0] == 400
    assert asked(len(alone)) == alone


def test_requests_sent_at_once_are_answered_in_turn(server):
    client = server.connect()
    for number in range(50):
        client.ask("PUT", "/echo", body=b"%d" % number)
    assert [client.answer()[2] for _ in range(50)] == [b"%d" % number for number in range(50)]


def test_a_request_may_come_byte_by_byte(server):
    client = server.connect()
    for (
        byte
    ) in b"PUT /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n":
        client.send(bytes([byte]))
    assert client.answer()[2] == b"abcd"


def test_a_client_that_waits_is_told_to_go_on_only_for_who_reads(server):
    client = server.connect().ask("PUT", "/echo", "Expect: 100-continue", "Content-Length: 4")
    assert client.head() == "HTTP/1.1 100 Continue\r\n\r\n"
    assert client.send(b"data").answer()[2] == b"data"

    client = server.connect().ask("PUT", "/refused", "Expect: 100-continue", "Content-Length: 4")
    status, head, _ = client.answer()
    assert (status, "connection: close" in head) == (401, True)
    assert client.rest() == b""


def test_an_answer_of_unknown_length_comes_in_chunks_or_ends_the_connection(server):
    client = server.connect().ask("GET", "/stream")
    assert "transfer-encoding: chunked" in client.head()
    assert client.exactly(8) == b"3\r\none\r\n"
    assert client.until(b"\r\n0\r\n\r\n") == b"249f0\r\n" + b"two" * 50_000 + b"\r\n0\r\n\r\n"

    client = server.connect().send(b"GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert "connection: close" in client.head()
    assert client.rest() == b"one" + b"two" * 50_000


def test_an_old_client_may_keep_its_connection(server):
    client = server.connect()
    for _ in range(2):
        client.send(b"GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        assert "connection: keep-alive" in client.answer()[1]
    assert client.send(b"GET /echo HTTP/1.0\r\n\r\n").answer()[0] == 200
    assert client.rest() == b""


def test_some_answers_have_no_body(server):
    client = server.connect().ask("HEAD", "/refused")
    assert "content-length: 2" in client.head()
    head = client.ask("GET", "/nothing").head()
    assert "content-length" not in head
    assert "transfer-encoding" not in head
    assert client.ask("GET", "/refused").answer()[2] == b"no"


def test_a_small_body_that_nobody_wants_leaves_the_connection(server):
    client = server.connect().ask("PUT", "/refused", "Content-Length: 1000")
    assert client.answer()[0] == 401
    client.send(b"x" * 1000)
    assert client.ask("PUT", "/echo", body=b"next").answer()[2] == b"next"


def test_who_sends_a_large_body_in_vain_can_read_why(server):
    client = server.connect().ask("PUT", "/refused", f"Content-Length: {100 * MIB}")
    for _ in range(20):
        client.send(b"x" * MIB)
    status, head, body = client.answer()
    assert (status, body) == (401, b"no")
    assert "connection: close" in head
    assert client.rest() == b""


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"\x16\x03\x01\x02\x00" * 9, 400), (b"GET\r\n\r\n", 400),
        (b"GET /echo HTTP/9.9\r\n\r\n", 400), (b"GET /\xff HTTP/1.1\r\n\r\n", 400),
        (b"PUT /echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"PUT /echo HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
        (
            b"PUT /echo HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"0\r\n\r\n",
            400,
        ),
        (b"GET /echo HTTP/1.1\r\nX: a\0b\r\n\r\n", 400),
        (b"GET /echo HTTP/1.1\r\n" + b"X: y\r\n" * 300 + b"\r\n", 431),
        (b"GET /echo HTTP/1.1\r\nX: " + b"y" * MIB, 431), (b"GET /" + b"y" * MIB, 431),
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(server, request_bytes, status):
    client = server.connect().send(request_bytes)
    assert client.answer()[0] == status
    assert client.rest() == b""


def test_a_body_that_ends_in_garbage_is_cut_off_for_the_application(server):
    client = server.connect().ask("PUT", "/echo", "Transfer-Encoding: chunked")
    assert client.send(b"3\r\nabc\r\nzz\r\n").answer()[0] == 499
    assert client.rest() == b""
    assert seen == [b"abc"]


def test_a_header_of_two_lines_is_not_sent(server):
    answered = server.connect().ask("GET", "/injected").rest()
    assert answered.startswith(b"HTTP/1.1 500 ")
    assert b"set-cookie" not in answered


@pytest.mark.parametrize("length", ["9", "3"])
def test_an_answer_that_is_not_as_long_as_it_said_is_cut_off(server, length):
    client = server.connect().ask("GET", f"/liar?{length}")
    answered = client.rest()
    assert not answered or answered.endswith(b"\r\n\r\n12345")


def test_a_bug_is_an_answer_or_shows(server):
    assert server.connect().ask("GET", "/broken").answer()[0] == 500
    answered = server.connect().ask("GET", "/breaking").rest()
    assert answered.endswith(b"\r\n\r\n4\r\nhalf\r\n")


def test_an_application_learns_that_its_client_went_away(server):
    client = server.connect().ask("GET", "/watch")
    client.until(b"began\r\n")
    client.socket.close()
    assert is_told.wait(10)
    assert seen == ["http.disconnect"]


def test_of_what_nobody_reads_only_a_little_is_taken(server):
    client = server.connect().ask("PUT", "/unread", f"Content-Length: {32 * MIB}")
    sending = threading.Thread(target=client.send, args=(b"x" * 32 * MIB,))
    sending.start()
    sending.join(0.5)
    assert sending.is_alive()
    (open_one,) = server.served.connections
    assert MIB <= open_one._current._kept_bytes < 2 * MIB
    is_told.set()
    assert client.answer()[2] == b"%d" % (32 * MIB)
    sending.join()


def test_an_application_waits_for_a_slow_reader(server):
    client = server.connect().ask("GET", "/flood", "Connection: close")
    client.head()
    eventually(lambda: seen)
    time.sleep(0.3)
    before = len(seen)
    time.sleep(0.3)
    assert len(seen) == before < 16  # and not more: the kernel's buffers, and ours
    is_told.set()
    assert client.rest().endswith(b"\r\n0\r\n\r\n")


def test_a_head_that_takes_too_long_and_an_idle_connection_are_closed(monkeypatch, request):
    for name in ("HEAD_S", "IDLE_S", "LINGER_S"):
        monkeypatch.setattr(connection, name, 0.2)
    monkeypatch.setattr(connection, "LOOK_EVERY_S", 0.05)
    server = request.getfixturevalue("server")
    slow = server.connect().send(b"GET /echo HT")
    idle = server.connect()
    assert idle.ask("GET", "/echo").answer()[0] == 200
    busy = server.connect().ask("GET", "/slow")
    unsent = server.connect().ask("PUT", "/refused", "Content-Length: 9")
    assert unsent.answer()[0] == 401
    assert [slow.rest(), idle.rest(), unsent.rest()] == [b""] * 3
    is_told.set()
    assert busy.answer()[2] == b"done"


def test_stopping_lets_the_answer_under_way_end_and_no_other_begin(server):
    idle = server.connect()
    busy = server.connect().ask("GET", "/slow").ask("GET", "/slow")
    eventually(lambda: seen)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    assert idle.rest() == b""
    is_told.set()
    assert busy.answer()[2] == b"done"
    assert busy.rest() == b""
    stopping.join(10)
    assert seen == ["began"]


def test_an_upgrade_to_what_is_not_spoken_is_an_ordinary_request(server):
    client = server.connect().ask("GET", "/echo", "Connection: Upgrade", "Upgrade: h2c")
    assert client.answer()[0] == 200
    assert client.rest() == b""


@pytest.mark.parametrize(
    ("target", "path", "raw_path", "query"),
    [
        ("/path/a%20b%2Fc?x=%20y&z", "/path/a b/c", b"/path/a%20b%2Fc", b"x=%20y&z"),
        ("http://host:1/path/x?q", "/path/x", b"/path/x", b"q"),
        ("/path//x?a?b", "/path//x", b"/path//x", b"a?b"),
        ("/path/%ff", "/path/\ufffd", b"/path/%ff", b""),
    ],
)  # fmt: skip
def test_a_target_is_taken_apart(server, target, path, raw_path, query):
    said = server.connect().ask("GET", target).answer()[2]
    assert said == repr([path, raw_path, query, "GET", "1.1"]).encode()
