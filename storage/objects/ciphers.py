"""Objects that are kept encrypted: written and read through whatever cipher they have.

It refuses to know algorithms and keys: who has them says which cipher is an object's, from what is
kept beside it. A cipher leaves bytes as many as they are, and takes them from anywhere, so sizes,
ranges and the sums of blocks are those of any object.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from storage.objects.errors import StoreUnusable
from storage.objects.object_file import ObjectRecord

Bytes = bytes | bytearray | memoryview


class Cipher(Protocol):
    """Hides an object's bytes, or shows them again."""

    def hide(self, data: Bytes, *, offset: int) -> bytes:
        """Return as many bytes, as they are kept from `offset` on."""
        ...

    def show(self, data: Bytes, *, offset: int) -> bytes:
        """Return what was hidden at `offset`."""
        ...


class Ciphers(Protocol):
    """Knows objects' ciphers, and makes new ones."""

    def of(self, record: ObjectRecord) -> Cipher | None:
        """Return an object's cipher; None when it is kept as it is. Raises ObjectSealed."""
        ...

    def new(self) -> tuple[Cipher, Mapping[str, str]]:
        """Return the cipher of one new object, and the metadata by which `of` finds it again."""
        ...


class AsKept:
    """No ciphers: objects as they are kept, for what copies them with all their metadata."""

    def of(self, _record: ObjectRecord) -> Cipher | None:
        """None."""
        return None

    def new(self) -> tuple[Cipher, Mapping[str, str]]:
        """Raise StoreUnusable."""
        raise StoreUnusable("the object store was opened without keys to encrypt with")


AS_KEPT = AsKept()
