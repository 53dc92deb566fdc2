"""An authenticated connection: token, catalog, renewal, one answer a call; retries nothing else."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import httpx2

from tui.client.call import Call, ServiceType
from tui.client.credentials import Credentials
from tui.client.errors import Refused, Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

T = TypeVar("T")
_RENEW_BEFORE: Final = timedelta(minutes=2)
_VERSION: Final = re.compile(r"/v[0-9.]+$")
_TOKEN: Final = re.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_TIMEOUT_S: Final = 30.0  # a stuck cloud must not hang a screen for longer
_STORE_S: Final = 300.0  # the last byte of an upload is answered once a slow disk has all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call returned: the decoded body, and the request id to find its trace.

    The names of ``headers`` are in lower case.
    """

    status: int
    body: Any
    request_id: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """As whom one is logged in: in which project, with which roles."""

    project_id: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    value: str
    standing: Standing
    expires_at: datetime
    endpoint_by_type: Mapping[str, str]

    def is_stale(self) -> bool:
        return datetime.now(UTC) + _RENEW_BEFORE > self.expires_at


class Session:
    """A user's connection to one cloud; renews its token by itself.

    ``transport`` replaces the network in tests, ``agent`` is the client's name in the journal.
    ``is_read_only``: what would change anything is refused here. ``ask_password`` is asked, with
    the reason, for the password when the one that is known does no longer do; None gives up.
    """

    is_read_only: bool = False
    ask_password: Callable[[str], Awaitable[str | None]] | None = None

    def __init__(
        self,
        credentials: Credentials,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        agent: str = "novabox",
    ) -> None:
        self.credentials = credentials
        self._has_tls = credentials.auth_url.startswith("https:")
        self._http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(_TIMEOUT_S, connect=5.0),
            headers={"User-Agent": agent},
            transport=transport,
            trust_env=False,
            verify=_trust(credentials) if self._has_tls else False,  # 0.1 s: not for plain loopback
        )
        self._token: _Token | None = None
        self._renewal = asyncio.Lock()
        self._was_in = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def log_in(self) -> Standing:
        """Get a token now; calls do so by themselves. Raises Unreachable or Refused."""
        return (await self._fresh_token()).standing

    async def send(self, call: Call) -> Answer:
        """Make ``call`` and return its answer, once more with a new token after a 401.

        Raises Unreachable or Refused.
        """
        content = None if call.body is None else json.dumps(call.body).encode()
        return await self.send_bytes(call, content, headers={})

    async def send_bytes(
        self, call: Call, content: bytes | None, *, headers: Mapping[str, str]
    ) -> Answer:
        """Make ``call`` with a body that is bytes already. Raises as ``send``."""
        if content is not None:
            headers = {"Content-Type": call.media_type, **headers}
        response = await self._once(call, headers=headers, content=content)
        if response.status_code == 401:
            self._token = None
            response = await self._once(call, headers=headers, content=content)
        return _answer(response, what=f"{call.method} {call.path}")

    async def fetch(self, call: Call, read: Callable[[Any], T]) -> T:
        """Make ``call`` and return what ``read`` makes of its body. Raises ClientError."""
        return read((await self.send(call)).body)

    async def upload(self, call: Call, content: AsyncIterable[bytes]) -> Answer:
        """Send ``content`` as the body of ``call``, chunked.

        A stream can be read only once, so a 401 is final. Raises Unreachable or Refused.
        """
        headers = {"Content-Type": "application/octet-stream"}
        patience = httpx2.Timeout(_TIMEOUT_S, connect=5.0, read=_STORE_S)
        response = await self._once(call, headers=headers, content=content, patience=patience)
        return _answer(response, what=f"{call.method} {call.path}")

    @asynccontextmanager
    async def stream(
        self,
        service: ServiceType,
        path: str,
        *,
        headers: Mapping[str, str],
        silence_s: float = 45.0,  # three keep-alives of 15 s missed
    ) -> AsyncIterator[httpx2.Response]:
        """Open a GET that stays open: no read timeout but ``silence_s``.

        Raises Unreachable or Refused.
        """
        url, token = await self._address(service, path)
        timeout = httpx2.Timeout(_TIMEOUT_S, read=silence_s)
        try:
            async with self._http.stream(
                "GET", url, headers={**headers, **token}, timeout=timeout
            ) as response:
                if response.status_code == 401:
                    self._token = None
                if response.status_code >= 400:
                    await response.aread()
                    _answer(response, what=f"GET {path}")
                yield response
        except httpx2.TransportError as error:
            raise Unreachable(f"{url}: {_words(error)}") from error

    async def _once(
        self,
        call: Call,
        *,
        headers: Mapping[str, str],
        content: bytes | AsyncIterable[bytes] | None,
        patience: httpx2.Timeout | None = None,
    ) -> httpx2.Response:
        if self.is_read_only and not call.is_safe:
            raise Refused("this session is read-only", status=403, what=call.line()[:60])
        url, token = await self._address(call.service, call.path)
        headers = {**call.headers, **headers, **token}
        return await self._exchange(
            call.method, url, headers=headers, content=content, patience=patience
        )

    async def _address(self, service: ServiceType, path: str) -> tuple[str, dict[str, str]]:
        token = await self._fresh_token()
        endpoint = token.endpoint_by_type.get(service)
        if endpoint is None:
            raise Refused(f"the catalog has no {service} service", status=404)
        if endpoint.startswith("https:") and not self._has_tls:
            raise Refused(f"{service} is at {endpoint}: OS_AUTH_URL must be https too", status=404)
        return endpoint + path, {"X-Auth-Token": token.value}

    async def _fresh_token(self) -> _Token:
        async with self._renewal:
            if self._token is None or self._token.is_stale():
                self._token = await self._renewed()
                self._was_in = True
            return self._token

    async def _renewed(self) -> _Token:
        """Log in; who was in before and is no longer let in is asked for the password."""
        while True:
            try:
                return await self._authenticate()
            except Refused as error:
                is_refused = error.status == 401 and not self.credentials.is_application
                if not (is_refused and self._was_in and self.ask_password):
                    raise
                password = await self.ask_password(error.reason)
                if password is None:
                    raise
                self.credentials = replace(self.credentials, password=password)

    async def _authenticate(self) -> _Token:
        url = f"{self.credentials.auth_url}/auth/tokens"
        response = await self._exchange(
            "POST",
            url,
            headers={"Content-Type": "application/json"},
            content=json.dumps(self.credentials.body()).encode(),
        )
        body = _answer(response, what=f"login as {_who(self.credentials)}").body["token"]
        return _Token(
            value=response.headers["X-Subject-Token"],
            standing=_standing(body),
            expires_at=datetime.fromisoformat(body["expires_at"]),
            endpoint_by_type=_endpoints(body.get("catalog", []), self.credentials.region),
        )

    async def _exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | AsyncIterable[bytes] | None,
        patience: httpx2.Timeout | None = None,
    ) -> httpx2.Response:
        if unfit := next((name for name in headers if not _TOKEN.fullmatch(name)), None):
            text = f"this cannot be sent: {unfit!r} has signs that a header's name cannot have"
            raise Refused(text, status=400)
        try:
            return await self._http.request(
                method, url, content=content, timeout=patience or self._http.timeout,
                headers=[(name.encode(), value.encode()) for name, value in headers.items()],
            )  # fmt: skip
        except httpx2.LocalProtocolError as error:
            raise Refused(f"this cannot be sent: {_words(error)}", status=400) from error
        except httpx2.TransportError as error:
            raise Unreachable(f"{url}: {_words(error)}; is the cloud up?") from error


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _standing(token: dict[str, Any]) -> Standing:
    roles = tuple(role["name"] for role in token.get("roles", []))
    return Standing(project_id=token.get("project", {}).get("id", ""), roles=roles)


def _who(credentials: Credentials) -> str:
    return credentials.username or f"application credential {credentials.application_id}"


def _trust(credentials: Credentials) -> ssl.SSLContext | bool:
    """Return by whom the cloud's certificate must be vouched for. Raises Unreachable."""
    if credentials.is_insecure:
        return False
    if not credentials.ca_file:
        return True
    try:
        return ssl.create_default_context(cafile=credentials.ca_file)
    except OSError as error:
        raise Unreachable(f"{credentials.ca_file}: no certificates to trust ({error})") from error


def _endpoints(catalog: list[dict[str, Any]], region: str) -> dict[str, str]:
    """Return the public endpoint of each service in the region, without a slash at its end.

    Catalogs list Image and Networking with or without their version; here always without.
    """
    return {
        service["type"]: _VERSION.sub("", endpoint["url"].rstrip("/"))
        if service["type"] in ("image", "network")
        else endpoint["url"].rstrip("/")
        for service in catalog
        for endpoint in service["endpoints"]
        if endpoint["interface"] == "public"
        and (not region or endpoint.get("region", region) == region)
    }


def _answer(response: httpx2.Response, *, what: str) -> Answer:
    request_id = response.headers.get("X-Openstack-Request-Id", "")
    body = _body(response)
    if response.status_code >= 400:
        raise Refused(
            _reason(body) or response.reason_phrase,
            status=response.status_code,
            what=what,
            request_id=request_id,
        )
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(status=response.status_code, body=body, request_id=request_id, headers=headers)


def _body(response: httpx2.Response) -> Any:
    if "json" not in response.headers.get("Content-Type", ""):
        return response.text or None
    return response.json() if response.content else None


def _reason(body: Any) -> str:
    """Find the sentence in any OpenStack API's error body: ``{"badRequest": {"message": …}}``."""
    if isinstance(body, str):
        return body.strip()[:500]
    if not isinstance(body, dict):
        return ""
    if isinstance(body.get("message"), str):
        return str(body["message"])
    return next((_reason(value) for value in body.values() if isinstance(value, dict)), "")
