"""A new volume, from what was asked to a row: checked, then written. The messages are Cinder's.

Knows no queue and no pool: the row says what is to be done.
"""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from appliance import clock, context, errors, ids, quota, trace
from appliance.db import client_tokens, connection, images, snapshots, volumes
from appliance.db.client_tokens import ClientToken
from appliance.model.image import Image, ImageStatus
from appliance.model.volume import Volume
from appliance.model.volume_states import AttachStatus, SnapshotStatus, VolumeStatus
from services.volume.api import types
from storage.images import inspect

_GIB: Final = 1 << 30
_TEXT_CHARS_MAX: Final = 255  # of a name, a description, a key and a value, as in Cinder's schemas


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateVolume:
    """A volume that somebody asks for, empty or made from one of three sources.

    `size_gib` None: the snapshot's or the source volume's size. `volume_type` is a name or an id.
    The same `client_token` asks for the same volume.
    """

    name: str = ""
    description: str = ""
    size_gib: int | None = None
    volume_type: str | None = None
    zone: str | None = None
    snapshot_id: str | None = None
    source_volume_id: str | None = None
    image_id: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    client_token: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What the new volume is made from, found."""

    size_gib: int = 0  # at least
    min_disk_gib: int = 0  # an image's own wish
    is_bootable: bool = False
    image_id: ids.ImageId | None = None
    snapshot_id: ids.SnapshotId | None = None
    volume_id: ids.VolumeId | None = None


def once(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    request: CreateVolume,
    *,
    place: types.Place,
) -> Volume:
    """Write the volume, or answer the one that was made for the request's client token before.

    Raises as `write` does, and IdempotentMismatch for a token that meant something else.
    """
    token = request.client_token
    if token is None:
        return write(tx, ctx, request, place=place)
    fingerprint = client_tokens.fingerprint(dataclasses.asdict(request))
    known = client_tokens.find(tx, ctx.project_id, token)
    if known is None:
        made = write(tx, ctx, request, place=place)
        means = ClientToken(fingerprint=fingerprint, made_id=made.id)
        client_tokens.create(tx, ctx.project_id, token, means=means)
        return made
    if known.fingerprint != fingerprint:
        raise errors.IdempotentMismatch(
            f"Client token {token} was used for {known.made_id} with other parameters; "
            "use a new one."
        )
    return volumes.get(tx, known.made_id)


def write(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    request: CreateVolume,
    *,
    place: types.Place,
) -> Volume:
    """Check the request and the quota, and write the row.

    Raises NotFound for a source or a type that is not there, BadRequest for what does not fit,
    OverQuota.
    """
    check_texts(name=request.name, description=request.description)
    check_metadata(request.metadata)
    if request.zone not in (None, "", place.zone):
        raise errors.BadRequest(
            f"Invalid input received: Availability zone '{request.zone}' is invalid."
        )
    chosen = _type(place, request.volume_type)
    source = _source(tx, ctx, request, place=place)
    size_gib = _size_gib(request, source)
    quota.check(
        tx,
        ctx.project_id,
        asked={"volumes": 1, "gigabytes": size_gib},
        used=volumes.usage(tx, ctx.project_id),
    )
    new_id = ids.VolumeId(ids.new_uuid())
    with trace.hop(
        "state", "created", target="database", volume=new_id, after="creating/detached"
    ) as span:
        volume = _volume(
            new_id, ctx, request, place=place, volume_type=chosen.name, source=source,
            size_gib=size_gib, hop_id=span.id,
        )  # fmt: skip
        volumes.create(tx, volume)
        volumes.set_metadata(tx, new_id, request.metadata)
    return volume


def check_texts(**texts: str) -> None:
    """Raise BadRequest for a text that is too long."""
    for what, text in texts.items():
        if len(text) > _TEXT_CHARS_MAX:
            raise errors.BadRequest(
                f"Invalid input received: {what} has {len(text)} characters, more than "
                f"{_TEXT_CHARS_MAX}."
            )


def check_metadata(pairs: Mapping[str, str]) -> None:
    """Raise BadRequest for keys and values that cannot be."""
    for key, value in pairs.items():
        if not key:
            raise errors.BadRequest("Invalid metadata: Metadata property key blank.")
        if len(key) > _TEXT_CHARS_MAX:
            raise errors.BadRequest(
                f"Invalid metadata size: Metadata property key {key} greater than "
                f"{_TEXT_CHARS_MAX} characters."
            )
        if len(value) > _TEXT_CHARS_MAX:
            raise errors.BadRequest(
                f"Invalid metadata size: Metadata property key {key} value greater than "
                f"{_TEXT_CHARS_MAX} characters."
            )


def _type(place: types.Place, key: str | None) -> types.VolumeType:
    return types.named(place.types, key) if key else place.volume_type


def _source(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    request: CreateVolume,
    *,
    place: types.Place,
) -> _Source:
    named = [
        each
        for each in (request.snapshot_id, request.source_volume_id, request.image_id)
        if each is not None
    ]
    if len(named) > 1:
        raise errors.BadRequest(
            "Invalid input received: May specify only one of snapshot, imageRef or source volume"
        )
    if request.snapshot_id is not None:
        return _from_snapshot(tx, ctx, request.snapshot_id)
    if request.source_volume_id is not None:
        return _from_volume(tx, ctx, request.source_volume_id, place=place)
    if request.image_id is not None:
        return _from_image(tx, ctx, request.image_id)
    return _Source()


def _from_snapshot(
    tx: connection.Transaction, ctx: context.RequestContext, snapshot_id: str
) -> _Source:
    snapshot = snapshots.get_visible(tx, snapshot_id, ctx)
    if snapshot.status is not SnapshotStatus.AVAILABLE:
        raise errors.BadRequest(
            "Invalid snapshot: Originating snapshot status must be one of available values"
        )
    origin = volumes.get(tx, snapshot.volume_id)
    return _Source(
        size_gib=snapshot.size_gib,
        is_bootable=bool(origin.is_bootable),
        image_id=origin.image_id,
        snapshot_id=snapshot.id,
    )


def _from_volume(
    tx: connection.Transaction, ctx: context.RequestContext, volume_id: str, *, place: types.Place
) -> _Source:
    origin = volumes.get_visible(tx, volume_id, ctx)
    can_be_copied = [VolumeStatus.AVAILABLE]
    if place.volume_type.can_snapshot_in_use:
        can_be_copied.append(VolumeStatus.IN_USE)
    if origin.status not in can_be_copied:
        raise errors.BadRequest(
            "Invalid volume: Unable to create a volume from an originating source volume when its "
            f"status is not one of {', '.join(can_be_copied)} values"
        )
    return _Source(
        size_gib=origin.size_gib,
        is_bootable=bool(origin.is_bootable),
        image_id=origin.image_id,
        volume_id=origin.id,
    )


def _from_image(tx: connection.Transaction, ctx: context.RequestContext, image_id: str) -> _Source:
    with _refused_as("Invalid image identifier or unable to access requested image."):
        image = images.get_visible(tx, image_id, ctx)
    if image.status is not ImageStatus.ACTIVE:
        raise errors.BadRequest(f"Invalid input received: Image {image_id} is not active.")
    if image.disk_format not in inspect.FORMATS:
        raise errors.BadRequest(
            f"Invalid input received: Image {image_id} has disk_format {image.disk_format}; "
            f"a volume is made from {', '.join(sorted(inspect.FORMATS))}."
        )
    return _Source(
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


def _size_gib(request: CreateVolume, source: _Source) -> int:
    is_copy = source.snapshot_id or source.volume_id
    size_gib = request.size_gib
    if size_gib is None and is_copy:
        return source.size_gib
    if size_gib is None or size_gib <= 0:
        raise errors.BadRequest(
            f"Invalid input received: Volume size '{size_gib}' must be an integer and greater "
            "than 0"
        )
    if size_gib < source.size_gib:
        raise errors.BadRequest(f"Invalid input received: {_too_small(size_gib, source)}")
    if size_gib < source.min_disk_gib:
        raise errors.BadRequest(
            f"Invalid input received: Volume size {size_gib}GB cannot be smaller than the image "
            f"minDisk size {source.min_disk_gib}GB."
        )
    return size_gib


def _too_small(size_gib: int, source: _Source) -> str:
    if source.snapshot_id:
        return (
            f"Volume size '{size_gib}'GB cannot be smaller than the snapshot size "
            f"{source.size_gib}GB. They must be >= original snapshot size."
        )
    if source.volume_id:
        return (
            f"Volume size '{size_gib}'GB cannot be smaller than original volume size "
            f"{source.size_gib}GB. They must be >= original volume size."
        )
    return f"Size of specified image {source.size_gib}GB is larger than volume size {size_gib}GB."


def _volume(
    new_id: ids.VolumeId,
    ctx: context.RequestContext,
    request: CreateVolume,
    *,
    place: types.Place,
    volume_type: str,
    source: _Source,
    size_gib: int,
    hop_id: ids.HopId,
) -> Volume:
    now = clock.stamp()
    return Volume(
        id=new_id,
        project_id=ctx.project_id,
        user_id=ctx.user_id,
        name=request.name,
        description=request.description,
        size_gib=size_gib,
        volume_type=volume_type,
        zone=place.zone,
        host=place.host,
        status=VolumeStatus.CREATING,
        attach_status=AttachStatus.DETACHED,
        is_bootable=int(source.is_bootable),
        image_id=source.image_id,
        snapshot_id=source.snapshot_id,
        source_volume_id=source.volume_id,
        attachment_id=None,
        instance_id=None,
        device=None,
        boot_index=None,
        is_deleted_with_instance=0,
        target=None,
        attached_at=None,
        reason="",
        created_at=now,
        updated_at=now,
        deleted_at=None,
        request_id=ctx.request_id,
        hop_id=hop_id,
        claim_owner=None,
        claim_expires_at=None,
        attempts=0,
    )
