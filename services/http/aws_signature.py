"""AWS signatures of requests, versions 2 and 4: what is signed, by whom, and whether it is true.

Scope and region are taken from the request and compared with nothing: clients that nobody told
sign for regions of their own making. Knows neither users nor how a refusal is written.

Sources: "Signature Version 2 signing process", "Create a signed AWS API request" (AWS reference).
"""

import base64
import binascii
import hashlib
import hmac
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from appliance import errors

SKEW: Final = timedelta(minutes=15)  # as AWS has it
PRESIGNED_MAX_S: Final = 604_800  # seven days, as AWS has it
V4: Final = "AWS4-HMAC-SHA256"

_V2_DIGESTS: Final = {"HmacSHA256": hashlib.sha256, "HmacSHA1": hashlib.sha1}
_SECONDS: Final = re.compile(r"[0-9]{1,6}")
_SCOPE: Final = re.compile(r"(?P<access>[^/]+)/(?P<scope>(?P<day>\d{8})/.+/aws4_request)")

Pairs = tuple[tuple[str, str], ...]


class Incomplete(errors.BadRequest):
    """A signature that lacks something; `parameter` says what."""

    def __init__(self, parameter: str) -> None:
        super().__init__(f"The signature lacks {parameter}, or it cannot be read.")
        self.parameter = parameter


class Expired(errors.BadRequest):
    """A signature of another time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a signature is made over. `path` is decoded; header names are in lower case."""

    method: str
    path: str
    query: Pairs
    headers: Mapping[str, str]
    form: Pairs = ()  # version 2 signs the parameters of a body too
    body_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody says to have signed: who, from when to when it holds, and what proves it."""

    access: str
    not_before: datetime
    not_after: datetime
    _text: bytes
    _signature: bytes = field(repr=False)
    _digest: str = "sha256"
    _scope: tuple[str, ...] = ()  # of version 4: day, region, service, "aws4_request"

    def is_by(self, secret: str) -> bool:
        """Whether it was made with `secret`; takes as long for a wrong one."""
        key = secret.encode()
        if self._scope:
            key = b"AWS4" + key
            for part in self._scope:
                key = hmac.digest(key, part.encode(), "sha256")
        made = hmac.digest(key, self._text, self._digest)
        return hmac.compare_digest(made, self._signature)

    def check_time(self, now: datetime) -> None:
        """Raise Expired when it does not hold now."""
        if not self.not_before <= now <= self.not_after:
            raise Expired(
                f"Request has expired. It holds from {self.not_before:%Y-%m-%dT%H:%M:%SZ} to "
                f"{self.not_after:%Y-%m-%dT%H:%M:%SZ}; it is {now:%Y-%m-%dT%H:%M:%SZ}."
            )


def find(request: Signed) -> Claim | None:
    """The claim of a request, None when nobody signed it. Raises Incomplete."""
    authorization = request.headers.get("authorization", "")
    if authorization.startswith(V4):
        return _v4_header(request, authorization.removeprefix(V4))
    query = dict(request.query)
    if "X-Amz-Algorithm" in query:
        return _v4_presigned(request, query)
    parameters = query | dict(request.form)
    return _v2(request, parameters) if "Signature" in parameters else None


def _v2(request: Signed, parameters: Mapping[str, str]) -> Claim:
    if _get(parameters, "SignatureVersion") != "2":
        raise Incomplete("SignatureVersion 2")
    method = _get(parameters, "SignatureMethod")
    if method not in _V2_DIGESTS:
        raise Incomplete("SignatureMethod HmacSHA256 or HmacSHA1")
    pairs = [(key, text) for key, text in (*request.query, *request.form) if key != "Signature"]
    lines = (request.method, _get(request.headers, "host").lower(), request.path, _encoded(pairs))
    if "Expires" in parameters:
        not_after = _iso(parameters, "Expires")
        not_before = datetime.min.replace(tzinfo=UTC)
    else:
        not_before, not_after = _window(_iso(parameters, "Timestamp"), (SKEW, SKEW))
    return Claim(
        access=_get(parameters, "AWSAccessKeyId"),
        not_before=not_before, not_after=not_after,
        _text="\n".join(lines).encode(),
        _signature=_base64(_get(parameters, "Signature")),
        _digest=_V2_DIGESTS[method]().name,
    )  # fmt: skip


def _v4_header(request: Signed, authorization: str) -> Claim:
    parts = (part.strip().partition("=") for part in authorization.split(","))
    fields = {name: text for name, _, text in parts}
    return _v4(
        request, fields, when=_get(request.headers, "x-amz-date"), query=request.query,
        signature=_get(fields, "Signature"), holds=(SKEW, SKEW),
    )  # fmt: skip


def _v4_presigned(request: Signed, query: Mapping[str, str]) -> Claim:
    if query["X-Amz-Algorithm"] != V4:
        raise Incomplete(f"X-Amz-Algorithm {V4}")
    text = _get(query, "X-Amz-Expires")
    if not (_SECONDS.fullmatch(text) and 0 < int(text) <= PRESIGNED_MAX_S):
        raise Incomplete(f"X-Amz-Expires from 1 to {PRESIGNED_MAX_S}")
    fields = {
        "Credential": _get(query, "X-Amz-Credential"),
        "SignedHeaders": _get(query, "X-Amz-SignedHeaders"),
    }
    return _v4(
        request, fields, when=_get(query, "X-Amz-Date"),
        query=tuple(pair for pair in request.query if pair[0] != "X-Amz-Signature"),
        signature=_get(query, "X-Amz-Signature"), holds=(SKEW, timedelta(seconds=int(text))),
    )  # fmt: skip


def _v4(
    request: Signed,
    fields: Mapping[str, str],
    *,
    when: str,
    query: Pairs,
    signature: str,
    holds: tuple[timedelta, timedelta],
) -> Claim:
    scope = _SCOPE.fullmatch(_get(fields, "Credential"))
    names = _get(fields, "SignedHeaders").lower().split(";")
    if scope is None or scope["scope"].count("/") != 3:
        raise Incomplete("Credential=KEY/YYYYMMDD/REGION/SERVICE/aws4_request")
    if "host" not in names:
        raise Incomplete("host among SignedHeaders")
    signed_at = _basic(when)
    if f"{signed_at:%Y%m%d}" != scope["day"]:
        raise Incomplete("the same day in Credential and X-Amz-Date")
    headers = "".join(f"{name}:{' '.join(_get(request.headers, name).split())}\n" for name in names)
    path = urllib.parse.quote(request.path, safe="/")
    canonical = "\n".join(
        (request.method, path, _encoded(query), headers, ";".join(names), request.body_sha256)
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    not_before, not_after = _window(signed_at, holds)
    return Claim(
        access=scope["access"],
        not_before=not_before, not_after=not_after,
        _text="\n".join((V4, when, scope["scope"], digest)).encode(),
        _signature=_hex(signature),
        _scope=tuple(scope["scope"].split("/")),
    )  # fmt: skip


def _encoded(pairs: Pairs | list[tuple[str, str]]) -> str:
    """Parameters as both versions sign them: in order, with everything but `-_.~` encoded."""
    quoted = sorted(tuple(urllib.parse.quote(text, safe="") for text in pair) for pair in pairs)
    return "&".join("=".join(pair) for pair in quoted)


def _get(fields: Mapping[str, str], name: str) -> str:
    text = fields.get(name)
    if not text:
        raise Incomplete(name)
    return text


def _window(signed_at: datetime, holds: tuple[timedelta, timedelta]) -> tuple[datetime, datetime]:
    """From when to when a signature of that moment holds."""
    try:
        return signed_at - holds[0], signed_at + holds[1]
    except OverflowError as error:  # of the year 1, or 9999
        raise Incomplete("a time of today") from error


def _iso(parameters: Mapping[str, str], name: str) -> datetime:
    try:
        moment = datetime.fromisoformat(_get(parameters, name))
    except ValueError as error:
        raise Incomplete(name) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _basic(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Incomplete("X-Amz-Date") from error


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise Incomplete("Signature") from error


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise Incomplete("Signature") from error
