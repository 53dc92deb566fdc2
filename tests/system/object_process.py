"""The object store as its own process, with real tokens, and raw requests to it."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from appliance import config
from appliance.db import connection
from services.identity.api import Identity
from tests import client, cloud


class ObjectProcess:
    """`python -m services.object` on a free port, in a state folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (self.port,) = cloud.free_ports(1)
        (home / "novabox.toml").write_text(f"[trash]\nkept_s = 0.0\n[object]\nport = {self.port}\n")
        self._run("services.identity", "bootstrap").check_returncode()
        self.settings = config.load(home)
        self.token, self.account = self._login("demo")
        self.url = f"http://127.0.0.1:{self.port}/v1/{self.account}"
        self._log = home / "object.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that serves."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.object"], env=self._environment(), stderr=log
            )
        deadline = time.monotonic() + 60
        while not self._is_healthy():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)

    def stop(self, *, kill: bool = False) -> None:
        """End it, at once or as the supervisor does."""
        assert self._process is not None
        self._process.kill() if kill else self._process.terminate()
        self._process.wait(60)

    def audit(self) -> str:
        """Run one round of the auditor in a process of its own."""
        done = self._run("services.object", "once")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def request(
        self, method: str, path: str, data: bytes | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Send one request as demo; return status and body."""
        headers = {"X-Auth-Token": self.token, **headers}
        answer = client.ask(method, self.url + path, data, headers=headers)
        return answer.status, answer.body

    def connect(self) -> socket.socket:
        """Open a raw connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def head(self, method: str, path: str, *lines: str) -> bytes:
        """Write a request's head by hand."""
        start = f"{method} /v1/{self.account}{path} HTTP/1.1"
        fixed = (start, "Host: x", f"X-Auth-Token: {self.token}")
        return "\r\n".join((*fixed, *lines, "", "")).encode()

    def log(self) -> str:
        """Return what the process said."""
        return self._log.read_text()

    def _is_healthy(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/healthcheck"
            return client.ask("GET", url, headers={}).status == 200
        except OSError:
            return False

    def _login(self, user: str) -> tuple[str, str]:
        db = connection.open_db(self.home)
        try:
            identity = Identity(self.settings, db)
            token = identity.service_token(user)
            return token, f"AUTH_{identity.resolve(token).project_id}"
        finally:
            db.close()

    def _environment(self) -> dict[str, str]:
        return os.environ | {"NOVABOX_HOME": str(self.home)}

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            env=self._environment(), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
