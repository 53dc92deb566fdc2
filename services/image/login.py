"""How the image worker gets into the object store: as user `glance`, through the Identity API."""

import contextlib
import http.client
import json
import threading
from datetime import datetime
from typing import Any, Final

from appliance import clock, config, credentials, errors

_USER: Final = "glance"
_TIMEOUT_S: Final = 10.0
_EARLY_S: Final = 60.0  # a token is got anew this long before it ends


class Login:
    """The account of the cloud's images; keeps one token until shortly before its end."""

    def __init__(self, settings: config.Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._account: tuple[str, str] | None = None
        self._until_s = 0.0

    def account(self) -> tuple[str, str]:
        """The account's URL from the catalog, and a token. Raises Unavailable."""
        with self._lock:
            if self._account is None or clock.now() > self._until_s:
                token, body = self._authenticate()
                expires_at = datetime.fromisoformat(body["expires_at"])
                self._until_s = expires_at.timestamp() - _EARLY_S
                self._account = _account_url(body), token
            return self._account

    def _authenticate(self) -> tuple[str, dict[str, Any]]:
        api = self._settings.api
        connection = http.client.HTTPConnection(api.address, api.port, timeout=_TIMEOUT_S)
        with contextlib.closing(connection):
            try:
                connection.request(
                    "POST", "/identity/v3/auth/tokens", json.dumps(self._body()),
                    {"Content-Type": "application/json"},
                )  # fmt: skip
                answer = connection.getresponse()
                said = answer.read()
            except (OSError, http.client.HTTPException) as error:
                raise errors.Unavailable(f"{self._settings.api_url}: {error!r}") from error
        token = answer.getheader("X-Subject-Token")
        if answer.status != http.HTTPStatus.CREATED or token is None:
            raise errors.Unavailable(f"identity gives {_USER} no token: {said[:500]!r}")
        return token, json.loads(said)["token"]

    def _body(self) -> dict[str, Any]:
        login = credentials.read(self._settings, _USER)
        domain = {"id": "default"}
        user = {"name": login.user, "password": login.password, "domain": domain}
        identity = {"methods": ["password"], "password": {"user": user}}
        scope = {"project": {"name": login.project, "domain": domain}}
        return {"auth": {"identity": identity, "scope": scope}}


def _account_url(token: dict[str, Any]) -> str:
    """The object store's public endpoint in the token's catalog."""
    for service in token["catalog"]:
        for endpoint in service["endpoints"]:
            if service["type"] == "object-store" and endpoint["interface"] == "public":
                return str(endpoint["url"])
    raise errors.Unavailable("the catalog has no object-store")
