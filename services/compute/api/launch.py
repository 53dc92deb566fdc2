"""A launch, from what was asked to rows: checked, then written at once.

Knows no queue, no scheduler and no hypervisor: the rows say what is to be done.
"""

import base64
import binascii
import dataclasses
from collections.abc import Mapping
from typing import Final

from appliance import clock, context, errors, ids, quota, trace
from appliance.db import client_tokens, connection, instances, ports, volumes
from appliance.model import states
from appliance.model.instance import Instance
from services.compute.api import block_devices, run_request
from services.compute.api.block_devices import NewVolume
from services.compute.api.run_request import Parts, RunRequest

USER_DATA_CHARS_MAX: Final = 65_535  # of base64, as Nova's schema has it
COUNT_MAX: Final = 1000  # of one request: more is a script gone wild


def write(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    request: RunRequest,
    *,
    new_volume: NewVolume,
) -> list[Instance]:
    """Check the request and the quota, and write instances with their ports and volumes.

    A request with a client token that was used before makes nothing, and answers what it made
    then. Raises BadRequest for anything named that is not there or does not fit, Conflict when it
    is ambiguous, OverQuota, IdempotentMismatch. The messages are Nova's.
    """
    _check_values(request)
    reservation_id, token = f"r-{ids.new_hex()[:8]}", request.client_token
    if token is not None:
        asked = dataclasses.asdict(request)
        before = client_tokens.made_before(tx, ctx.project_id, token, asked=asked)
        if before is not None:
            return instances.of_reservation(tx, ctx.project_id, before)
        client_tokens.create(tx, ctx.project_id, token, asked=asked, made_id=reservation_id)
    found = block_devices.find(tx, ctx, request)
    parts = run_request.find(tx, ctx, request, root_image=found.root_image)
    each = {"instances": 1, "cores": parts.flavor.vcpus, "ram": parts.flavor.memory_mib}
    count = quota.fit(
        tx,
        ctx.project_id,
        each=each | found.each,
        used=instances.usage(tx, ctx.project_id) | volumes.usage(tx, ctx.project_id),
        least=request.count_min,
        most=request.count_max,
    )
    check_metadata(tx, ctx.project_id, request.metadata)
    made = [
        _write_one(tx, ctx, request, parts=parts, reservation_id=reservation_id, index=index)
        for index in range(count)
    ]
    for instance in made:
        block_devices.write(tx, ctx, instance.id, found=found, new_volume=new_volume)
    return made


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


def _write_one(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    request: RunRequest,
    *,
    parts: Parts,
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
    parts: Parts,
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
        image_id=parts.image.id if parts.image else None,
        kernel_id=parts.kernel_id,
        ramdisk_id=parts.ramdisk_id,
        flavor_id=parts.flavor.id,
        flavor_name=parts.flavor.name,
        vcpus=parts.flavor.vcpus,
        memory_mib=parts.flavor.memory_mib,
        disk_gib=parts.flavor.disk_gib if parts.image else 0,  # the volume is its disk
        key_name=parts.key_pair.name if parts.key_pair else None,
        public_key=parts.key_pair.public_key if parts.key_pair else None,
        user_data=request.user_data,
        has_config_drive=int(request.has_config_drive),
        zone=request.zone,
        host=None,
        vm_state=states.VmState.BUILDING,
        task_state=states.TaskState.SCHEDULING,
        power_state=states.PowerState.NOSTATE,
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
