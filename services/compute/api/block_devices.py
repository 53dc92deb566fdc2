"""Volumes that new instances are to have: found and checked, then rows that wait for them.

The messages are Nova's; those of what makes a volume are its own.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from appliance import context, errors, ids
from appliance.db import connection, images, snapshots, volumes
from appliance.model.image import Image
from appliance.model.volume import Volume
from appliance.model.volume_states import VolumeEvent
from services.compute import devices
from services.compute.api import volumes as attachments
from services.compute.api.run_request import BlockDevice, RunRequest

_GIB: Final = 1 << 30
_INVALID: Final = "Block Device Mapping is Invalid"


class NewVolume(Protocol):
    """Checks what makes a volume, the quota too, and writes its row; by whom volumes are kept."""

    def __call__(
        self, tx: connection.Transaction, ctx: context.RequestContext, device: BlockDevice
    ) -> Volume:
        """The new volume, `creating`; of a blank device an empty one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All block devices, each with its path and, if a volume is to be made, its size.

    `root_image` is what was copied to the volume that the instance boots from, if known.
    """

    devices: tuple[BlockDevice, ...] = ()
    root_image: Image | None = None

    @property
    def each(self) -> dict[str, int]:
        """What an instance takes of the project's quota."""
        made = [device.size_gib or 0 for device in self.devices if device.source != "volume"]
        return {"volumes": len(made), "gigabytes": sum(made)} if made else {}


def find(tx: connection.Transaction, ctx: context.RequestContext, request: RunRequest) -> Found:
    """All that the request's block devices name.

    Raises BadRequest for what is missing or does not fit, InUse for a device asked for twice.
    """
    _check_boot(request)
    if any(one.source == "volume" for one in request.block_devices) and request.count_max > 1:
        raise errors.BadRequest("Cannot attach one or more volumes to multiple instances")
    found = [_source(tx, ctx, one) for one in request.block_devices]
    root_image = next((image for one, image in found if one.boot_index == 0), None)
    return Found(devices=_placed([one for one, _ in found]), root_image=root_image)


def write(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    instance_id: ids.InstanceId,
    *,
    found: Found,
    new_volume: NewVolume,
) -> None:
    """Reserve the volumes that are there for the instance, and write those that are to be made."""
    for device in found.devices:
        attachment: dict[str, object] = {
            "attachment_id": ids.new_uuid(), "instance_id": instance_id, "device": device.device,
            "boot_index": device.boot_index, "reason": "",
            "is_deleted_with_instance": int(device.is_deleted_with_instance),
        }  # fmt: skip
        if device.source == "volume":
            volume = _volume(tx, ctx, device)
            attachments.check_available(volume)
            volumes.advance(tx, volume, VolumeEvent.RESERVE, **attachment)
        else:
            with _bad_if_missing():
                volume = new_volume(tx, ctx, device)
            volumes.update(tx, volume.id, **attachment)


def _check_boot(request: RunRequest) -> None:
    """Without an image exactly one volume is booted from; with one, none."""
    if request.image_id is None and not request.block_devices:
        raise errors.BadRequest("Invalid imageRef provided.")
    boot = [one for one in request.block_devices if one.boot_index == 0]
    if len(boot) != (0 if request.image_id else 1) or any(one.source == "blank" for one in boot):
        raise errors.BadRequest(
            f"{_INVALID}: Boot sequence for the instance and image/block device mapping "
            "combination is not valid."
        )


def _placed(wanted: Sequence[BlockDevice]) -> tuple[BlockDevice, ...]:
    """The devices with a path each; the one booted from is first, then who asked for a path."""
    taken = [devices.ROOT]
    placed = []
    for one in sorted(wanted, key=lambda one: (one.boot_index != 0, one.device is None)):
        if one.boot_index == 0:
            path = devices.ROOT
        else:
            path = devices.choose(one.device, taken)
            taken.append(path)
        placed.append(replace(one, device=path))
    return tuple(placed)


def _source(
    tx: connection.Transaction, ctx: context.RequestContext, device: BlockDevice
) -> tuple[BlockDevice, Image | None]:
    """The device with its size, and the image that its bytes come from in the end."""
    if device.source == "blank":
        if not device.size_gib:
            raise errors.BadRequest(
                f"{_INVALID}: Blank volumes (source: 'blank', dest: 'volume') need to have "
                "non-zero size"
            )
        return device, None
    if device.source == "image":
        image = _image(tx, ctx, device)
        return replace(device, size_gib=device.size_gib or _size_gib(image)), image
    if device.source == "snapshot":
        origin, size_gib = _snapshotted(tx, ctx, device)
    else:
        origin = _volume(tx, ctx, device)
        size_gib = origin.size_gib
        attachments.check_available(origin)
    if device.boot_index == 0 and not origin.is_bootable:
        raise errors.BadRequest(f"Block Device {device.source_id} is not bootable.")
    return replace(device, size_gib=device.size_gib or size_gib), _image_of(tx, origin)


def _image(tx: connection.Transaction, ctx: context.RequestContext, device: BlockDevice) -> Image:
    with _bad_if_missing(f"{_INVALID}: failed to get image {device.source_id}."):
        image = images.get_visible(tx, device.source_id or "", ctx)
    if image.status != "active":
        raise errors.BadRequest(f"Image {image.id} is not active.")
    return image


def _snapshotted(
    tx: connection.Transaction, ctx: context.RequestContext, device: BlockDevice
) -> tuple[Volume, int]:
    """The volume that was snapshotted, deleted or not, and the snapshot's size."""
    with _bad_if_missing(f"{_INVALID}: failed to get snapshot {device.source_id}."):
        snapshot = snapshots.get_visible(tx, device.source_id or "", ctx)
    return volumes.get(tx, snapshot.volume_id), snapshot.size_gib


def _volume(tx: connection.Transaction, ctx: context.RequestContext, device: BlockDevice) -> Volume:
    with _bad_if_missing(f"{_INVALID}: failed to get volume {device.source_id}."):
        return volumes.get_visible(tx, device.source_id or "", ctx)


def _image_of(tx: connection.Transaction, volume: Volume) -> Image | None:
    return images.get(tx, volume.image_id) if volume.image_id else None


def _size_gib(image: Image) -> int:
    size_bytes = image.virtual_size_bytes or image.size_bytes or 0
    return max(1, image.min_disk_gib, -(-size_bytes // _GIB))


@contextlib.contextmanager
def _bad_if_missing(message: str = "") -> Iterator[None]:
    try:
        yield
    except errors.NotFound as error:
        raise errors.BadRequest(message or str(error)) from error
