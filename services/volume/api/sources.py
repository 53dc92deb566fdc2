"""What a new volume is made from: a snapshot, another volume or an image, fit to be used so, and
kept until then.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from appliance import context, errors, ids
from appliance.db import connection, images, snapshots, volumes
from appliance.model.image import Image, ImageStatus
from appliance.model.volume import Snapshot, Volume
from appliance.model.volume_states import SnapshotStatus, VolumeStatus
from services.volume.api import types
from storage.images import inspect

_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What it is, found; nothing for an empty volume."""

    size_gib: int = 0  # at least
    min_disk_gib: int = 0  # an image's own wish
    is_bootable: bool = False
    image_id: ids.ImageId | None = None
    snapshot_id: ids.SnapshotId | None = None
    volume_id: ids.VolumeId | None = None


def find(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    *,
    snapshot_id: str | None,
    volume_id: str | None,
    image_id: str | None,
    volume_type: types.VolumeType,
) -> Source:
    """The one that is named, if any. Raises NotFound; BadRequest when it cannot be used now."""
    if sum(each is not None for each in (snapshot_id, volume_id, image_id)) > 1:
        raise errors.BadRequest(
            "Invalid input received: May specify only one of snapshot, imageRef or source volume"
        )
    if snapshot_id is not None:
        return _from_snapshot(tx, ctx, snapshot_id)
    if volume_id is not None:
        return _from_volume(tx, ctx, volume_id, volume_type=volume_type)
    if image_id is not None:
        return _from_image(tx, ctx, image_id)
    return Source()


def _from_snapshot(
    tx: connection.Transaction, ctx: context.RequestContext, snapshot_id: str
) -> Source:
    snapshot = snapshots.get_visible(tx, snapshot_id, ctx)
    if snapshot.status is not SnapshotStatus.AVAILABLE:
        raise errors.BadRequest(
            "Invalid snapshot: Originating snapshot status must be one of available values"
        )
    origin = volumes.get(tx, snapshot.volume_id)
    return Source(
        size_gib=snapshot.size_gib,
        is_bootable=bool(origin.is_bootable),
        image_id=origin.image_id,
        snapshot_id=snapshot.id,
    )


def _from_volume(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    volume_id: str,
    *,
    volume_type: types.VolumeType,
) -> Source:
    origin = volumes.get_visible(tx, volume_id, ctx)
    can_be_copied = [VolumeStatus.AVAILABLE]
    if volume_type.can_snapshot_in_use:
        can_be_copied.append(VolumeStatus.IN_USE)
    if origin.status not in can_be_copied:
        raise errors.BadRequest(
            "Invalid volume: Unable to create a volume from an originating source volume when its "
            f"status is not one of {', '.join(can_be_copied)} values"
        )
    return Source(
        size_gib=origin.size_gib,
        is_bootable=bool(origin.is_bootable),
        image_id=origin.image_id,
        volume_id=origin.id,
    )


def _from_image(tx: connection.Transaction, ctx: context.RequestContext, image_id: str) -> Source:
    with _refused_as("Invalid image identifier or unable to access requested image."):
        image = images.get_visible(tx, image_id, ctx)
    if image.status is not ImageStatus.ACTIVE:
        raise errors.BadRequest(f"Invalid input received: Image {image_id} is not active.")
    if image.disk_format not in inspect.FORMATS:
        raise errors.BadRequest(
            f"Invalid input received: Image {image_id} has disk_format {image.disk_format}; "
            f"a volume is made from {', '.join(sorted(inspect.FORMATS))}."
        )
    return Source(
        size_gib=_image_gib(image),
        min_disk_gib=image.min_disk_gib,
        is_bootable=True,
        image_id=image.id,
    )


@contextlib.contextmanager
def _refused_as(message: str) -> Iterator[None]:
    try:
        yield
    except errors.NotFound as error:
        raise errors.BadRequest(message) from error


def _image_gib(image: Image) -> int:
    return -(-(image.virtual_size_bytes or image.size_bytes or 0) // _GIB)


def check_not_needed(tx: connection.Transaction, origin: Volume | Snapshot) -> None:
    """Raise BadRequest while a volume is being made from it: that needs its bytes until then."""
    noun = "volume" if isinstance(origin, Volume) else "snapshot"
    for copy in volumes.being_made_from(tx, origin.id, host=origin.host):
        raise errors.BadRequest(
            f"Invalid {noun}: Volume {copy.id} is being made from {noun} {origin.id}; "
            "wait until it is there."
        )


def size_gib(asked: int | None, source: Source) -> int:
    """The size asked for, or the source's. Raises BadRequest when the source does not fit."""
    is_copy = source.snapshot_id or source.volume_id
    if asked is None and is_copy:
        return source.size_gib
    if asked is None or asked <= 0:
        raise errors.BadRequest(
            f"Invalid input received: Volume size '{asked}' must be an integer and greater than 0"
        )
    if asked < source.size_gib:
        raise errors.BadRequest(f"Invalid input received: {_too_small(asked, source)}")
    if asked < source.min_disk_gib:
        raise errors.BadRequest(
            f"Invalid input received: Volume size {asked}GB cannot be smaller than the image "
            f"minDisk size {source.min_disk_gib}GB."
        )
    return asked


def _too_small(asked: int, source: Source) -> str:
    if source.snapshot_id:
        return (
            f"Volume size '{asked}'GB cannot be smaller than the snapshot size "
            f"{source.size_gib}GB. They must be >= original snapshot size."
        )
    if source.volume_id:
        return (
            f"Volume size '{asked}'GB cannot be smaller than original volume size "
            f"{source.size_gib}GB. They must be >= original volume size."
        )
    return f"Size of specified image {source.size_gib}GB is larger than volume size {asked}GB."
