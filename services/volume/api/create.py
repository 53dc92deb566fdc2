"""A new volume, from what was asked to a row: checked, then written. The messages are Cinder's.

Knows no queue and no pool: the row says what is to be done.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from appliance import clock, context, errors, ids, quota, trace
from appliance.db import client_tokens, connection, volumes
from appliance.model.volume import Volume
from appliance.model.volume_states import AttachStatus, VolumeStatus
from services.volume.api import sources, types

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
    token, asked = request.client_token, dataclasses.asdict(request)
    if token is None:
        return write(tx, ctx, request, place=place)
    made_id = client_tokens.made_before(tx, ctx.project_id, token, asked=asked)
    if made_id is not None:
        return volumes.get(tx, made_id)
    made = write(tx, ctx, request, place=place)
    client_tokens.create(tx, ctx.project_id, token, asked=asked, made_id=made.id)
    return made


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
    source = sources.find(
        tx, ctx, snapshot_id=request.snapshot_id, volume_id=request.source_volume_id,
        image_id=request.image_id, volume_type=chosen,
    )  # fmt: skip
    size_gib = sources.size_gib(request.size_gib, source)
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


def _volume(
    new_id: ids.VolumeId,
    ctx: context.RequestContext,
    request: CreateVolume,
    *,
    place: types.Place,
    volume_type: str,
    source: sources.Source,
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
