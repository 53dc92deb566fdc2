"""SSH key pairs: new ones, and the fingerprint of given ones. Knows no user and no table."""

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from appliance import errors, log

RSA_BITS: Final = 2048  # Nova's; every ssh client and every EC2 tool reads such a key
_PUBLIC_KEY_CHARS_MAX: Final = 16_384  # as Nova's schema has it


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A new key pair; whoever made it is the only one who can show the private half."""

    public_key: str
    private_key: log.Secret


def generate() -> Generated:
    """A new RSA key pair: OpenSSH's form of the public half, PEM of the private one."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=RSA_BITS)
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return Generated(
        public_key=f"{public.decode()} Generated-by-novabox",
        private_key=log.Secret(private.decode()),
    )


def fingerprint(public_key: str) -> str:
    """MD5 of the key's bytes in hex pairs, as Nova, EC2 and old ssh show it. Raises BadRequest."""
    if len(public_key) > _PUBLIC_KEY_CHARS_MAX:
        raise errors.BadRequest(f"Keypair data is invalid: over {_PUBLIC_KEY_CHARS_MAX} characters")
    try:
        serialization.load_ssh_public_key(public_key.encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise errors.BadRequest(
            f"Keypair data is invalid: failed to generate fingerprint: {error}"
        ) from error
    data = base64.b64decode(public_key.split()[1])
    digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
    return ":".join(digest[i : i + 2] for i in range(0, len(digest), 2))
