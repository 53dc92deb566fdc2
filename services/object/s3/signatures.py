"""Who signed an S3 request: versions 2 and 4, in headers or in the query, or nobody.

Keys are EC2's: one pair signs for both services. It refuses to know what the signer may do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from appliance import clock, context
from services.http import aws_signature
from services.http.aws_signature import Chain
from services.http.endpoint import Request
from services.identity.api.ec2_credentials import Signer
from services.object.s3 import bodies, signature_v2
from services.object.s3.addressing import Address
from services.object.s3.call import Caller
from services.object.s3.refusals import Refused

FindSigner = Callable[[str], Signer | None]
SERVICE: Final = "s3"
_PAYLOAD: Final = "x-amz-content-sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature that is true: whose, and what checks the chunks of the body, if version 4."""

    caller: Caller
    chain: Chain | None = None


def headers_of(request: Request) -> dict[str, str]:
    """A request's headers by their names in lower case, as they are signed.

    What came more than once is joined by commas; values are text, most clients send UTF-8.
    """
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        text = value.encode("latin-1").decode("utf-8", "replace")
        name = name.lower()
        found[name] = f"{found[name]},{text}" if name in found else text
    return found


def identify(
    request: Request, headers: Mapping[str, str], address: Address, find_signer: FindSigner
) -> Signature:
    """Who signed. Raises Refused: InvalidAccessKeyId, SignatureDoesNotMatch and their kin."""
    now = datetime.fromtimestamp(clock.now(), UTC)
    if old := _version_2(request, headers, address, now):
        signer = _signer(find_signer, old.access)
        if not old.is_by(signer.secret.reveal()):
            raise _mismatch(old.access, old.text)
        return Signature(
            caller=Caller(ctx=signer.ctx, access=old.access, is_presigned=old.is_presigned)
        )
    try:
        claim = aws_signature.find(_signed(request, headers))
    except aws_signature.Incomplete as error:
        raise _incomplete(headers, error) from error
    if claim is None:
        if "authorization" in headers:
            raise Refused("InvalidArgument", "Unsupported Authorization Type")
        return Signature(caller=nobody())
    is_presigned = "authorization" not in headers
    signer = _signer(find_signer, claim.access)
    secret = signer.secret.reveal()
    if claim.service != SERVICE or not claim.is_by(secret):
        raise _mismatch(claim.access, claim.text)
    _check_time(claim, now, is_presigned=is_presigned)
    _check_headers(claim, headers)
    if not is_presigned and _PAYLOAD not in headers:
        raise Refused("InvalidRequest", f"Missing required header for this request: {_PAYLOAD}")
    caller = Caller(ctx=signer.ctx, access=claim.access, is_presigned=is_presigned)
    return Signature(caller=caller, chain=claim.chain(secret))


def nobody() -> Caller:
    """Who asks when nobody signed."""
    return Caller(ctx=context.current.get() or context.RequestContext())


def _version_2(
    request: Request, headers: Mapping[str, str], address: Address, now: datetime
) -> signature_v2.Claim | None:
    resource = request.raw_path
    if address.is_in_host:
        resource = f"/{address.bucket}{resource}"
    return signature_v2.find(
        request.method, resource, query=request.pairs, headers=headers, now=now
    )


def _signed(request: Request, headers: Mapping[str, str]) -> aws_signature.Signed:
    return aws_signature.Signed(
        method=request.method, path=request.url_path, raw_path=request.raw_path,
        query=request.pairs, headers=headers,
        body_sha256=headers.get(_PAYLOAD, bodies.UNSIGNED),
    )  # fmt: skip


def _signer(find_signer: FindSigner, access: str) -> Signer:
    signer = find_signer(access)
    if signer is None:
        raise Refused("InvalidAccessKeyId", facts={"AWSAccessKeyId": access})
    return signer


def _mismatch(access: str, text: bytes) -> Refused:
    facts = {"AWSAccessKeyId": access, "StringToSign": text.decode(errors="replace")}
    return Refused("SignatureDoesNotMatch", facts=facts)


def _incomplete(headers: Mapping[str, str], error: aws_signature.Incomplete) -> Refused:
    if "authorization" not in headers:
        return Refused("AuthorizationQueryParametersError", str(error))
    if error.parameter in {"x-amz-date", "X-Amz-Date", "a time of today"}:
        return Refused(
            "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"
        )
    return Refused("AuthorizationHeaderMalformed", str(error))


def _check_time(claim: aws_signature.Claim, now: datetime, *, is_presigned: bool) -> None:
    try:
        claim.check_time(now)
    except aws_signature.Expired as error:
        if is_presigned:
            raise Refused("AccessDenied", "Request has expired") from error
        facts = signature_v2.skew(f"{claim.not_before + aws_signature.SKEW:%Y%m%dT%H%M%SZ}", now)
        raise Refused("RequestTimeTooSkewed", facts=facts) from error


def _check_headers(claim: aws_signature.Claim, headers: Mapping[str, str]) -> None:
    """Refuse S3's own headers that nobody signed: somebody on the way may have added them."""
    unsigned = sorted(
        name
        for name in headers
        if name.startswith("x-amz-") and name not in claim.signed_headers and name != _PAYLOAD
    )
    if unsigned:
        raise Refused(
            "AccessDenied", "There were headers present in the request which were not signed",
            facts={"HeadersNotSigned": ", ".join(unsigned)},
        )  # fmt: skip
