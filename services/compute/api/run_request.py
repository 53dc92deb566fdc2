"""What somebody asks to run, and all that it names: found, and fit to be used together.

The messages of what is refused are Nova's.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from appliance import context, errors, ids
from appliance.db import connection, flavors, hosts, images, key_pairs, networks, security_groups
from appliance.model import security_group
from appliance.model.flavor import Flavor
from appliance.model.image import Image
from appliance.model.key_pair import KeyPair

_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockDevice:
    """A volume that a new instance is to have (Nova's block_device_mapping_v2).

    `source` says what `source_id` is; of anything but a volume one is made first. `size_gib` None:
    the source's size. `boot_index` 0: the instance boots from it.
    """

    source: Literal["volume", "snapshot", "image", "blank"]
    source_id: str | None = None
    size_gib: int | None = None
    volume_type: str | None = None
    device: str | None = None
    boot_index: int | None = None
    is_deleted_with_instance: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What somebody asks to run. `flavor` is an id or a name; groups likewise.

    `image_id` None: it boots from one of `block_devices`. `kernel_id` and `ramdisk_id` take the
    place of those that the image names. The same `client_token` asks for the same instances.
    """

    name: str
    image_id: str | None
    flavor: str
    kernel_id: str | None = None
    ramdisk_id: str | None = None
    block_devices: tuple[BlockDevice, ...] = ()
    client_token: str | None = None
    key_name: str | None = None
    networks: tuple[str, ...] | Literal["auto", "none"] = "auto"
    security_groups: tuple[str, ...] = ()  # none: the project's default group
    user_data: str | None = None  # base64
    metadata: Mapping[str, str] = field(default_factory=dict)
    zone: str = ""
    count_min: int = 1
    count_max: int = 1
    has_config_drive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a request names, found and fit to be used together."""

    image: Image | None  # None: it boots from a volume
    kernel_id: ids.ImageId | None
    ramdisk_id: ids.ImageId | None
    flavor: Flavor
    key_pair: KeyPair | None
    network_ids: tuple[str, ...]
    group_ids: tuple[str, ...]


def find(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    request: RunRequest,
    *,
    root_image: Image | None,
) -> Parts:
    """All that the request names but its block devices; `root_image` is what those boot, if known.

    Raises BadRequest for what is missing or does not fit, Conflict for what is ambiguous.
    """
    image = _image(tx, ctx, request.image_id)
    boots = image or root_image
    named = boots.properties if boots else {}
    with _named_in_body():
        flavor = flavors.get_named(tx, request.flavor)
        kernel_id = _boot_image_id(tx, ctx, request.kernel_id or named.get("kernel_id"))
        ramdisk_id = _boot_image_id(tx, ctx, request.ramdisk_id or named.get("ramdisk_id"))
        network_ids = _network_ids(tx, ctx, request.networks)
    if image:
        _check_size(image, flavor)
    _check_zone(tx, request.zone)
    return Parts(
        image=image,
        kernel_id=kernel_id,
        ramdisk_id=ramdisk_id,
        flavor=flavor,
        key_pair=_key_pair(tx, ctx, request.key_name),
        network_ids=network_ids,
        group_ids=_group_ids(tx, ctx, request.security_groups) if network_ids else (),
    )


@contextlib.contextmanager
def _named_in_body(message: str = "") -> Iterator[None]:
    """What a body names and is not there makes the request bad; the URL itself was found."""
    try:
        yield
    except errors.NotFound as error:
        raise errors.BadRequest(message or str(error)) from error


def _active(image: Image) -> Image:
    if image.status != "active":
        raise errors.BadRequest(f"Image {image.id} is not active.")
    return image


def _image(
    tx: connection.Transaction, ctx: context.RequestContext, image_id: str | None
) -> Image | None:
    if image_id is None:
        return None
    with _named_in_body("Can not find requested image"):
        return _active(images.get_visible(tx, image_id, ctx))


def _boot_image_id(
    tx: connection.Transaction, ctx: context.RequestContext, image_id: str | None
) -> ids.ImageId | None:
    return _active(images.get_visible(tx, image_id, ctx)).id if image_id else None


def _check_size(image: Image, flavor: Flavor) -> None:
    if image.min_memory_mib > flavor.memory_mib:
        raise errors.BadRequest("Flavor's memory is too small for requested image.")
    if flavor.disk_gib == 0:  # the disk is as large as the image
        return
    flavor_bytes = flavor.disk_gib * _GIB
    image_bytes = image.virtual_size_bytes or image.size_bytes or 0
    if image_bytes > flavor_bytes:
        raise errors.BadRequest(
            f"Flavor's disk is too small for requested image. Flavor disk is {flavor_bytes} bytes, "
            f"image is {image_bytes} bytes."
        )
    if image.min_disk_gib > flavor.disk_gib:
        raise errors.BadRequest(
            f"Flavor's disk is smaller than the minimum size specified in image metadata. Flavor "
            f"disk is {flavor_bytes} bytes, minimum size is {image.min_disk_gib * _GIB} bytes."
        )


def _key_pair(
    tx: connection.Transaction, ctx: context.RequestContext, name: str | None
) -> KeyPair | None:
    with _named_in_body("Invalid key_name provided."):
        return key_pairs.get(tx, ctx.user_id, name) if name is not None else None


def _network_ids(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    asked: tuple[str, ...] | Literal["auto", "none"],
) -> tuple[str, ...]:
    """Networks to have a port on: those named, or the one that is the project's to use."""
    if asked == "none":
        return ()
    if asked != "auto":
        return tuple(networks.get_visible(tx, network_id, ctx).id for network_id in asked)
    usable = [
        network
        for network in networks.visible(tx, ctx)
        if network.is_shared or network.project_id == ctx.project_id
    ]
    if len(usable) > 1:
        raise errors.Conflict(
            "Multiple possible networks found, use a Network ID to be more specific."
        )
    return tuple(network.id for network in usable)


def _group_ids(
    tx: connection.Transaction, ctx: context.RequestContext, asked: tuple[str, ...]
) -> tuple[str, ...]:
    names = asked or (security_group.DEFAULT,)
    return tuple(_group_id(tx, ctx.project_id, name) for name in names)


def _group_id(tx: connection.Transaction, project_id: str, name: str) -> str:
    default = security_groups.default_of(tx, project_id)
    if name == security_group.DEFAULT:
        return default.id
    own = security_groups.of_project(tx, project_id)
    found = [group.id for group in own if group.id == name] or [
        group.id for group in own if group.name == name
    ]
    if not found:
        raise errors.BadRequest(f"Security group {name} not found for project {project_id}.")
    if len(found) > 1:
        raise errors.Conflict(
            f"Multiple security groups found matching '{name}'. Use an ID to be more specific."
        )
    return found[0]


def _check_zone(tx: connection.Transaction, zone: str) -> None:
    if zone and zone not in {host.zone for host in hosts.all_hosts(tx)}:
        raise errors.BadRequest("The requested availability zone is not available")
