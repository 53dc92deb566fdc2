"""An ASGI application behind a real socket, on a loop in a thread of its own."""

import asyncio
import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator

import uvloop
from starlette.types import ASGIApp

from services.http.wire.connection import Connection, Served

WAIT_S = 10.0


class Client:
    """Bytes as they are, to and fro."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        self._kept = b""

    def send(self, data: bytes) -> "Client":
        self.socket.sendall(data)
        return self

    def ask(self, method: str, path: str, *lines: str, body: bytes = b"") -> "Client":
        """Send a request; with its length, if it has a body and no line says otherwise."""
        said = [*lines, f"Content-Length: {len(body)}"] if body else [*lines]
        return self.send("\r\n".join([f"{method} {path} HTTP/1.1", *said, "", ""]).encode() + body)

    def head(self) -> str:
        """The next head."""
        return self.until(b"\r\n\r\n").decode()

    def answer(self) -> tuple[int, str, bytes]:
        """The next answer that says how long it is: its status, head and body."""
        head = self.head()
        length = re.search(r"(?im)^content-length: (\d+)\r?$", head)
        assert length is not None, head
        return int(head.split()[1]), head, self.exactly(int(length[1]))

    def exactly(self, size_bytes: int) -> bytes:
        while len(self._kept) < size_bytes:
            self._more()
        data, self._kept = self._kept[:size_bytes], self._kept[size_bytes:]
        return data

    def until(self, end: bytes) -> bytes:
        while end not in self._kept:
            self._more()
        data, _, self._kept = self._kept.partition(end)
        return data + end

    def rest(self) -> bytes:
        """Everything until the server closes the connection."""
        with contextlib.suppress(EOFError):
            while True:
                self._more()
        data, self._kept = self._kept, b""
        return data

    def _more(self) -> None:
        data = self.socket.recv(1 << 16)
        if not data:
            raise EOFError(self._kept)
        self._kept += data


class Server:
    """`connect` makes a client; the loop is there to call something on it."""

    def __init__(self, app: ASGIApp, *, has_websockets: bool) -> None:
        self.loop = uvloop.new_event_loop()
        self.served = Served(app=app, loop=self.loop, has_websockets=has_websockets)
        self.port = 0
        self._is_listening = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._clients: list[Client] = []
        self._thread.start()
        assert self._is_listening.wait(WAIT_S)

    def connect(self) -> Client:
        self._clients.append(Client(self.port))
        return self._clients[-1]

    def stop(self, grace_s: float = WAIT_S) -> None:
        """What is under way may end; returns when everything is closed."""
        asyncio.run_coroutine_threadsafe(self.served.stop(grace_s), self.loop).result(2 * WAIT_S)

    def close(self) -> None:
        for client in self._clients:
            client.socket.close()
        self.stop(0.0)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(WAIT_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        made = self.loop.create_server(lambda: Connection(self.served), "127.0.0.1", 0)
        server = self.loop.run_until_complete(made)
        self.port = server.sockets[0].getsockname()[1]
        looking = self.loop.create_task(self.served.look())
        self._is_listening.set()
        self.loop.run_forever()
        server.close()
        looking.cancel()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()


def eventually(condition: Callable[[], object]) -> None:
    """Wait until it is so."""
    until = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@contextlib.contextmanager
def serving(app: ASGIApp, *, has_websockets: bool = False) -> Iterator[Server]:
    """A server of this application until the block ends."""
    server = Server(app, has_websockets=has_websockets)
    try:
        yield server
    finally:
        server.close()
