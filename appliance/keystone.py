"""A worker's token, got over HTTP from the Identity API and kept until shortly before its end.

Knows one call of that API, `POST /auth/tokens` by password; not what a token is good for.
"""

import contextlib
import http.client
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from appliance import clock, config, credentials, errors

TIMEOUT_S: Final = 10.0
_PATH: Final = "/identity/v3/auth/tokens"
_EARLY_S: Final = 60.0  # a token is got anew this long before it ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What Keystone answered; `url_by_type` are the catalog's public endpoints."""

    id: str
    expires_at_s: float  # since the epoch
    url_by_type: Mapping[str, str]

    def url(self, service_type: str) -> str:
        """The public endpoint of a service. Raises Unavailable where the catalog has none."""
        try:
            return self.url_by_type[service_type]
        except KeyError as error:
            raise errors.Unavailable(f"the catalog has no {service_type}") from error


class Session:
    """One of the cloud's own users, logged in; safe for threads."""

    def __init__(self, settings: config.Settings, user: str) -> None:
        self._settings = settings
        self._user = user
        self._lock = threading.Lock()
        self._token: Token | None = None

    def token(self) -> Token:
        """A token that has not ended. Raises Unavailable."""
        with self._lock:
            if self._token is None or clock.now() > self._token.expires_at_s - _EARLY_S:
                self._token = self._authenticate()
            return self._token

    def invalidate(self, token: Token) -> None:
        """Forget a token that was refused: the cloud has new keys."""
        with self._lock:
            if self._token == token:
                self._token = None

    def _authenticate(self) -> Token:
        api = self._settings.api
        body = json.dumps(_password(credentials.read(self._settings, self._user)))
        headers = {"Content-Type": "application/json"}
        connection = http.client.HTTPConnection(api.address, api.port, timeout=TIMEOUT_S)
        with contextlib.closing(connection):
            try:
                connection.request("POST", _PATH, body, headers)
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise errors.Unavailable(f"{self._settings.api_url}{_PATH}: {error!r}") from error
        token_id = answer.getheader("X-Subject-Token")
        if answer.status != http.HTTPStatus.CREATED or not token_id:
            why = f"{answer.status} {said[:500]!r}"
            raise errors.Unavailable(f"identity gives {self._user} no token: {why}")
        return _token(token_id, json.loads(said)["token"])


def _password(login: credentials.Login) -> dict[str, Any]:
    domain = {"id": "default"}
    user = {"name": login.user, "password": login.password, "domain": domain}
    identity = {"methods": ["password"], "password": {"user": user}}
    scope = {"project": {"name": login.project, "domain": domain}}
    return {"auth": {"identity": identity, "scope": scope}}


def _token(token_id: str, body: dict[str, Any]) -> Token:
    return Token(
        id=token_id,
        expires_at_s=datetime.fromisoformat(body["expires_at"]).timestamp(),
        url_by_type={
            service["type"]: endpoint["url"]
            for service in body["catalog"]
            for endpoint in service["endpoints"]
            if endpoint["interface"] == "public"
        },
    )
