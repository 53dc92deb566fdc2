"""The disks of a create request: block_device_mapping and _v2 (Nova, nova/block_device.py)."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct, field

from appliance import errors
from services.compute.api.run_request import BlockDevice
from services.http import values


class Mapping(Struct, forbid_unknown_fields=True):
    """A disk asked for. The last three are the hypervisor's to choose: they are not read."""

    source_type: Literal["image", "volume", "snapshot", "blank"]
    destination_type: Literal["local", "volume"] | None = None
    uuid: str | None = None
    boot_index: int | str | None = None
    size: int | str | None = field(name="volume_size", default=None)
    volume_type: str | None = None
    device: str | None = field(name="device_name", default=None)
    is_deleted_with_instance: bool | str | None = field(name="delete_on_termination", default=None)
    guest_format: str | None = None
    disk_bus: str | None = None
    device_type: str | None = None


class OldMapping(Struct, forbid_unknown_fields=True):
    """A disk as clients asked for it before: which field is there says what it is."""

    volume_id: str | None = None
    snapshot_id: str | None = None
    size: int | str | None = field(name="volume_size", default=None)
    device: str | None = field(name="device_name", default=None)
    is_deleted_with_instance: bool | str | None = field(name="delete_on_termination", default=None)


def renewed(old: OldMapping, *, is_root: bool) -> Mapping:
    """An old mapping in the new form; the first was booted from when there was no image."""
    return Mapping(
        source_type="snapshot" if old.snapshot_id else "volume",
        destination_type="volume",
        uuid=old.snapshot_id or old.volume_id,
        boot_index=0 if is_root else -1,
        size=old.size,
        device=old.device,
        is_deleted_with_instance=old.is_deleted_with_instance,
    )


def read(mappings: Sequence[Mapping], image_id: str) -> tuple[str | None, tuple[BlockDevice, ...]]:
    """The image to boot from, None when it is a volume's to be; and the volumes.

    The image itself as a local disk is what clients send beside `imageRef`, or instead of it.
    Raises BadRequest.
    """
    local = {_local_image_id(one, image_id) for one in mappings if _is_local_image(one)}
    images = (local | {image_id}) - {""}
    if len(images) > 1:
        raise _invalid("Mapping image to local is not supported.")
    volumes = tuple(_volume(one) for one in mappings if not _is_local_image(one))
    return (images.pop() if images else None), volumes


def _is_local_image(mapping: Mapping) -> bool:
    return mapping.source_type == "image" and mapping.destination_type != "volume"


def _local_image_id(mapping: Mapping, image_id: str) -> str:
    if _boot_index(mapping) != 0:
        raise _invalid("Mapping image to local is not supported.")
    return mapping.uuid or image_id


def _volume(mapping: Mapping) -> BlockDevice:
    source = mapping.source_type
    if mapping.destination_type == "local" or (source == "blank" and not mapping.destination_type):
        raise _invalid("swap and ephemeral disks are not supported: ask for a volume.")
    if source == "blank" and mapping.uuid:
        raise _invalid("Invalid device UUID.")
    if source != "blank" and not mapping.uuid:
        raise _invalid("Missing device UUID.")
    if source == "volume" and mapping.volume_type:
        raise _invalid("Specifying volume type to existing volume is not supported.")
    return BlockDevice(
        source=source,
        source_id=mapping.uuid,
        size_gib=values.number("volume_size", mapping.size or 0) or None,
        volume_type=mapping.volume_type or None,
        device=mapping.device or None,
        boot_index=_boot_index(mapping),
        is_deleted_with_instance=values.flag(
            "delete_on_termination", mapping.is_deleted_with_instance or False
        ),
    )


def _boot_index(mapping: Mapping) -> int | None:
    """Its place in the order of booting; a negative number or none: not to boot from."""
    if mapping.boot_index is None or str(mapping.boot_index).startswith("-"):
        return None
    return values.number("boot_index", mapping.boot_index)


def _invalid(why: str) -> errors.BadRequest:
    return errors.BadRequest(f"Block Device Mapping is Invalid: {why}")
