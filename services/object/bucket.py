"""A container as S3 sees it: a bucket, its settings, and the hidden places that belong to it.

Swift's face asks the same settings. It refuses to know who may do what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from services.object import sysmeta
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore

RESELLER_PREFIX: Final = "AUTH_"
SEGMENTS: Final = "+segments"  # the container beside a bucket that has its objects' parts
NULL: Final = "null"  # the version of what was written without versioning
ENABLED: Final = "Enabled"
SUSPENDED: Final = "Suspended"
NUL: Final = "\0"  # in no client's name
HIDDEN: Final = NUL  # accounts that no client can name begin so
SHELF: Final = f"{HIDDEN}versions\0"  # before the account's name
UPLOADS: Final = f"{HIDDEN}uploads\0"  # before the account's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A container, as S3 sees it."""

    name: str
    account: str
    metadata: Mapping[str, str]

    @property
    def owner_id(self) -> str:
        """The canonical user id of whose bucket it is."""
        return owner_of(self.account)

    @property
    def versioning(self) -> str:
        """`Enabled`, `Suspended`, or empty when it never was enabled."""
        return self.kept(sysmeta.VERSIONING)

    @property
    def has_locks(self) -> bool:
        """Whether its objects can be locked."""
        return bool(self.kept(sysmeta.OBJECT_LOCK))

    def kept(self, name: str) -> str:
        """What is kept beside it under that name of `sysmeta`; empty when nothing is."""
        return self.metadata.get(name, "")

    def object(self, key: str) -> ObjectName:
        """The object with that key."""
        return ObjectName(self.account, self.name, key)


def owner_of(account: str) -> str:
    """The project whose objects an account has, or those versions that are not current."""
    return account.removeprefix(SHELF).removeprefix(RESELLER_PREFIX)


def find(store: ObjectStore, account: str, name: str) -> Bucket:
    """The bucket that a container is. Raises ContainerNotFound."""
    return Bucket(name=name, account=account, metadata=store.container_metadata(account, name))


def shelf_of(account: str, name: str) -> ObjectName:
    """Where a bucket's versions that are not current are (`services/object/versions.py`)."""
    return ObjectName(f"{SHELF}{account}", name, "")


def uploads_of(account: str, name: str) -> ObjectName:
    """Where a bucket's uploads that are under way stand; its objects are `key NUL id`."""
    return ObjectName(f"{UPLOADS}{account}", name, "")
