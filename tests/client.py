"""The smallest client of the public APIs, for tests that must see every answer as it came."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from appliance import config, keystone


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `body` decoded when it is JSON."""

    status: int
    headers: dict[str, str]
    body: Any


def ask(method: str, url: str, data: bytes | None = None, *, headers: dict[str, str]) -> Answer:
    """One request; any status is an answer. The answer's header names are in lower case."""
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return _answer(reply.status, reply.headers, reply.read())
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers, error.read())


class Client:
    """Logged in as one user of the cloud."""

    def __init__(self, settings: config.Settings, user: str = "demo") -> None:
        self._base = settings.api_url
        self._token = keystone.Session(settings, user).token().id

    def __call__(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/json"
    ) -> Answer:
        """One request to a path of the APIs."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"X-Auth-Token": self._token} | ({} if data is None else {"Content-Type": kind})
        return ask(method, self._base + path, data, headers=headers)


def _answer(status: int, headers: Any, raw: bytes) -> Answer:
    lowered = {name.lower(): value for name, value in headers.items()}
    is_json = "json" in lowered.get("content-type", "") and raw
    return Answer(status, lowered, json.loads(raw) if is_json else raw)
