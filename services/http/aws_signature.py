"""AWS signatures of requests, versions 2 and 4: what is signed, by whom, and whether it is true.

Scope and region are taken from the request and compared with nothing: clients that nobody told
sign for regions of their own making. Knows neither users nor how a refusal is written.

Sources: "Signature Version 2 signing process", "Create a signed AWS API request" (AWS reference).
"""

import base64
import binascii
import functools
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
_EMPTY_SHA256: Final = hashlib.sha256().hexdigest()
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
    raw_path: str = ""  # the path as version 4 of S3 signs it: as it was sent, once encoded


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
    signed_headers: frozenset[str] = frozenset()  # of version 4
    _when: str = ""

    @property
    def text(self) -> bytes:
        """What was signed, as a refusal may tell it."""
        return self._text

    @property
    def service(self) -> str:
        """What the signature is for: `s3`; of version 4."""
        return self._scope[2] if self._scope else ""

    def is_by(self, secret: str) -> bool:
        """Whether it was made with `secret`; takes as long for a wrong one."""
        key = signing_key(secret, self._scope) if self._scope else secret.encode()
        made = hmac.digest(key, self._text, self._digest)
        return hmac.compare_digest(made, self._signature)

    def chain(self, secret: str) -> "Chain":
        """What checks the chunks of the body that follows; of version 4."""
        return Chain(
            signing_key(secret, self._scope),
            when=self._when, scope="/".join(self._scope), seed=self._signature.hex(),
        )  # fmt: skip

    def check_time(self, now: datetime) -> None:
        """Raise Expired when it does not hold now."""
        if not self.not_before <= now <= self.not_after:
            raise Expired(
                f"Request has expired. It holds from {self.not_before:%Y-%m-%dT%H:%M:%SZ} to "
                f"{self.not_after:%Y-%m-%dT%H:%M:%SZ}; it is {now:%Y-%m-%dT%H:%M:%SZ}."
            )


class Chain:
    """The signatures of a body's chunks, each made over the one before (S3, "aws-chunked")."""

    def __init__(self, key: bytes, *, when: str, scope: str, seed: str) -> None:
        self._key = key
        self._head = f"{when}\n{scope}"
        self._last = seed

    def is_next(self, signature: str, chunk_sha256: str) -> bool:
        """Whether it signs a chunk with that digest, after those so far."""
        text = f"{V4}-PAYLOAD\n{self._head}\n{self._last}\n{_EMPTY_SHA256}\n{chunk_sha256}"
        return self._is_next(signature, text)

    def is_trailer(self, signature: str, trailer: bytes) -> bool:
        """Whether it signs these trailing headers (`name:value`, each ended by a line feed)."""
        digest = hashlib.sha256(trailer).hexdigest()
        return self._is_next(signature, f"{V4}-TRAILER\n{self._head}\n{self._last}\n{digest}")

    def _is_next(self, signature: str, text: str) -> bool:
        self._last = hmac.digest(self._key, text.encode(), "sha256").hex()
        return hmac.compare_digest(self._last.encode(), signature.encode())


@functools.lru_cache(maxsize=256)
def signing_key(secret: str, scope: tuple[str, ...]) -> bytes:
    """The key of one day, region and service; kept, as a client signs all day with one."""
    key = b"AWS4" + secret.encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return key


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
    headers = "".join(f"{name}:{_signed(request.headers, name)}\n" for name in names)
    path = request.raw_path or urllib.parse.quote(request.path, safe="/")
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
        _when=when,
        signed_headers=frozenset(names),
    )  # fmt: skip


def _encoded(pairs: Pairs | list[tuple[str, str]]) -> str:
    """Parameters as both versions sign them: in order, with everything but `-_.~` encoded."""
    quoted = sorted(tuple(urllib.parse.quote(text, safe="") for text in pair) for pair in pairs)
    return "&".join("=".join(pair) for pair in quoted)


def _signed(headers: Mapping[str, str], name: str) -> str:
    """A header as it is signed; one that is there and empty is signed too."""
    text = headers.get(name)
    if text is None:
        raise Incomplete(name)
    return " ".join(text.split())


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
