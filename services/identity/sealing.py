"""Tokens as text, and secrets at rest: encrypted and signed (Fernet). Cryptography's home here.

A token is never stored. What it grants is read from the database each time it is used.
"""

import base64
import binascii
import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import fernet

from appliance import clock, errors, log

_VERSION: Final = 1
_SECRET: Final = b"secret:"  # so that a sealed secret is no token, and no token a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a token says. Times are whole seconds since the epoch."""

    user_id: str
    project_id: str  # "" when unscoped
    methods: tuple[str, ...]
    issued_s: int
    expires_s: int
    audit_id: str
    password_mark: str  # of the password it was got with: a new password ends it


class Sealer:
    """Seals and opens with the keys of one cloud: the first seals, all of them open."""

    def __init__(self, keys: list[str]) -> None:
        self._fernet = fernet.MultiFernet([fernet.Fernet(key) for key in keys])

    def seal(self, payload: Payload) -> str:
        """The token."""
        fields = [
            _VERSION, payload.user_id, payload.project_id, payload.methods, payload.issued_s,
            payload.expires_s, payload.audit_id, payload.password_mark,
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
        user_id, project_id, methods, issued_s, expires_s, audit_id, mark = fields
        if version != _VERSION or expires_s <= clock.now():
            raise errors.Unauthorized(f"The token expired at {clock.stamp(expires_s)}.")
        return Payload(
            user_id=user_id, project_id=project_id, methods=tuple(methods), issued_s=issued_s,
            expires_s=expires_s, audit_id=audit_id, password_mark=mark,
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
                "a secret cannot be opened: the key that sealed it is not in etc/fernet-keys"
            ) from error
        return log.Secret(plain.removeprefix(_SECRET).decode())


def password_mark(password_hash: str) -> str:
    """Eight letters that change when the password does, and say nothing about it."""
    digest = hashlib.sha256(password_hash.encode()).digest()
    return base64.urlsafe_b64encode(digest[:6]).decode()


def new_audit_id() -> str:
    """Twenty-two letters that name one token (Keystone's audit id)."""
    return secrets.token_urlsafe(16)


def keys_path(etc_dir: Path) -> Path:
    """The file that keeps the keys, one a line."""
    return etc_dir / "fernet-keys"


def ensure_keys(etc_dir: Path) -> None:
    """Make the first key unless there is one; whole or not at all, readable by its owner alone."""
    path = keys_path(etc_dir)
    if path.exists():
        return
    etc_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(fernet.Fernet.generate_key() + b"\n")
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)


def sealer(etc_dir: Path) -> Sealer:
    """The cloud's sealer. Raises ConfigError when it has no keys yet."""
    path = keys_path(etc_dir)
    try:
        return Sealer(path.read_text().split())
    except (OSError, ValueError) as error:
        raise errors.ConfigError(
            f"{path}: no keys for tokens ({error}); `novabox up` makes them at its first start"
        ) from error
