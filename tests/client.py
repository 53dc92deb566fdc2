"""The smallest client of the public APIs, for tests that must see every answer as it came."""

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from appliance import config, credentials


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `body` decoded when it is JSON."""

    status: int
    headers: dict[str, str]
    body: Any


class Client:
    """Logged in as one user of the cloud."""

    def __init__(self, settings: config.Settings, user: str = "demo") -> None:
        self._base = settings.api_url
        login = credentials.read(settings, user)
        password = {"user": {"name": login.user, "domain": {"id": "default"},
                             "password": login.password}}  # fmt: skip
        scope = {"project": {"name": login.project, "domain": {"id": "default"}}}
        self.token = ""
        answer = self(
            "POST",
            "/identity/v3/auth/tokens",
            {"auth": {"identity": {"methods": ["password"], "password": password}, "scope": scope}},
        )
        assert answer.status == 201, answer
        self.token = answer.headers["x-subject-token"]

    def __call__(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/json"
    ) -> Answer:
        """One request; any status is an answer."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._base + path, data=data, method=method)
        request.add_header("X-Auth-Token", self.token)
        if data is not None:
            request.add_header("Content-Type", kind)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return _answer(reply.status, reply.headers, reply.read())
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.headers, error.read())


def _answer(status: int, headers: Any, raw: bytes) -> Answer:
    lowered = {name.lower(): value for name, value in headers.items()}
    is_json = "json" in lowered.get("content-type", "") and raw
    return Answer(status, lowered, json.loads(raw) if is_json else raw)
