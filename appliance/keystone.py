"""A user's token, got over HTTP from an Identity API and kept until shortly before its end.

Of this cloud, or of another. Knows one call of that API, `POST /auth/tokens` by password; not what
a token is good for.
"""

import contextlib
import http.client
import json
import threading
import urllib.parse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from appliance import clock, config, credentials, errors

TIMEOUT_S: Final = 10.0
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


class Tokens:
    """A user of some cloud, logged in; safe for threads.

    `auth_url` is its Identity v3 API, without a slash at the end; `login` is asked each time that a
    token is due. Of several regions in the catalog `region` names the one whose services are meant.
    """

    def __init__(
        self, auth_url: str, login: Callable[[], credentials.Login], *, region: str = ""
    ) -> None:
        self._url = f"{auth_url}/auth/tokens"
        self._login = login
        self._region = region
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
        login = self._login()
        answer, said = self._post(json.dumps(_password(login)))
        token_id = answer.getheader("X-Subject-Token")
        if answer.status != http.HTTPStatus.CREATED or not token_id:
            why = f"{answer.status} {said[:500]!r}"
            raise errors.Unavailable(f"{self._url} gives {login.user} no token: {why}")
        try:
            return _token(token_id, json.loads(said)["token"], region=self._region)
        except (ValueError, KeyError, TypeError) as error:
            raise errors.Unavailable(f"{self._url} is no Identity v3 API: {error!r}") from error

    def _post(self, body: str) -> tuple[http.client.HTTPResponse, bytes]:
        url = urllib.parse.urlsplit(self._url)
        is_tls = url.scheme == "https"
        kind = http.client.HTTPSConnection if is_tls else http.client.HTTPConnection
        headers = {"Content-Type": "application/json"}
        with contextlib.closing(kind(url.netloc, timeout=TIMEOUT_S)) as connection:
            try:
                connection.request("POST", url.path, body, headers)
                answer = connection.getresponse()
                return answer, answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise errors.Unavailable(f"{self._url}: {error!r}") from error


class Session(Tokens):
    """One of the cloud's own users, logged in."""

    def __init__(self, settings: config.Settings, user: str) -> None:
        super().__init__(
            f"{settings.api_url}/identity/v3", lambda: credentials.read(settings, user)
        )


def _password(login: credentials.Login) -> dict[str, Any]:
    domain = {"id": "default"}
    user = {"name": login.user, "password": login.password, "domain": domain}
    identity = {"methods": ["password"], "password": {"user": user}}
    scope = {"project": {"name": login.project, "domain": domain}}
    return {"auth": {"identity": identity, "scope": scope}}


def _token(token_id: str, body: dict[str, Any], *, region: str) -> Token:
    return Token(
        id=token_id,
        expires_at_s=datetime.fromisoformat(body["expires_at"]).timestamp(),
        url_by_type={
            service["type"]: endpoint["url"]
            for service in body["catalog"]
            for endpoint in service["endpoints"]
            if endpoint["interface"] == "public" and region in ("", endpoint.get("region"))
        },
    )
