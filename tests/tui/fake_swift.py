"""A small Swift for the fake cloud: containers, objects, ranges, manifests; in memory."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, unquote

import httpx2

_PATH = re.compile(
    r"/v1/AUTH_p1(?:/(?P<container>[^/?]+))?(?:/(?P<name>[^?]+))?(?:\?(?P<query>.*))?"
)
MODIFIED = "2026-09-21T14:00:00.000000"


class FakeSwift:
    """Containers with bytes by name, headers by path, and manifests."""

    def __init__(self) -> None:
        self.containers: dict[str, dict[str, bytes]] = {}
        self.headers: dict[str, dict[str, str]] = {}
        self.manifests: dict[str, list[str]] = {}
        self.written: dict[str, str] = {}  # checksums written down that are others than what is

    def answer(self, request: httpx2.Request, content: bytes) -> httpx2.Response:
        """Answer one request below the account."""
        found = _PATH.fullmatch(request.url.raw_path.decode())
        assert found, request.url
        container, name = unquote(found["container"] or ""), unquote(found["name"] or "")
        query = {key: values[0] for key, values in parse_qs(found["query"] or "").items()}
        if name:
            return self._object(request, container, name, query, content)
        if container:
            return self._container(request, container, query)
        listed = [
            {"name": key, "count": len(kept), "bytes": sum(map(len, kept.values())),
             "last_modified": MODIFIED}
            for key, kept in sorted(self.containers.items())
        ]  # fmt: skip
        return httpx2.Response(200, json=listed)

    def _container(
        self, request: httpx2.Request, container: str, query: dict[str, str]
    ) -> httpx2.Response:
        if request.method == "PUT":
            self.containers.setdefault(container, {})
            return httpx2.Response(201)
        if container not in self.containers:
            return httpx2.Response(404, text="no such container")
        if request.method == "DELETE":
            if self.containers[container]:
                return httpx2.Response(409, text="There was a conflict: it is not empty")
            del self.containers[container]
            return httpx2.Response(204)
        if request.method == "POST":
            self._note(container, request)
            return httpx2.Response(204)
        return httpx2.Response(200, json=self._listing(container, query.get("prefix", "")))

    def _listing(self, container: str, prefix: str) -> list[dict[str, Any]]:
        seen, listed = set(), []
        for name, content in sorted(self.containers[container].items()):
            if not name.startswith(prefix):
                continue
            head, slash, _ = name[len(prefix) :].partition("/")
            if slash:
                if head not in seen:
                    listed.append({"subdir": f"{prefix}{head}/"})
                seen.add(head)
                continue
            listed.append({
                "name": name, "bytes": len(self._whole(container, name)), "hash": _md5(content),
                "content_type": "text/plain", "last_modified": MODIFIED,
            })  # fmt: skip
        return listed

    def _object(
        self, request: httpx2.Request, container: str, name: str, query: dict[str, str],
        content: bytes,
    ) -> httpx2.Response:  # fmt: skip
        path, kept = f"{container}/{name}", self.containers.get(container, {})
        if request.method == "PUT":
            if source := request.headers.get("X-Copy-From"):
                origin, _, key = unquote(source).strip("/").partition("/")
                content = self.containers[origin][key]
            kept[name] = content
            return httpx2.Response(201, headers={"Etag": _md5(content)})
        if name not in kept:
            return httpx2.Response(404, text="no such object")
        if request.method == "DELETE":
            del kept[name]
            return httpx2.Response(204)
        if request.method == "POST":
            self.headers[path] = {}
            self._note(path, request)
            return httpx2.Response(202)
        return self._read(request, container, name, query)

    def _read(
        self, request: httpx2.Request, container: str, name: str, query: dict[str, str]
    ) -> httpx2.Response:
        path = f"{container}/{name}"
        if path in self.manifests and query.get("multipart-manifest") == "get":
            return httpx2.Response(200, json=[self._segment(one) for one in self.manifests[path]])
        whole = self._whole(container, name)
        headers = {"Etag": self.etag(container, name), **self.headers.get(path, {})}
        if path in self.manifests:
            headers["X-Static-Large-Object"] = "True"
        if request.method == "HEAD":
            return httpx2.Response(200, headers=headers)
        return ranged(request, whole, headers)

    def etag(self, container: str, name: str) -> str:
        """Return what is written down as the checksum."""
        path = f"{container}/{name}"
        if path in self.manifests:
            parts = [self._known(one) for one in self.manifests[path]]
            return f'"{_md5("".join(parts).encode())}"'
        return self._known(path)

    def _whole(self, container: str, name: str) -> bytes:
        parts = self.manifests.get(f"{container}/{name}")
        if parts is None:
            return self.containers[container][name]
        return b"".join(self._at(one) for one in parts)

    def _at(self, path: str) -> bytes:
        container, _, name = path.partition("/")
        return self.containers[container][name]

    def _segment(self, path: str) -> dict[str, Any]:
        content = self._at(path)
        return {"name": f"/{path}", "bytes": len(content), "hash": self._known(path)}

    def _known(self, path: str) -> str:
        return self.written.get(path) or _md5(self._at(path))

    def _note(self, path: str, request: httpx2.Request) -> None:
        noted = {name: value for name, value in request.headers.items() if name.startswith("x-")}
        noted.pop("x-auth-token", None)
        self.headers.setdefault(path, {}).update(noted)


def ranged(
    request: httpx2.Request, whole: bytes, headers: dict[str, str] | None = None
) -> httpx2.Response:
    """Answer with all bytes, or with those that are asked for."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("Range", ""))
    status, content = 200, whole
    if asked:
        status, content = 206, whole[int(asked[1]) : int(asked[2]) + 1]
    return httpx2.Response(status, headers=headers, stream=httpx2.ByteStream(content))


def _md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()
