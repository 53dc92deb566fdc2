"""A cloud in this process that speaks the API's contract: a transport, so no port and no thread."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2

from tests.tui.fake_swift import FakeSwift, ranged

ROOT = "http://cloud.test:8774"
NOW_S = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC
ENVIRON = {
    "OS_AUTH_URL": f"{ROOT}/identity/v3",
    "OS_USERNAME": "demo",
    "OS_PASSWORD": "secret",
    "OS_PROJECT_NAME": "demo",
}
_KEEP_ALIVE_S = 15.0  # a client that hears nothing for three of these connects anew
_CATALOG = {
    "identity": "/identity/v3",
    "compute": "/compute/v2.1",
    "image": "/image",
    "block-storage": "/volume/v3",
    "network": "/network/v2.0",
    "object-store": "/v1/AUTH_p1",
    "novabox": "/novabox/v1",
}


class _Events(httpx2.AsyncByteStream):
    def __init__(self, queue: asyncio.Queue[bytes | None]) -> None:
        self._queue = queue

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            try:
                chunk = await asyncio.wait_for(self._queue.get(), _KEEP_ALIVE_S)
            except TimeoutError:
                chunk = b": keep-alive\n\n"
            if chunk is None:
                return
            yield chunk


class FakeCloud(httpx2.AsyncBaseTransport):
    """Keeps objects, tells streams of changes, answers calls and remembers them."""

    def __init__(self) -> None:
        self.root = ROOT
        self.rev = 100
        self.objects: dict[str, dict[str, dict[str, Any]]] = {}
        self.hops: dict[str, list[dict[str, Any]]] = {}
        self.answers: dict[str, tuple[int, Any]] = {}
        self.calls: list[tuple[str, str, Any]] = []
        self.resumed_after: list[str] = []
        self.logins = 0
        self.valid_tokens: set[str] = set()
        self.is_down = False
        self.password = "secret"
        self.is_failing = False
        self.delay_s = 0.0
        self.swift = FakeSwift()
        self.image_data: dict[str, bytes] = {}
        self.holds_uploads: asyncio.Event | None = None  # until it is set
        self._streams: list[asyncio.Queue[bytes | None]] = []

    def put(self, kind: str, /, **fields: Any) -> None:
        """Make or change an object and tell every stream."""
        key = fields.get("id") or fields.get("topic") or fields["name"]
        known = self.objects.setdefault(kind, {})
        known[key] = {**known.get(key, {}), **fields}
        self._tell("upsert", kind, key, known[key])

    def remove(self, kind: str, key: str) -> None:
        """Delete an object and tell every stream."""
        self.objects[kind].pop(key, None)
        self._tell("delete", kind, key, None)

    def hop(self, **fields: Any) -> None:
        """Add a hop, or one again that is done now."""
        known = self.hops.setdefault(fields["request_id"], [])
        known[:] = [hop for hop in known if hop["id"] != fields["id"]] + [fields]
        self._send("hop", fields)

    def break_streams(self) -> None:
        """End every open stream, as a restart does."""
        for queue in self._streams:
            queue.put_nowait(None)
        self._streams = []

    def reset(self) -> None:
        """Forget everything, as `novabox reset` and a new start do: tokens, objects, revisions."""
        self.objects = {kind: {} for kind in self.objects}
        self.hops, self.rev = {}, 1
        self.valid_tokens.clear()
        self.break_streams()

    @property
    def last_change(self) -> tuple[str, str, Any]:
        """The last call that asked for a change: reading, logging in and dry runs do not."""
        made = [
            call
            for call in self.calls
            if call[0] not in ("GET", "HEAD") and not re.search("auth|dry-runs", call[1])
        ]
        return made[-1] if made else ("", "", None)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one call."""
        if self.is_down:
            raise httpx2.ConnectError("connection refused", request=request)
        if self.delay_s:
            await asyncio.sleep(self.delay_s)
        if self.is_failing:
            return to_json(500, {"computeFault": {"code": 500, "message": "the cloud is ill"}})
        content = await request.aread()
        path = request.url.raw_path.decode()
        is_json = "json" in request.headers.get("Content-Type", "")
        body = json.loads(content) if content and is_json else content or None
        self.calls.append((request.method, path, body))
        if path == "/identity/v3/auth/tokens":
            return self._login(body)
        if request.headers.get("X-Auth-Token") not in self.valid_tokens:
            return to_json(401, {"error": {"code": 401, "message": "token expired"}})
        if path.startswith("/v1/AUTH_p1"):
            return self.swift.answer(request, content)
        if found := re.fullmatch(r"/image/v2/images/(.+)/file", path):
            if self.holds_uploads is not None:
                await self.holds_uploads.wait()
            return self.image_file(request, found[1], content)
        if path.startswith("/novabox/v1/events"):
            return self._open_stream(request)
        return self.answer(request.method, path, body)

    def image_file(self, request: httpx2.Request, image_id: str, content: bytes) -> httpx2.Response:
        """Keep an image's data, or answer with it."""
        if request.method == "PUT":
            self.image_data[image_id] = content
            return httpx2.Response(204)
        return ranged(request, self.image_data[image_id])

    def _login(self, body: Any) -> httpx2.Response:
        if body["auth"]["identity"]["password"]["user"]["password"] != self.password:
            return to_json(401, {"error": {"code": 401, "message": "wrong user or password"}})
        self.logins += 1
        token = f"token-{self.logins}"
        self.valid_tokens = {token}
        catalog = [
            {"type": kind, "endpoints": [{"interface": "public", "url": self.root + path}]}
            for kind, path in _CATALOG.items()
        ]
        answer = {"token": {"expires_at": "2999-01-01T00:00:00.000000Z", "catalog": catalog}}
        return to_json(201, answer, {"X-Subject-Token": token})

    def _open_stream(self, request: httpx2.Request) -> httpx2.Response:
        queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._streams.append(queue)
        place = request.headers.get("Last-Event-ID")
        if place is None or int(place) > self.rev:
            wanted = request.url.params.get("kinds", "").split(",")
            objects = {
                kind: list(items.values()) for kind, items in self.objects.items() if kind in wanted
            }
            queue.put_nowait(_event("snapshot", {"rev": self.rev, "objects": objects}, self.rev))
        else:
            self.resumed_after.append(place)
        headers = {"Content-Type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, stream=_Events(queue))

    def answer(self, method: str, path: str, body: Any) -> httpx2.Response:
        """Answer from `answers`, or as novabox's own API does."""
        for pattern, (status, told) in self.answers.items():
            if re.fullmatch(pattern, f"{method} {path}"):
                return to_json(status, told)
        if found := re.fullmatch(r"/novabox/v1/requests/(.+)", path):
            return to_json(200, {"hops": self.hops.get(found[1], [])})
        if path.startswith("/novabox/v1/requests?"):
            return to_json(200, {"requests": [_request(*item) for item in self.hops.items()]})
        return to_json(404, {"itemNotFound": {"code": 404, "message": f"no such thing: {path}"}})

    def _tell(self, op: str, kind: str, key: str, fields: Any) -> None:
        self.rev += 1
        change = {"rev": self.rev, "kind": kind, "id": key, "op": op, "object": fields}
        self._send("change", change)

    def _send(self, name: str, data: Any) -> None:
        for queue in self._streams:
            queue.put_nowait(_event(name, data, self.rev))


def _event(name: str, data: Any, rev: int) -> bytes:
    return f"event: {name}\nid: {rev}\ndata: {json.dumps(data)}\n\n".encode()


def to_json(status: int, body: Any, headers: dict[str, str] | None = None) -> httpx2.Response:
    request_id = {"X-Openstack-Request-Id": "req-fake"}
    return httpx2.Response(status, json=body, headers={**request_id, **(headers or {})})


def _request(request_id: str, hops: list[dict[str, Any]]) -> dict[str, Any]:
    start = min(hop["started_at"] for hop in hops)
    end = max(hop["started_at"] + (hop["duration_us"] or 0) for hop in hops)
    return {
        "id": request_id, "name": hops[0]["name"], "started_at": start,
        "duration_us": end - start, "hops": len(hops), "status": "ok", "user": "demo",
    }  # fmt: skip
