"""Tokens as text, and secrets at rest: encrypted and signed (Fernet). Cryptography's home here.

A token is never stored. What it grants is read from the database each time it is used.
"""

import base64
import binascii
import dataclasses
import hashlib
import json
import secrets
from dataclasses import dataclass
from typing import Final

from cryptography import fernet

from appliance import clock, errors, log
from services.identity.standing import Claim

_VERSION: Final = 2
_SECRET: Final = b"secret:"  # so that a sealed secret is no token, and no token a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a token says. Times are seconds since the epoch."""

    claim: Claim
    methods: tuple[str, ...]
    issued_s: float
    expires_s: float
    audit_ids: tuple[str, ...]
    password_mark: str  # of the password it was got with: a new password ends it


class Sealer:
    """Seals and opens with the keys of one cloud: the first seals, all of them open."""

    def __init__(self, keys: list[str]) -> None:
        self._fernet = fernet.MultiFernet([fernet.Fernet(key) for key in keys])

    def seal(self, payload: Payload) -> str:
        """The token."""
        fields = [
            _VERSION, dataclasses.astuple(payload.claim), payload.methods, payload.issued_s,
            payload.expires_s, payload.audit_ids, payload.password_mark,
        ]  # fmt: skip
        sealed = self._fernet.encrypt(json.dumps(fields, separators=(",", ":")).encode())
        return sealed.rstrip(b"=").decode()

    def open(self, token: str) -> Payload:
        """What the token says. Raises Unauthorized when it is not ours, or expired."""
        try:
            padded = token.encode("ascii") + b"=" * (-len(token) % 4)
            version, *fields = json.loads(self._fernet.decrypt(padded))
        except (fernet.InvalidToken, UnicodeEncodeError, binascii.Error, ValueError) as error:
            raise errors.Unauthorized("Failed to validate token: it is not one of ours.") from error
        if version != _VERSION:
            raise errors.Unauthorized("The token was got before an update: log in again.")
        claim, methods, issued_s, expires_s, audit_ids, mark = fields
        if expires_s <= clock.now():
            raise errors.Unauthorized(f"The token expired at {clock.stamp(expires_s)}.")
        user_id, target_id, is_system, trust_id, credential_id = claim
        return Payload(
            claim=Claim(
                user_id=user_id, target_id=target_id, is_system=is_system, trust_id=trust_id,
                application_credential_id=credential_id,
            ),
            methods=tuple(methods), issued_s=issued_s, expires_s=expires_s,
            audit_ids=tuple(audit_ids), password_mark=mark,
        )  # fmt: skip

    def seal_secret(self, secret: log.Secret) -> str:
        """A secret as the database may keep it."""
        return self._fernet.encrypt(_SECRET + secret.reveal().encode()).decode()

    def open_secret(self, sealed: str) -> log.Secret:
        """The secret. Raises Unavailable when none of the cloud's keys opens it."""
        try:
            plain = self._fernet.decrypt(sealed.encode())
        except fernet.InvalidToken as error:
            raise errors.Unavailable(
                "a secret cannot be opened: the key that sealed it is not in etc/credential-keys"
            ) from error
        return log.Secret(plain.removeprefix(_SECRET).decode())


def password_mark(password_hash: str) -> str:
    """Eight letters that change when the password does, and say nothing about it."""
    digest = hashlib.sha256(password_hash.encode()).digest()
    return base64.urlsafe_b64encode(digest[:6]).decode()


def new_audit_id() -> str:
    """Twenty-two letters that name one token (Keystone's audit id)."""
    return secrets.token_urlsafe(16)


def new_key() -> str:
    """A key of Fernet's."""
    return fernet.Fernet.generate_key().decode()


def is_key(text: str) -> bool:
    """Whether the text is a key of Fernet's."""
    try:
        fernet.Fernet(text)
    except ValueError:
        return False
    return True
