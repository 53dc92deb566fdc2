"""A launch, from what was asked to rows: what it names is found and checked, then written at once.

Knows no queue, no scheduler and no hypervisor: the rows say what is to be done.
"""

import base64
import binascii
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from appliance.model.image import Image

from appliance import clock, context, errors, ids, quota, trace
from appliance.db import (
    connection,
    flavors,
    hosts,
    images,
    instances,
    key_pairs,
    networks,
    ports,
    security_groups,
)
from appliance.model import security_group, states
from appliance.model.flavor import Flavor
from appliance.model.instance import Instance
from appliance.model.key_pair import KeyPair

USER_DATA_CHARS_MAX: Final = 65_535  # of base64, as Nova's schema has it
COUNT_MAX: Final = 1000  # of one request: more is a script gone wild
_GIB: Final = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """What somebody asks to run. `flavor` is an id or a name; groups likewise."""

    name: str
    image_id: str
    flavor: str
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
class _Parts:
    """What a request names, found and fit to be used together."""

    image: Image
    kernel_id: ids.ImageId | None
    ramdisk_id: ids.ImageId | None
    flavor: Flavor
    key_pair: KeyPair | None
    network_ids: tuple[str, ...]
    group_ids: tuple[str, ...]


def write(
    tx: connection.Transaction, ctx: context.RequestContext, request: RunRequest
) -> list[Instance]:
    """Check the request and the quota, and write instances with their ports.

    Raises BadRequest for anything named that is not there or does not fit, Conflict when it is
    ambiguous, OverQuota. The messages are Nova's.
    """
    _check_values(request)
    parts = _find_parts(tx, ctx, request)
    _check_zone(tx, request.zone)
    count = quota.fit(
        tx,
        ctx.project_id,
        each={"instances": 1, "cores": parts.flavor.vcpus, "ram": parts.flavor.memory_mib},
        used=instances.usage(tx, ctx.project_id),
        least=request.count_min,
        most=request.count_max,
    )
    check_metadata(tx, ctx.project_id, request.metadata)
    reservation_id = f"r-{ids.new_hex()[:8]}"
    return [
        _write_one(tx, ctx, request, parts=parts, reservation_id=reservation_id, index=index)
        for index in range(count)
    ]


def check_metadata(
    tx: connection.Transaction, project_id: str, metadata: Mapping[str, str]
) -> None:
    """Raise OverQuota for more pairs than one server may have."""
    allowed = quota.limits(tx, project_id)["metadata_items"]
    if allowed != quota.UNLIMITED and len(metadata) > allowed:
        raise errors.OverQuota(f"Maximum number of metadata items exceeds {allowed}")


def _check_values(request: RunRequest) -> None:
    if not 1 <= request.count_min <= request.count_max:
        raise errors.BadRequest("min_count must be <= max_count")
    if request.count_max > COUNT_MAX:
        raise errors.BadRequest(f"max_count must be <= {COUNT_MAX}")
    if request.user_data is None:
        return
    if len(request.user_data) > USER_DATA_CHARS_MAX:
        raise errors.BadRequest(f"User data too large. Max {USER_DATA_CHARS_MAX} characters.")
    try:
        base64.b64decode("".join(request.user_data.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise errors.BadRequest("User data needs to be valid base 64.") from error


def _find_parts(
    tx: connection.Transaction, ctx: context.RequestContext, request: RunRequest
) -> _Parts:
    with _named_in_body("Can not find requested image"):
        image = _active(images.get_visible(tx, request.image_id, ctx))
    with _named_in_body():
        flavor = flavors.get_named(tx, request.flavor)
        kernel_id = _boot_image_id(tx, ctx, image, "kernel_id")
        ramdisk_id = _boot_image_id(tx, ctx, image, "ramdisk_id")
        network_ids = _network_ids(tx, ctx, request.networks)
    _check_size(image, flavor)
    return _Parts(
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


def _boot_image_id(
    tx: connection.Transaction, ctx: context.RequestContext, image: Image, name: str
) -> ids.ImageId | None:
    image_id = image.properties.get(name)
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


def _write_one(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    request: RunRequest,
    *,
    parts: _Parts,
    reservation_id: str,
    index: int,
) -> Instance:
    new_id = ids.InstanceId(ids.new_uuid())
    with trace.hop(
        "state", "created", target="database", instance=new_id, after="building/scheduling"
    ) as span:
        instance = _instance(
            new_id, ctx, request, parts=parts, reservation_id=reservation_id, index=index,
            hop_id=span.id,
        )  # fmt: skip
        instances.create(tx, instance)
        instances.set_metadata(tx, new_id, dict(request.metadata))
        for network_id in parts.network_ids:
            ports.create(
                tx,
                network_id=network_id,
                project_id=ctx.project_id,
                instance_id=new_id,
                security_group_ids=parts.group_ids,
            )
    return instance


def _instance(
    new_id: ids.InstanceId,
    ctx: context.RequestContext,
    request: RunRequest,
    *,
    parts: _Parts,
    reservation_id: str,
    index: int,
    hop_id: ids.HopId,
) -> Instance:
    now = clock.stamp()
    return Instance(
        id=new_id,
        name=request.name if request.count_max == 1 else f"{request.name}-{index + 1}",
        project_id=ctx.project_id,
        user_id=ctx.user_id,
        reservation_id=reservation_id,
        launch_index=index,
        image_id=parts.image.id,
        kernel_id=parts.kernel_id,
        ramdisk_id=parts.ramdisk_id,
        flavor_id=parts.flavor.id,
        flavor_name=parts.flavor.name,
        vcpus=parts.flavor.vcpus,
        memory_mib=parts.flavor.memory_mib,
        disk_gib=parts.flavor.disk_gib,
        key_name=parts.key_pair.name if parts.key_pair else None,
        public_key=parts.key_pair.public_key if parts.key_pair else None,
        user_data=request.user_data,
        has_config_drive=int(request.has_config_drive),
        zone=request.zone,
        host=None,
        vm_state=states.VmState.BUILDING,
        task_state=states.TaskState.SCHEDULING,
        power_state=states.NOSTATE,
        created_at=now,
        updated_at=now,
        launched_at=None,
        deleted_at=None,
        request_id=ctx.request_id,
        hop_id=hop_id,
        claim_owner=None,
        claim_expires_at=None,
        attempts=0,
    )
