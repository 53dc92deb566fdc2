"""Instances as EC2 shows them: one, its reservation, its status, a change of its state.

Pure: what stands beside an instance's row was read, and ids were named, by who calls.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from appliance.model.instance import Instance
from services.api.ec2 import image_views, instance_states, names, tags, volume_views
from services.api.ec2.instance_states import InstanceState
from services.compute.api.instances import Details

Json = dict[str, Any]

# of AWS's own codes: why an instance is as it is
_FAILED: Final = "Server.InternalError"
_BY_USER: Final = "Client.UserInitiatedShutdown"
_USERS_REASON: Final = f"{_BY_USER}: User initiated shutdown"


def reservations(instances: Iterable[Json]) -> list[Json]:
    """The instances in their reservations, in the order given."""
    by_id: dict[str, list[Json]] = {}
    for one in instances:
        by_id.setdefault(one["ReservationId"], []).append(one)
    return [reservation(found) for found in by_id.values()]


def reservation(instances: Sequence[Json]) -> Json:
    """Instances that one request made."""
    first = instances[0]
    return {
        "ReservationId": first["ReservationId"],
        "OwnerId": first["OwnerId"],
        "Groups": first["SecurityGroups"],
        "Instances": [
            {key: value for key, value in one.items() if key not in ("ReservationId", "OwnerId")}
            for one in instances
        ],
    }


def instance(
    row: Instance,
    details: Details,
    *,
    name: names.Name,
    pairs: Mapping[str, str],
) -> Json:
    """One instance with all its details, and whose reservation it is in."""
    state = instance_states.of(row)
    address = _address(details)
    boots_from_volume = any(volume.boot_index == 0 for volume in details.volumes)
    return {
        "ReservationId": row.reservation_id,
        "OwnerId": row.project_id,
        "InstanceId": name("i", row.id),
        "ImageId": name("ami", row.image_id) if row.image_id else None,
        "State": _state(state),
        "PrivateDnsName": row.hostname,
        "PublicDnsName": address,
        "StateTransitionReason": _transition(row, details, state),
        "KeyName": row.key_name,
        "AmiLaunchIndex": row.launch_index,
        "ProductCodes": [],
        "InstanceType": row.flavor_name,
        "LaunchTime": row.created_at,
        "Placement": {"AvailabilityZone": details.zone, "GroupName": "", "Tenancy": "default"},
        "KernelId": name("aki", row.kernel_id) if row.kernel_id else None,
        "RamdiskId": name("ari", row.ramdisk_id) if row.ramdisk_id else None,
        "Monitoring": {"State": "disabled"},
        "PrivateIpAddress": address or None,
        "PublicIpAddress": address or None,
        "SecurityGroups": [
            {"GroupId": name("sg", group.id), "GroupName": group.name} for group in details.groups
        ],
        "StateReason": _reason(row, details, state),
        "Architecture": image_views.ARCHITECTURE,
        "RootDeviceType": "ebs" if boots_from_volume else "instance-store",
        "RootDeviceName": image_views.ROOT_DEVICE,
        "BlockDeviceMappings": [
            volume_views.mapping(volume, name=name)
            for volume in details.volumes
            if volume.attachment_id
        ],
        "VirtualizationType": "hvm",
        "Tags": tags.view(pairs),
        "EbsOptimized": False,
        "NetworkInterfaces": [],
    }


def status(row: Instance, *, name: names.Name, zone: str) -> Json:
    """Whether it is well: what a host has seen to run is, as far as a host can see."""
    state = instance_states.of(row)
    word = {
        instance_states.RUNNING: "ok",
        instance_states.PENDING: "initializing",
    }.get(state, "not-applicable")
    summary: Json = {"Status": word, "Details": []}
    if word != "not-applicable":
        passed = "passed" if word == "ok" else "initializing"
        summary["Details"] = [{"Name": "reachability", "Status": passed}]
    return {
        "InstanceId": name("i", row.id),
        "AvailabilityZone": zone,
        "InstanceState": _state(state),
        "SystemStatus": summary,
        "InstanceStatus": summary,
    }


def change(before: Instance, after: Instance, *, name: names.Name) -> Json:
    """What starting, stopping and terminating answer."""
    return {
        "InstanceId": name("i", before.id),
        "CurrentState": _state(instance_states.of(after)),
        "PreviousState": _state(instance_states.of(before)),
    }


def _state(state: InstanceState) -> Json:
    return {"Code": state.code, "Name": state.name}


def _address(details: Details) -> str:
    """The first fixed address, which is also what this machine's users reach it by."""
    return next((fixed.ip for port in details.ports for fixed in port.fixed_ips), "")


def _transition(row: Instance, details: Details, state: InstanceState) -> str:
    if details.fault and row.vm_state == "error":
        return f"{_FAILED}: {details.fault.message}"
    return _USERS_REASON if _is_ending(state) else ""


def _reason(row: Instance, details: Details, state: InstanceState) -> Json | None:
    if details.fault and row.vm_state == "error":
        return {"Code": _FAILED, "Message": details.fault.message}
    return {"Code": _BY_USER, "Message": _USERS_REASON} if _is_ending(state) else None


def _is_ending(state: InstanceState) -> bool:
    return state in (instance_states.SHUTTING_DOWN, instance_states.TERMINATED)
