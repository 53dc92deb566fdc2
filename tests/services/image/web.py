"""A web server on loopback that answers what a test says, byte for byte, and also wrongly."""

import contextlib
import dataclasses
import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType

from appliance import config

Answer = bytes | Callable[[socket.socket], None]


def page(body: bytes, *headers: str, length: int | None = None, status: str = "200 OK") -> bytes:
    """A whole answer; `length` is a lie about its own."""
    size = len(body) if length is None else length
    head = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def redirect(where: str) -> bytes:
    """An answer that leads on."""
    return page(b"", f"Location: {where}", status="302 Found")


class Web:
    """The server; `heads` are the requests' as they came."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self.answers: dict[str, Answer] = {}
        self.heads: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """Where a path is had from."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def allowed(self, settings: config.Image, *hosts: str) -> config.Image:
        """Settings by which images may come from here."""
        return dataclasses.replace(
            settings, download_hosts=hosts or ("127.0.0.1",), download_ports=(str(self.port),)
        )

    def __enter__(self) -> "Web":
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.ExitStack() as opened:
            opened.enter_context(contextlib.suppress(OSError))
            opened.enter_context(connection)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                opened.enter_context(connection)
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(4096)
            self.heads.append(head.decode())
            answer = self.answers.get(head.split()[1].decode(), page(b"", status="404 Not Found"))
            if isinstance(answer, bytes):
                connection.sendall(answer)
            else:
                answer(connection)
