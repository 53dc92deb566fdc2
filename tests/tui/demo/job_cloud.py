"""A cloud that can do the demo's job: images, keys, rules and servers, kept in dictionaries."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path
from typing import Any

import httpx2

from tests.tui.fake_cloud import FakeCloud, to_json

REQUEST = "req-fake"
CONSOLE = "ami-tiny: kernel up at 1.20\r\nami-tiny: addr eth0=10.0.0.5/24 at 2.50\r\nlogin: "


class JobCloud(FakeCloud):
    """Servers become ACTIVE at once, or ERROR when `fault` is set."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.fault = ""
        self.cut_upload = False
        self.images: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, dict[str, str]] = {}
        self.rules: list[dict[str, Any]] = []
        self.servers: dict[str, dict[str, Any]] = {}
        self._folder = folder
        self.answers = {
            r"GET /network/v2.0/security-groups\?name=default":
                (200, {"security_groups": [{"id": "sg"}]}),
            r"GET /network/v2.0/networks": (200, {"networks": [{"id": "n1", "name": "demo-net"}]}),
            r"GET /compute/v2.1/flavors/detail":
                (200, {"flavors": [{"id": "1", "name": "m1.tiny"}]}),
            r"POST /compute/v2.1/servers/.*/action": (200, {"output": CONSOLE}),
        }  # fmt: skip

    def answer(self, method: str, path: str, body: Any) -> httpx2.Response:
        """Do what is asked."""
        parts = path.partition("?")[0].split("/")[1:]
        if parts[0] == "image":
            return self._image(method, parts[3:], path.partition("name=")[2], body)
        match method, parts[2:]:
            case "GET", ["os-keypairs"]:
                return to_json(200, {"keypairs": [{"keypair": key} for key in self.keys.values()]})
            case "POST", ["os-keypairs"]:
                return self._new_key(body["keypair"]["name"])
            case "DELETE", ["os-keypairs", name]:
                del self.keys[name]
                return to_json(202, None)
            case "POST", ["security-group-rules"]:
                return self._new_rule(body["security_group_rule"])
            case "GET", ["servers", "detail"]:
                return to_json(200, {"servers": list(self.servers.values())})
            case "POST", ["servers"]:
                return self._new_server(body["server"])
            case "GET", ["servers", key]:
                return to_json(200, {"server": self.servers[key]})
            case "DELETE", ["servers", key]:
                del self.servers[key]
                self.remove("instance", key)
                return to_json(204, None)
        return super().answer(method, path, body)

    def _image(self, method: str, parts: list[str], name: str, body: Any) -> httpx2.Response:
        match method, parts:
            case "POST", []:
                return self._new_image(body)
            case "DELETE", [key]:
                del self.images[key]
                return to_json(204, None)
        found = [image for image in self.images.values() if image["name"] == name]
        return to_json(200, {"images": found})

    def _new_image(self, body: dict[str, Any]) -> httpx2.Response:
        key = f"image-{len(self.calls)}"
        self.images[key] = {"id": key, "status": "queued", **body}
        return to_json(201, self.images[key])

    def image_file(self, request: httpx2.Request, image_id: str, content: bytes) -> httpx2.Response:
        """Take an image's data, unless the store is full."""
        if self.cut_upload:
            return to_json(500, {"message": "the store is full"})
        checksum = hashlib.md5(content).hexdigest()
        self.images[image_id] |= {"status": "active", "checksum": checksum, "size": len(content)}
        return super().image_file(request, image_id, content)

    def _new_key(self, name: str) -> httpx2.Response:
        file = self._folder / f"made-{len(self.calls)}"
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True, timeout=10
        )
        public = file.with_suffix(".pub").read_text()
        self.keys[name] = {"name": name, "public_key": public}
        return to_json(200, {"keypair": {**self.keys[name], "private_key": file.read_text()}})

    def _new_rule(self, rule: dict[str, Any]) -> httpx2.Response:
        if rule in self.rules:
            return to_json(409, {"NeutronError": {"message": "there already"}})
        self.rules.append(rule)
        return to_json(201, {"security_group_rule": rule})

    def _new_server(self, body: dict[str, Any]) -> httpx2.Response:
        key = f"server-{len(self.calls)}"
        status = "ERROR" if self.fault else "ACTIVE"
        self.servers[key] = {
            "id": key, "name": body["name"], "status": status, "key_name": body["key_name"],
            "addresses": {"demo-net": [{"addr": "10.0.0.5"}]},
            "fault": {"message": self.fault} if self.fault else None,
        }  # fmt: skip
        self.hop(
            id="h1",
            request_id=REQUEST,
            kind="http",
            source="client",
            target="api",
            name="POST /servers",
            status="ok",
            started_at=1_000,
            duration_us=9_000,
        )
        self.put("instance", id=key, name=body["name"], vm_state=status.lower(), task_state=None)
        return to_json(202, {"server": {"id": key}})
