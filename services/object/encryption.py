"""Which objects are kept encrypted, and with whose key: the box's own, or a customer's.

What is kept beside an object is the key of that one object, sealed. It refuses to know how either
face asks for encryption, and how bytes are encrypted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from services.identity.api import data_keys
from services.identity.api.data_keys import DataKeys
from services.object import contents
from storage.objects import errors as stored
from storage.objects.ciphers import Cipher, Ciphers
from storage.objects.container import Listed
from storage.objects.listing import Query, Subdir
from storage.objects.object_file import ObjectName, ObjectRecord
from storage.objects.store import ObjectStore
from storage.objects.transfer import Download, Upload

ALGORITHM: Final = "AES256"
KEY: Final = "X-Object-Sysmeta-S3-Key"  # BOX or CUSTOMER, and the object's sealed key
PARTS_KEY: Final = "X-Object-Sysmeta-S3-Parts-Key"  # of a list of parts: what the parts have
CONTAINER: Final = "X-Container-Sysmeta-S3-Encryption"  # the algorithm of what says nothing
BOX: Final = "box:"
CUSTOMER: Final = "customer:"


class BoxKeys:
    """Ciphers under keys that this box keeps (Ciphers)."""

    def __init__(self, keys: DataKeys) -> None:
        self._keys = keys

    def of(self, record: ObjectRecord) -> Cipher | None:
        """The cipher of an object. Raises ObjectSealed when its key is a customer's."""
        if not (kept := record.metadata.get(KEY, "")):
            return None
        if kept.startswith(CUSTOMER):
            raise stored.ObjectSealed(
                f"object {record.name} is encrypted with its owner's key (SSE-C): "
                "read it through S3, with that key"
            )
        return self._keys.open(kept.removeprefix(BOX))

    def new(self) -> tuple[Cipher, Mapping[str, str]]:
        """A new object's cipher, and what to keep beside it."""
        cipher, sealed = self._keys.new()
        return cipher, {KEY: f"{BOX}{sealed}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerKey:
    """Ciphers under a key that came with a request and goes with it (Ciphers).

    `others` knows the ciphers of objects that are not under such a key.
    """

    key: bytes = field(repr=False)
    others: Ciphers = field(repr=False)

    def of(self, record: ObjectRecord) -> Cipher | None:
        """The cipher of an object. Raises ObjectSealed when its key is another."""
        kept = record.metadata.get(KEY, "")
        if not kept.startswith(CUSTOMER):
            return self.others.of(record)
        try:
            return data_keys.open_with(self.key, kept.removeprefix(CUSTOMER))
        except data_keys.WrongKey as error:
            raise stored.ObjectSealed(
                f"object {record.name} is encrypted with another key"
            ) from error

    def new(self) -> tuple[Cipher, Mapping[str, str]]:
        """A new object's cipher, and what to keep beside it."""
        cipher, sealed = data_keys.seal_under(self.key)
        return cipher, {KEY: f"{CUSTOMER}{sealed}"}

    def is_of(self, kept: str) -> bool:
        """Whether what is kept under KEY or PARTS_KEY was sealed under this key."""
        try:
            data_keys.open_with(self.key, kept.removeprefix(CUSTOMER))
        except data_keys.WrongKey:
            return False
        return kept.startswith(CUSTOMER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A store that is read with a customer's key (contents.Source)."""

    store: ObjectStore
    key: CustomerKey

    def get_object(self, name: ObjectName) -> Download:
        """Open an object's bytes, decrypted. Raises as the store does."""
        return self.store.get_object(name, ciphers=self.key)

    def list_container(
        self, account: str, container: str, *, query: Query
    ) -> list[Listed | Subdir]:
        """Return one page of a container's objects. Raises ContainerNotFound."""
        return self.store.list_container(account, container, query=query)


def source(store: ObjectStore, key: CustomerKey | None) -> contents.Source:
    """Where objects are read with a customer's key, or without one."""
    return store if key is None else Reading(store=store, key=key)


def kept(record: ObjectRecord) -> str:
    """What is kept of an object's or its parts' key; empty when they are kept as they are."""
    return record.metadata.get(KEY) or record.metadata.get(PARTS_KEY, "")


def is_default(metadata: Mapping[str, str]) -> bool:
    """Whether a container with that metadata encrypts whatever is put into it."""
    return CONTAINER in metadata


def begin(upload: Upload, ciphers: Ciphers) -> Mapping[str, str]:
    """Let an upload be kept encrypted; return what is to be kept beside the object."""
    cipher, kept_beside = ciphers.new()
    upload.encrypt(cipher, is_md5_hidden=isinstance(ciphers, CustomerKey))
    return kept_beside
