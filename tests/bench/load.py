"""A client that costs little: requests written beforehand, sent by one thread over many sockets.

Each lane asks, waits for the whole answer and asks again (a closed loop). It refuses to know what
the requests mean: an answer that is not a success ends the measurement.
"""

import hashlib
import http.client
import selectors
import socket
import time
from collections.abc import Iterator
from typing import Final

BUFFER_BYTES: Final = 1 << 20
DEADLINE_S: Final = 300.0

Address = tuple[str, int]


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """One request as it goes over the wire; `X_Auth_Token=…` is the header X-Auth-Token."""
    lines = [f"{method} {path} HTTP/1.1", "Host: bench", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + body


def closed_loop(address: Address, requests: Iterator[bytes], *, clients: int) -> float:
    """Send all `requests` over `clients` connections and return the seconds it took."""
    selector = selectors.DefaultSelector()
    lanes = [_Lane(address) for _ in range(clients)]
    began = time.perf_counter()
    busy = 0
    for lane in lanes:
        if (data := next(requests, None)) is not None:
            lane.send(data)
            selector.register(lane.socket, selectors.EVENT_READ, lane)
            busy += 1
    while busy:
        ready = selector.select(DEADLINE_S)
        assert ready, f"no answer for {DEADLINE_S:g} s"
        for key, _ in ready:
            if not key.data.take():
                continue
            if (data := next(requests, None)) is not None:
                key.data.send(data)
            else:
                selector.unregister(key.data.socket)
                busy -= 1
    took_s = time.perf_counter() - began
    for lane in lanes:
        lane.socket.close()
    selector.close()
    return took_s


def put_large(address: Address, path: str, data: bytes, *, token: str) -> float:
    """Send one large object and return the seconds until its success."""
    began = time.perf_counter()
    with socket.create_connection(address, timeout=DEADLINE_S) as connection:
        head = request("PUT", path, X_Auth_Token=token)
        said = f"Content-Length: {len(data)}".encode()
        connection.sendall(head.replace(b"Content-Length: 0", said))
        connection.sendall(data)
        status = connection.recv(64 << 10)
    assert status.startswith(b"HTTP/1.1 201"), status
    return time.perf_counter() - began


def get_large(address: Address, path: str, *, token: str, etag: str = "") -> float:
    """Read one large object and return the seconds; with `etag` its md5 is checked, unmeasured."""
    client = http.client.HTTPConnection(*address, timeout=DEADLINE_S)
    digest = hashlib.md5(usedforsecurity=False)
    buffer = bytearray(BUFFER_BYTES)
    began = time.perf_counter()
    client.request("GET", path, headers={"X-Auth-Token": token})
    answer = client.getresponse()
    assert answer.status == 200, answer.status
    left = int(answer.headers["Content-Length"])
    while left:
        count = answer.readinto(buffer)
        assert count, f"the answer ended {left} bytes too early"
        left -= count
        if etag:
            digest.update(memoryview(buffer)[:count])
    took_s = time.perf_counter() - began
    client.close()
    assert not etag or digest.hexdigest() == etag
    return took_s


class _Lane:
    """One connection and what came of its answer so far."""

    def __init__(self, address: Address) -> None:
        self.socket = socket.create_connection(address, timeout=DEADLINE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = b""
        self._left = -1  # bytes of the body to come; -1 before the head is whole

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def take(self) -> bool:
        """Take what came; whether the answer is whole."""
        data = self.socket.recv(BUFFER_BYTES)
        assert data, f"the server hung up: {self._head!r}"
        if self._left < 0:
            self._head += data
            head, end, body = self._head.partition(b"\r\n\r\n")
            if not end:
                return False
            assert head[9:10] == b"2", self._head
            self._left = _length(head) - len(body)
        else:
            self._left -= len(data)
        if self._left > 0:
            return False
        self._head, self._left = b"", -1
        return True


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    assert b" 204 " in head.partition(b"\r\n")[0], head
    return 0
