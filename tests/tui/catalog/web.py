"""A publisher's server on loopback: Range, redirects, and everything that goes wrong with servers.

As a program (`python -m tests.tui.catalog.web FOLDER PORT`) it serves a folder, for tests whose
cloud is in a namespace; `FOLDER/stop-at` then holds how many bytes of a big file are sent before
the server waits for that file to be gone.
"""

from __future__ import annotations

import contextlib
import re
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_BIG_BYTES = 1 << 20  # lists are never stopped


@dataclass
class Web:
    """What is served, and how badly. `asked` are the paths that came, with their Range."""

    files: dict[str, bytes] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)  # for the next requests of a path
    cuts: dict[str, list[int]] = field(default_factory=dict)  # bytes sent before each cut
    knows_ranges: bool = True
    says_length: bool = True
    wait_at: Callable[[], int | None] = lambda: None  # bytes of a big file before the server waits
    go_on: threading.Event = field(default_factory=threading.Event)
    waiting: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, str]] = field(default_factory=list)
    url: str = ""

    def ranges(self, path: str) -> list[str]:
        """The Range of each request of a path."""
        return [told for asked, told in self.asked if asked == path]


@contextlib.contextmanager
def serving(web: Web, *, port: int = 0, tls: ssl.SSLContext | None = None) -> Iterator[Web]:
    """Serve until the end of the block."""
    kind = type("Handler", (_Handler,), {"web": web})
    server = ThreadingHTTPServer(("127.0.0.1", port), kind)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "http" if tls is None else "https"
    web.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield web
    finally:
        web.go_on.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    web: Web

    def do_GET(self) -> None:
        self.web.asked.append((self.path, self.headers.get("Range", "")))
        if statuses := self.web.statuses.get(self.path):
            return self._plain(statuses.pop(0))
        if self.path in self.web.redirects:
            return self._plain(302, Location=self.web.redirects[self.path])
        data = self.web.files.get(self.path)
        return self._plain(404) if data is None else self._file(data)

    def _plain(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": "0"} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def _file(self, data: bytes) -> None:
        total = len(data)
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        first = int(found[1]) if found and self.web.knows_ranges else 0
        if first >= total and first:
            return self._plain(416, Content_Range=f"bytes */{total}")
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{total - 1}/{total}")
        if self.web.says_length:
            self.send_header("Content-Length", str(total - first))
        else:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        return self._send(data[first:])

    def _send(self, data: bytes) -> None:
        cuts = self.web.cuts.get(self.path)
        if cuts:
            data = data[: cuts.pop(0)]
            self.close_connection = True
        stop = self.web.wait_at() if len(data) >= _BIG_BYTES else None
        with contextlib.suppress(ConnectionError):
            self.wfile.write(data[:stop])
            if stop is not None:
                self.wfile.flush()
                self.web.waiting.set()
                self.web.go_on.wait()
                self.wfile.write(data[stop:])

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _serve_folder(folder: Path, port: int) -> None:
    stop = folder / "stop-at"

    def wait_at() -> int | None:
        return int(stop.read_text()) if stop.exists() else None

    web = Web(wait_at=wait_at)
    web.files = {f"/{path.name}": path.read_bytes() for path in folder.iterdir()}
    with serving(web, port=port):
        print("ready", flush=True)
        sys.stdin.read()  # until the test closes it


if __name__ == "__main__":
    _serve_folder(Path(sys.argv[1]), int(sys.argv[2]))
