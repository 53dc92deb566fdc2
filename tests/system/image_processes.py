"""The APIs, the object store and the image worker as processes of their own, and raw requests."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from appliance import config, trace
from appliance.db import connection, images
from appliance.model.image import Image
from services.identity.api import Identity
from tests import client, cloud

NAMES: Final = ("api", "object", "image")


class ImageProcesses:
    """The part of a cloud that images need; no root, no host network. `image`: more TOML of its
    settings.
    """

    def __init__(self, home: Path, *, image: str = "") -> None:
        self.home = home
        ports = cloud.free_ports(2)
        (home / "novabox.toml").write_text(
            f'host = "box1"\n[trash]\nkept_s = 0.0\n[api]\nport = {ports[0]}\n'
            f"[object]\nport = {ports[1]}\n"
            f"[queue]\nsweep_s = 0.2\n[image]\nupload_idle_s = 20.0\n{image}"
        )
        self.settings = config.load(home)
        subprocess.run(
            [sys.executable, "-m", "services.api", "bootstrap"], env=self._environment(), check=True
        )
        self.db = connection.open_db(home)
        self.identity = Identity(self.settings, self.db)
        self.token = self.identity.service_token("demo")
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str) -> None:
        """Start them (all, unless some are named) and wait for their ports."""
        for name in names or NAMES:
            with (self.home / f"{name}.log").open("ab") as log:
                self._running[name] = subprocess.Popen(
                    [sys.executable, "-m", f"services.{name}"], env=self._environment(), stderr=log
                )
        for name in set(names or NAMES) - {"image"}:
            port = getattr(self.settings, name).port
            cloud.eventually(
                lambda name=name, port=port: self._is_up(name, port),
                timeout_s=60,
                what=f"{name} on {port}",
            )

    def _is_up(self, name: str, port: int) -> bool:
        """Whether it listens; fails with what it said when it has ended instead."""
        assert self._running[name].poll() is None, (self.home / f"{name}.log").read_text()
        return _listens(port)

    def pid(self, name: str) -> int:
        """The process of that name."""
        return self._running[name].pid

    def pids(self) -> dict[str, int]:
        """The processes that run, by name."""
        return {name: process.pid for name, process in self._running.items()}

    def kill(self, name: str) -> None:
        """`kill -9`, as power loss does it."""
        self._running[name].kill()
        self._running.pop(name).wait(30)

    def rss_mib(self, name: str) -> float:
        """What a process has in memory."""
        status = Path(f"/proc/{self._running[name].pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def close(self) -> None:
        """End all of them."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            process.wait(60)
        self.db.close()

    def request(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any, str]:
        """One request to the Image API as demo: status, body and request id."""
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        kind = "application/json" if isinstance(body, dict) else "application/octet-stream"
        headers = {"X-Auth-Token": self.token, "Content-Type": kind, **headers}
        url = f"{self.settings.api_url}/image/v2{path}"
        answer = client.ask(method, url, data, headers=headers)
        return answer.status, answer.body, answer.headers["x-openstack-request-id"]

    def create(self) -> str:
        """A queued raw image."""
        body = {"name": "disk", "disk_format": "raw", "container_format": "bare"}
        return str(self.request("POST", "/images", body)[1]["id"])

    def image(self, image_id: str) -> Image:
        """The row as it is now."""
        return images.get(self.db, image_id)

    def begin_upload(self, image_id: str, framing: str, body: bytes) -> socket.socket:
        """A raw upload that is not finished yet."""
        client = socket.create_connection(
            (self.settings.api.address, self.settings.api.port), timeout=60
        )
        head = (
            f"PUT /image/v2/images/{image_id}/file HTTP/1.1\r\nHost: x\r\n"
            f"X-Auth-Token: {self.token}\r\nContent-Type: application/octet-stream\r\n"
            f"{framing}\r\n\r\n"
        )
        client.sendall(head.encode() + body)
        cloud.eventually(
            lambda: self.image(image_id).status == "saving", timeout_s=30, what="saving"
        )
        return client

    def data_files(self) -> list[Path]:
        """The object store's files of data."""
        folder = self.home / "objects" / "d1" / "objects"
        return [path for path in folder.rglob("*") if path.is_file()]

    def hops(self, request_id: str) -> list[trace.Hop]:
        """The hops of a request, parents first."""
        return trace.Log(self.home).request(request_id)

    def logs(self) -> str:
        """What the processes said."""
        return "\n".join((self.home / f"{name}.log").read_text() for name in NAMES)

    def _environment(self) -> dict[str, str]:
        return os.environ | {"NOVABOX_HOME": str(self.home)}


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
