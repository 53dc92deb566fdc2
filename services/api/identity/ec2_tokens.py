"""A token for who signed a request as EC2's clients do (Keystone, api/ec2tokens.py).

Another service was asked something with such a signature, and asks us by whom: it sends what was
signed. Nobody else may: what somebody signed once would be a token for anybody who saw it
(OSSA-2025-002).
"""

import hashlib
from datetime import UTC, datetime
from typing import Final

import msgspec

from appliance import clock, config, errors, policy
from appliance.db import connection
from services.api.identity import login
from services.http import aws_signature, endpoint
from services.http.endpoint import Reply, Request, decoding, path
from services.identity.api import Identity
from services.identity.api.ec2_credentials import Ec2Credentials

_REFUSED: Final = "The request you have made requires authentication."
_NO_BODY: Final = hashlib.sha256(b"").hexdigest()
_SIGNATURES: Final = {"SignatureVersion": "Signature", "X-Amz-Algorithm": "X-Amz-Signature"}


class Said(msgspec.Struct):
    """What was signed; `signature` is what the service took out of `params`."""

    access: str
    signature: str
    host: str
    verb: str
    path: str
    params: dict[str, str] = {}
    headers: dict[str, str] = {}
    body_hash: str = _NO_BODY


class Ask(msgspec.Struct):
    """The body of `POST /ec2tokens`; the second name is the older one."""

    credentials: Said | None = None
    ec2_credentials: Said | None = msgspec.field(default=None, name="ec2Credentials")


def paths(
    settings: config.Settings, db: connection.Database, identity: Identity
) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    keys = Ec2Credentials(settings, db)

    def create(request: Request, body: Ask) -> Reply:
        policy.check(request.ctx, "identity:ec2_create_token")
        said = body.credentials or body.ec2_credentials
        if said is None:
            raise errors.BadRequest("'credentials' is a required property, and an object.")
        claim = _claim(said)
        signer = keys.find_signer(claim.access)
        is_known = said.access == claim.access and signer is not None
        if signer is None or not is_known or not claim.is_by(signer.secret.reveal()):
            raise errors.Unauthorized(_REFUSED)
        claim.check_time(datetime.fromtimestamp(clock.now(), UTC))
        text, token = identity.for_signer(signer.ctx.user_id, signer.ctx.project_id)
        return Reply(body={"token": login.view(db, token)}, headers={"X-Subject-Token": text})

    return (path("/v3/ec2tokens", POST=decoding(Ask, create)),)


def _claim(said: Said) -> aws_signature.Claim:
    """Who says to have signed. Raises BadRequest for an unknown version, or a part that lacks."""
    params = dict(said.params)
    for name, signature in _SIGNATURES.items():
        if name in params:
            params.setdefault(signature, said.signature)
    headers = {name.lower(): text for name, text in said.headers.items()} | {"host": said.host}
    is_form = said.verb.upper() == "POST" and "authorization" in headers  # then it is in the body
    claim = aws_signature.find(
        aws_signature.Signed(
            method=said.verb.upper(), path=said.path,
            query=() if is_form else tuple(params.items()), headers=headers,
            body_sha256=said.body_hash,
        )
    )  # fmt: skip
    if claim is None:
        raise errors.BadRequest("Nothing is signed with Signature Version 2 or 4.")
    return claim
