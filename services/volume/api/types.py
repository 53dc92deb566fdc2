"""Volume types: one a pool, named as the pool. They are settings, not rows."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from appliance import config, errors

_NAMESPACE: Final = uuid.UUID(
    "6f2b3c0e-5d0d-4d0b-9a52-0f6e3a9c7b11"
)  # a type's id is always the same


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeType:
    """A kind of volume. `can_snapshot_in_use`: also while a guest writes to it."""

    name: str
    description: str
    can_snapshot_in_use: bool

    @property
    def id(self) -> str:
        """A UUID made from the name."""
        return str(uuid.uuid5(_NAMESPACE, self.name))


ALL: Final = (
    VolumeType(name="sparse", description="Files in the state folder", can_snapshot_in_use=False),
    VolumeType(name="lvm", description="A thin pool of LVM", can_snapshot_in_use=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where new volumes go: a host's pool, its zone, and the types that it offers."""

    host: str
    zone: str
    volume_type: VolumeType

    @property
    def types(self) -> Collection[VolumeType]:
        """The types that a volume may have here, the default first."""
        return (self.volume_type,)


def place(settings: config.Settings) -> Place:
    """Where this host's settings put volumes. Raises ConfigError for an unknown pool."""
    found = [each for each in ALL if each.name == settings.volume.pool]
    if not found:
        known = ", ".join(each.name for each in ALL)
        raise errors.ConfigError(f"volume.pool {settings.volume.pool!r}: known: {known}")
    return Place(host=settings.host, zone=settings.compute.zone, volume_type=found[0])


def named(types: Collection[VolumeType], key: str) -> VolumeType:
    """The type with this name or id. Raises NotFound."""
    for each in types:
        if key in (each.name, each.id):
            return each
    raise errors.NotFound("volume type", key)
