"""The signature of a request to S3, version 4, in its headers. Pure; knows no connection.

Source: "Create a signed AWS API request" and "Signature Calculations for the Authorization Header"
(AWS reference). S3 encodes a path once, where other services do so twice.
"""

import hashlib
import hmac
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_ALGORITHM: Final = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Who signs, and for which region."""

    access: str
    secret: str = field(repr=False)
    region: str


def query_string(query: Mapping[str, str]) -> str:
    """Parameters as they are both sent and signed."""
    return urllib.parse.urlencode(sorted(query.items()), quote_via=urllib.parse.quote, safe="")


def signed(
    key: Key,
    method: str,
    *,
    path: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body_sha256: str,
    at_s: float,
) -> dict[str, str]:
    """The headers to send: those given, `Host` among them, and what proves who sends them.

    `path` is encoded already; `at_s` is seconds since the epoch.
    """
    moment = datetime.fromtimestamp(at_s, UTC)
    day, stamp = f"{moment:%Y%m%d}", f"{moment:%Y%m%dT%H%M%SZ}"
    whole = {**headers, "x-amz-content-sha256": body_sha256, "x-amz-date": stamp}
    lowered = {name.lower(): " ".join(value.split()) for name, value in whole.items()}
    names = sorted(lowered)
    lines = "".join(f"{name}:{lowered[name]}\n" for name in names)
    canonical = "\n".join(
        (method, path, query_string(query), lines, ";".join(names), body_sha256)
    )  # fmt: skip
    scope = (day, key.region, "s3", "aws4_request")
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    secret = f"AWS4{key.secret}".encode()
    for part in scope:
        secret = hmac.digest(secret, part.encode(), "sha256")
    text = "\n".join((_ALGORITHM, stamp, "/".join(scope), digest))
    signature = hmac.digest(secret, text.encode(), "sha256").hex()
    credential = f"{key.access}/{'/'.join(scope)}"
    whole["Authorization"] = (
        f"{_ALGORITHM} Credential={credential},SignedHeaders={';'.join(names)},"
        f"Signature={signature}"
    )
    return whole
