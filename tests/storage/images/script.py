"""A server of objects that says what a script tells it to, one answer a request."""

import hashlib
import http.server


class Script(http.server.BaseHTTPRequestHandler):
    """Answers by `answers`, in order: a status and a body, or None to hang up. A PUT's ETag is its
    md5, unless `etag` says another.
    """

    protocol_version = "HTTP/1.1"
    answers: list[tuple[int, str] | None]
    asked: list[str]
    bodies: list[bytes]
    etag = ""
    more: dict[str, str]
    port = 0

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        body = self._body()
        self.bodies.append(body)
        answer = self.answers.pop(0)
        if answer is None:
            self.close_connection = True
            return
        self.send_response(answer[0])
        if self.command == "PUT":
            self.send_header("ETag", self.etag or f'"{hashlib.md5(body).hexdigest()}"')
        for name, value in self.more.items():
            self.send_header(name, value)
        said = b"" if answer[0] == 204 else answer[1].encode()
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size_bytes := int(self.rfile.readline(), 16):
            body += self.rfile.read(size_bytes)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Keep the test's output quiet."""
