"""S3's signature version 2: header and query (S3 API, "Signing and authenticating REST requests").

Only boto 2, euca2ools and presigned URLs of old clients still make it.
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from services.http.aws_signature import SKEW, Pairs
from services.object.s3.refusals import Refused

SCHEME: Final = "AWS "
# what of the query is part of the resource and so signed
_SIGNED: Final = frozenset({
    "accelerate", "acl", "analytics", "cors", "delete", "encryption", "inventory", "legal-hold",
    "lifecycle", "location", "logging", "metrics", "notification", "object-lock",
    "ownershipControls", "partNumber", "policy", "publicAccessBlock", "replication",
    "requestPayment", "response-cache-control", "response-content-disposition",
    "response-content-encoding", "response-content-language", "response-content-type",
    "response-expires", "restore", "retention", "select", "select-type", "tagging", "torrent",
    "uploadId", "uploads", "versionId", "versioning", "versions", "website",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody says to have signed; of a presigned URL, until when."""

    access: str
    signature: str
    text: bytes
    is_presigned: bool

    def is_by(self, secret: str) -> bool:
        """Whether it was made with `secret`."""
        made = base64.b64encode(hmac.digest(secret.encode(), self.text, "sha1")).decode()
        return hmac.compare_digest(made.encode(), self.signature.encode())


def find(
    method: str, resource: str, *, query: Pairs, headers: Mapping[str, str], now: datetime
) -> Claim | None:
    """The claim of a request, None when it has none of this version. Raises Refused.

    `resource` is the bucket's and the key's path as it was sent; header names are in lower case.
    """
    authorization = headers.get("authorization", "")
    if authorization.startswith(SCHEME):
        access, colon, signature = authorization.removeprefix(SCHEME).strip().rpartition(":")
        if not colon:
            raise Refused("InvalidArgument", "The Authorization header has no signature.")
        _check_date(headers, now)
        date = "" if "x-amz-date" in headers else headers.get("date", "")
        text = _text(method, resource, query=query, headers=headers, date=date)
        return Claim(access=access, signature=signature, text=text, is_presigned=False)
    given = dict(query)
    if "Signature" not in given or "AWSAccessKeyId" not in given:
        return None
    expires = given.get("Expires", "")
    if not (expires.isascii() and expires.isdigit() and len(expires) < 13):
        raise Refused("AccessDenied", "Query-string authentication requires an Expires parameter.")
    if int(expires) < now.timestamp():
        raise Refused("AccessDenied", "Request has expired", facts={"Expires": expires})
    text = _text(method, resource, query=query, headers=headers, date=expires)
    return Claim(
        access=given["AWSAccessKeyId"], signature=given["Signature"], text=text, is_presigned=True
    )


def _text(
    method: str, resource: str, *, query: Pairs, headers: Mapping[str, str], date: str
) -> bytes:
    """The string to sign."""
    own = sorted(name for name in headers if name.startswith("x-amz-"))
    amz = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in own)
    signed = sorted(pair for pair in query if pair[0] in _SIGNED)
    parameters = "&".join(f"{name}={value}" if value else name for name, value in signed)
    lines = (method, headers.get("content-md5", ""), headers.get("content-type", ""), date)
    return f"{chr(10).join(lines)}\n{amz}{resource}{'?' if parameters else ''}{parameters}".encode()


def _check_date(headers: Mapping[str, str], now: datetime) -> None:
    text = headers.get("x-amz-date") or headers.get("date", "")
    try:
        moment = _date(text)
    except ValueError as error:
        raise Refused(
            "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"
        ) from error
    if abs(moment - now) > SKEW:
        raise Refused("RequestTimeTooSkewed", facts=skew(text, now))


def _date(text: str) -> datetime:
    if text.endswith("Z") and "T" in text:
        moment = datetime.fromisoformat(text)
    else:
        moment = parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def skew(requested: str, now: datetime) -> dict[str, str]:
    """What a refusal of another time tells besides."""
    return {
        "RequestTime": requested,
        "ServerTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", now.utctimetuple()),
        "MaxAllowedSkewMilliseconds": str(int(SKEW / timedelta(milliseconds=1))),
    }
