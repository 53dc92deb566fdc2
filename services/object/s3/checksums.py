"""The checksums of S3's "additional checksums": computed, checked, and put together from parts'.

AWS' own library (awscrt) computes the two that the standard library has not, at memory's speed; it
is loaded when one is first asked for.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import zlib
from collections.abc import Callable, Iterable
from typing import Final, Protocol

HEADER: Final = "x-amz-checksum-"
ALGORITHMS: Final = ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256")
# width, polynomial (reflected) of those that are linear: whole = parts put together
_CRCS: Final = {
    "CRC32": (32, 0xEDB88320),
    "CRC32C": (32, 0x82F63B78),
    "CRC64NVME": (64, 0x9A6C9329AC4BC9B5),
}
_SIZES: Final = {"CRC32": 4, "CRC32C": 4, "CRC64NVME": 8, "SHA1": 20, "SHA256": 32}


class Running(Protocol):
    """A checksum of the bytes so far."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""

    def digest(self) -> bytes:
        """The checksum."""


def start(algorithm: str) -> Running:
    """A checksum of nothing yet, of one of ALGORITHMS."""
    if algorithm in _CRCS:
        return _Crc(_SIZES[algorithm], _crc(algorithm))
    return _Digest(hashlib.sha1 if algorithm == "SHA1" else hashlib.sha256)


def is_value(algorithm: str, text: str) -> bool:
    """Whether this is base64 of a checksum of that kind."""
    try:
        return len(base64.b64decode(text, validate=True)) == _SIZES[algorithm]
    except ValueError:
        return False


def encoded(digest: bytes) -> str:
    """A checksum as headers and documents have it."""
    return base64.b64encode(digest).decode()


def is_linear(algorithm: str) -> bool:
    """Whether the checksum of a whole follows from those of its parts."""
    return algorithm in _CRCS


def composite(algorithm: str, parts: Iterable[str]) -> str:
    """The checksum of the parts' checksums, and how many there are: `BASE64-N`."""
    running, count = start(algorithm), 0
    for part in parts:
        running.update(base64.b64decode(part))
        count += 1
    return f"{encoded(running.digest())}-{count}"


def joined(algorithm: str, parts: Iterable[tuple[str, int]]) -> str:
    """The CRC of parts one after another, given each one's and its size in bytes."""
    width, polynomial = _CRCS[algorithm]
    whole = 0
    for value, size_bytes in parts:
        crc = int.from_bytes(base64.b64decode(value), "big")
        whole = _times(whole, _shift(size_bytes, width, polynomial), width, polynomial) ^ crc
    return encoded(whole.to_bytes(width // 8, "big"))


class _Crc:
    def __init__(self, size_bytes: int, function: Callable[[bytes, int], int]) -> None:
        self._size_bytes = size_bytes
        self._function = function
        self._value = 0

    def update(self, data: bytes, /) -> None:
        self._value = self._function(data, self._value)

    def digest(self) -> bytes:
        return self._value.to_bytes(self._size_bytes, "big")


class _Digest:
    def __init__(self, make: Callable[..., hashlib._Hash]) -> None:
        self._hash = make(usedforsecurity=False)

    def update(self, data: bytes, /) -> None:
        self._hash.update(data)

    def digest(self) -> bytes:
        return self._hash.digest()


def _crc(algorithm: str) -> Callable[[bytes, int], int]:
    if algorithm == "CRC32":
        return zlib.crc32
    from awscrt import checksums as crt

    function: Callable[[bytes, int], int] = crt.crc32c if algorithm == "CRC32C" else crt.crc64nvme
    return function


@functools.lru_cache(maxsize=64)  # parts are of one size but the last
def _shift(size_bytes: int, width: int, polynomial: int) -> int:
    """x to the power of 8 × size_bytes, modulo the polynomial, reflected."""
    result, square, exponent = 1 << (width - 1), 1 << (width - 2), 8 * size_bytes
    while exponent:
        if exponent & 1:
            result = _times(result, square, width, polynomial)
        square = _times(square, square, width, polynomial)
        exponent >>= 1
    return result


def _times(a: int, b: int, width: int, polynomial: int) -> int:
    """The product of two polynomials over GF(2), reflected, modulo the third."""
    product, top = 0, 1 << (width - 1)
    while a:
        if a & top:
            product ^= b
        a = (a << 1) & (2 * top - 1)
        b = (b >> 1) ^ (polynomial if b & 1 else 0)
    return product
