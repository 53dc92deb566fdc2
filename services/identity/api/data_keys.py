"""Keys of single things kept elsewhere, and AES-256-CTR under them: for the object store.

Every thing has a random key and a random first counter of its own, sealed either by the cloud's
keys of secrets (`etc/credential-keys`) or under a key that somebody brings and takes away again. It
refuses to know what is encrypted, and where what is sealed is kept.
"""

import base64
import binascii
import secrets
from pathlib import Path
from typing import Final

from cryptography import exceptions
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance import log
from services.identity import keys

KEY_BYTES: Final = 32
_BLOCK_BYTES: Final = 16  # of AES, and of its counter
_NONCE_BYTES: Final = 12
_MADE_FOR: Final = b"novabox data key"  # what else a customer's key seals is none of ours


class WrongKey(Exception):
    """The key is not the one that it was sealed under."""


class StreamCipher:
    """AES-256 in counter mode: as many bytes out as in, from anywhere in the stream.

    No two streams have the same key. It keeps bytes from being read, not from being changed.
    """

    def __init__(self, material: bytes) -> None:
        self._algorithm = algorithms.AES256(material[:KEY_BYTES])
        self._first = int.from_bytes(material[KEY_BYTES:], "big")

    def hide(self, data: bytes | bytearray | memoryview, *, offset: int) -> bytes:
        """The bytes from `offset` on, encrypted."""
        counter = (self._first + offset // _BLOCK_BYTES) % (1 << 8 * _BLOCK_BYTES)
        mode = modes.CTR(counter.to_bytes(_BLOCK_BYTES, "big"))
        running = Cipher(self._algorithm, mode).encryptor()
        running.update(bytes(offset % _BLOCK_BYTES))
        return running.update(data)

    def show(self, data: bytes | bytearray | memoryview, *, offset: int) -> bytes:
        """The bytes from `offset` on, decrypted: counter mode is its own inverse."""
        return self.hide(data, offset=offset)


class DataKeys:
    """Keys that the cloud's own keys seal. Raises ConfigError before the first start."""

    def __init__(self, etc_dir: Path) -> None:
        self._sealer = keys.of_secrets(etc_dir)

    def new(self) -> tuple[StreamCipher, str]:
        """A cipher under a new key, and that key, sealed."""
        material = _new_material()
        return StreamCipher(material), self._sealer.seal_secret(log.Secret(material.hex()))

    def open(self, sealed: str) -> StreamCipher:
        """The cipher under a sealed key. Raises Unavailable when none of the cloud's opens it."""
        return StreamCipher(bytes.fromhex(self._sealer.open_secret(sealed).reveal()))


def seal_under(key: bytes) -> tuple[StreamCipher, str]:
    """A cipher under a new key, and that key, sealed under `key` of 32 bytes (AES-256-GCM)."""
    material, nonce = _new_material(), secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, material, _MADE_FOR)
    return StreamCipher(material), base64.b64encode(sealed).decode()


def open_with(key: bytes, sealed: str) -> StreamCipher:
    """The cipher under a key that was sealed under `key`. Raises WrongKey."""
    try:
        raw = base64.b64decode(sealed, validate=True)
        return StreamCipher(AESGCM(key).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _MADE_FOR))
    except (exceptions.InvalidTag, binascii.Error, ValueError) as error:
        raise WrongKey("The key is not the one that it was encrypted with.") from error


def _new_material() -> bytes:
    return secrets.token_bytes(KEY_BYTES + _BLOCK_BYTES)
