"""A hostile peer gets an error in form, and the object store's process stays as it was."""

import re
import socket
from pathlib import Path

import pytest

from tests import cloud
from tests.system.object_process import ObjectProcess

MIB = 1 << 20


@pytest.fixture(scope="module")
def store(store: ObjectProcess) -> ObjectProcess:
    store.request("PUT", "/c")
    store.request("PUT", "/c/o", b"data")
    return store


def resident_bytes(store: ObjectProcess) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{store.pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def status(store: ObjectProcess, raw: bytes) -> int:
    """Send a request by hand; return the answer's status, 0 if the connection was closed."""
    with store.connect() as connection:
        try:
            connection.sendall(raw)
            first = connection.makefile("rb").readline()
        except ConnectionError:
            return 0
    return int(first.split()[1]) if first else 0


def line(store: ObjectProcess, method: str, path: bytes) -> bytes:
    """A request whose path goes out as it is."""
    start = f"{method} ".encode() + path + b" HTTP/1.1\r\n"
    return start + f"Host: x\r\nX-Auth-Token: {store.token}\r\nContent-Length: 0\r\n\r\n".encode()


def test_too_many_or_too_long_headers_are_refused(store: ObjectProcess):
    before = resident_bytes(store)
    many = [f"X-Object-Meta-{number}: x" for number in range(10_000)]
    long = ["X-Object-Meta-A: " + "x" * 4 * MIB]

    for lines in (many, long):
        for method in ("PUT", "POST", "GET"):
            raw = store.head(method, "/c/o", "Content-Length: 0", *lines)
            assert status(store, raw) in {0, 400, 413, 431}
    some = [f"X-Object-Meta-{number}: x" for number in range(91)]
    assert status(store, store.head("PUT", "/c/o", "Content-Length: 0", *some)) in {400, 431}
    assert store.request("GET", "/c/o") == (200, b"data")
    assert resident_bytes(store) - before < 30 * MIB


@pytest.mark.parametrize(
    "path",
    [
        b"/c/../../../../etc/passwd", b"/c/%2e%2e/%2e%2e/etc/passwd", b"/../AUTH_other/c/o",
        b"/c/..", b"/c/.", b"/c//etc/passwd", b"/c/%2fetc%2fpasswd", b"/c/..%5c..%5cwindows",
    ],
)  # fmt: skip
def test_a_path_never_leaves_the_store(store: ObjectProcess, path: bytes):
    account = f"/v1/{store.account}".encode()
    outside = set(store.home.iterdir())

    assert status(store, line(store, "GET", account + path)) in {403, 404, 412}
    assert status(store, line(store, "PUT", account + path)) in {201, 202, 403, 404, 412}

    assert status(store, line(store, "DELETE", account + path)) in {204, 403, 404, 409, 412}
    assert set(store.home.iterdir()) == outside
    assert store.request("GET", "/c/o") == (200, b"data")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"/c/%00", {412}), (b"/c/a%00b", {412}), (b"/c/%ff%fe", {412}), (b"/c/\xff", {400, 412}),
        (b"/c/%c0%af", {412}), (b"/c/%ed%a0%80", {412}), (b"/c%00/o", {412}),
        (b"/c/" + b"n" * 1025, {400}), (b"/c/" + b"n" * 60_000, {400, 414}),
        (b"/c/" + b"%41" * 1025, {400}), (b"/c/" + b"n" * 4 * MIB, {0, 400, 414, 431}),
    ],
)  # fmt: skip
def test_a_name_that_is_none_is_refused(store: ObjectProcess, path: bytes, expected: set[int]):
    account = f"/v1/{store.account}".encode()

    assert status(store, line(store, "PUT", account + path)) in expected
    assert store.request("GET", "/c/o") == (200, b"data")


def test_stalled_uploads_keep_nobody_from_reading_and_cost_little(store: ObjectProcess):
    before = resident_bytes(store)
    stalled = [store.connect() for _ in range(60)]
    for connection in stalled:
        connection.sendall(
            store.head("PUT", "/c/slow", f"Content-Length: {100 * MIB}") + b"x" * 1000
        )

    assert store.request("GET", "/c/o") == (200, b"data")
    assert resident_bytes(store) - before < 60 * MIB

    for connection in stalled:
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()
    cloud.eventually(
        lambda: store.request("PUT", "/c/fast", b"x")[0] == 201, timeout_s=30, what="an upload"
    )
    assert store.request("GET", "/c/slow")[0] == 404


def test_garbage_is_refused(store: ObjectProcess):
    for raw in (
        b"\x16\x03\x01\x02\x00" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
        store.head("PUT", "/c/x", "Content-Length: -1"),
        store.head("PUT", "/c/x", "Content-Length: x"),
        store.head("PUT", "/c/x", "Content-Length: 9" + "9" * 30),
        store.head("PUT", "/c/x", "Transfer-Encoding: chunked") + b"zz\r\n",
    ):  # fmt: skip
        assert status(store, raw) in {0, 400, 413, 499}, raw[:60]
    assert store.request("GET", "/c/x")[0] == 404
    assert store.request("GET", "/c/o") == (200, b"data")
