"""What clients send about volumes and snapshots (Cinder, api/schemas/{volumes,snapshots}.py)."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

Metadata = dict[str, str]


class NewVolume(Struct):
    """The volume of a create request; Cinder passes over fields that it does not know."""

    size: int | str | None = None
    name: str | None = None
    description: str | None = None
    volume_type: str | None = None
    zone: str | None = field(name="availability_zone", default=None)
    metadata: Metadata | None = None
    snapshot_id: str | None = None
    source_volume_id: str | None = field(name="source_volid", default=None)
    image: str | None = field(name="imageRef", default=None)
    is_multiattach: bool | str | None = field(name="multiattach", default=None)
    backup_id: str | None = None
    group_id: str | None = field(name="consistencygroup_id", default=None)


class CreateVolume(Struct):
    """POST /volumes; scheduler hints beside the volume are read by nobody: there is one pool."""

    volume: NewVolume


class Changed(Struct, forbid_unknown_fields=True):
    """What of a snapshot can be updated; null empties a text."""

    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET


class ChangedVolume(Changed, forbid_unknown_fields=True):
    """What of a volume can be updated."""

    metadata: Metadata | UnsetType = UNSET


class UpdateVolume(Struct, forbid_unknown_fields=True):
    """PUT /volumes/{id}."""

    volume: ChangedVolume


class NewSnapshot(Struct):
    """The snapshot of a create request."""

    volume_id: str
    name: str | None = None
    description: str | None = None
    force: bool | str = False
    metadata: Metadata | None = None


class CreateSnapshot(Struct, forbid_unknown_fields=True):
    """POST /snapshots."""

    snapshot: NewSnapshot


class UpdateSnapshot(Struct, forbid_unknown_fields=True):
    """PUT /snapshots/{id}."""

    snapshot: Changed


class WholeMetadata(Struct, forbid_unknown_fields=True):
    """PUT and POST /…/metadata."""

    metadata: Metadata


class MetadataItem(Struct, forbid_unknown_fields=True):
    """PUT /…/metadata/{key}."""

    meta: Annotated[Metadata, Meta(min_length=1, max_length=1)]


class NewSize(Struct, forbid_unknown_fields=True):
    """How large a volume is to be."""

    size: int | str = field(name="new_size")


class Bootable(Struct, forbid_unknown_fields=True):
    """Whether a volume is to be one to boot from."""

    is_bootable: bool | str = field(name="bootable")


class Action(Struct, forbid_unknown_fields=True):
    """POST /volumes/{id}/action: exactly one key, with its argument."""

    extend: NewSize | UnsetType = field(name="os-extend", default=UNSET)
    set_bootable: Bootable | UnsetType = field(name="os-set_bootable", default=UNSET)


def texts(changed: Changed) -> dict[str, str]:
    """Name and description, as far as they are to change; null empties one."""
    given = {"name": changed.name, "description": changed.description}
    return {what: text or "" for what, text in given.items() if text is not UNSET}
