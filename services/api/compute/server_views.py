"""Servers as the Compute API shows them (Nova, api/openstack/compute/views/servers.py)."""

import hashlib
from collections.abc import Sequence
from typing import Any

from appliance import ids
from appliance.model import states
from appliance.model.instance import Fault, Instance
from appliance.model.volume import Volume
from services.api.compute import microversions
from services.compute.api.instances import Details

Json = dict[str, Any]

_IN_MOTION = frozenset({"ACTIVE", "BUILD", "REBOOT", "HARD_REBOOT"})


def links(origin: str, kind: str, key: str) -> list[Json]:
    """Where a resource is: with the API's version, and without it for bookmarks."""
    return [
        {"rel": "self", "href": f"{origin}/compute/v2.1/{kind}/{key}"},
        {"rel": "bookmark", "href": f"{origin}/compute/{kind}/{key}"},
    ]


def brief(instance: Instance, origin: str) -> Json:
    """A server in a list without details."""
    return {
        "id": instance.id,
        "name": instance.name,
        "links": links(origin, "servers", instance.id),
    }


def full(
    instance: Instance,
    details: Details,
    origin: str,
    *,
    volumes: Sequence[Volume],
    is_admin: bool,
    version: microversions.Version,
) -> Json:
    """A server with all its details; the host is for administrators."""
    status = states.status(instance.vm_state, instance.task_state)
    view = brief(instance, origin) | {
        "status": status,
        "tenant_id": instance.project_id,
        "user_id": instance.user_id,
        "hostId": _host_id(instance),
        "image": _image(instance, origin, volumes),
        "flavor": _bookmarked(origin, "flavors", instance.flavor_id),
        "key_name": instance.key_name,
        "metadata": dict(details.metadata),
        "addresses": addresses(details),
        "accessIPv4": "",
        "accessIPv6": "",
        "created": _seconds(instance.created_at),
        "updated": _seconds(instance.updated_at),
        "config_drive": "True" if instance.has_config_drive else "",
        "OS-DCF:diskConfig": "MANUAL",
        "OS-EXT-AZ:availability_zone": details.zone,
        "OS-EXT-STS:power_state": instance.power_state,
        "OS-EXT-STS:task_state": instance.task_state,
        "OS-EXT-STS:vm_state": instance.vm_state,
        "OS-SRV-USG:launched_at": _naive(instance.launched_at),
        "OS-SRV-USG:terminated_at": _naive(instance.deleted_at),
        "os-extended-volumes:volumes_attached": [_attached(one, version) for one in volumes],
    }
    if details.groups:
        view["security_groups"] = [{"name": group.name} for group in details.groups]
    if status in _IN_MOTION:
        view["progress"] = 100 if status == "ACTIVE" else 0
    if status == "ERROR" and details.fault:
        view["fault"] = _fault(details.fault, is_admin=is_admin)
    if is_admin:
        view |= _for_admins(instance, version)
    return view


def addresses(details: Details) -> dict[str, list[Json]]:
    """Addresses by the name of their network."""
    found: dict[str, list[Json]] = {}
    for port in details.ports:
        name = details.network_name_by_id[port.network_id]
        for fixed in port.fixed_ips:
            entry = {
                "version": 4,
                "addr": fixed.ip,
                "OS-EXT-IPS:type": "fixed",
                "OS-EXT-IPS-MAC:mac_addr": port.mac,
            }
            found.setdefault(name, []).append(entry)
    return found


def interfaces(details: Details) -> list[Json]:
    """The server's ports, as os-interface shows them."""
    return [
        {
            "port_id": port.id,
            "net_id": port.network_id,
            "mac_addr": port.mac,
            "port_state": port.status,
            "fixed_ips": [
                {"subnet_id": fixed.subnet_id, "ip_address": fixed.ip} for fixed in port.fixed_ips
            ],
        }
        for port in details.ports
    ]


def _image(instance: Instance, origin: str, volumes: Sequence[Volume]) -> Json | str:
    """The image that it boots from; nothing when that is a volume."""
    if instance.image_id is None or any(volume.boot_index == 0 for volume in volumes):
        return ""
    return _bookmarked(origin, "images", instance.image_id)


def _attached(volume: Volume, version: microversions.Version) -> Json:
    view: Json = {"id": volume.id}
    if version >= (2, 3):
        view["delete_on_termination"] = bool(volume.is_deleted_with_instance)
    return view


def _bookmarked(origin: str, kind: str, key: str) -> Json:
    return {"id": key, "links": links(origin, kind, key)[1:]}


def _host_id(instance: Instance) -> str:
    """The same for all of a project's servers on one host, and for nobody else's."""
    if not instance.host:
        return ""
    return hashlib.sha224((instance.project_id + instance.host).encode()).hexdigest()


def _fault(fault: Fault, *, is_admin: bool) -> Json:
    view: Json = {
        "code": fault.code,
        "message": fault.message,
        "created": _seconds(fault.created_at),
    }
    return view | ({"details": fault.details} if is_admin or fault.code != 500 else {})


def _for_admins(instance: Instance, version: microversions.Version) -> Json:
    prefix = "OS-EXT-SRV-ATTR"
    view: Json = {
        f"{prefix}:host": instance.host,
        f"{prefix}:hypervisor_hostname": instance.host,
        f"{prefix}:instance_name": f"{ids.PREFIX}-{instance.id}",
    }
    if version >= (2, 3):
        view |= {
            f"{prefix}:hostname": instance.hostname,
            f"{prefix}:kernel_id": instance.kernel_id or "",
            f"{prefix}:launch_index": instance.launch_index,
            f"{prefix}:ramdisk_id": instance.ramdisk_id or "",
            f"{prefix}:reservation_id": instance.reservation_id,
            f"{prefix}:root_device_name": "/dev/vda",
            f"{prefix}:user_data": instance.user_data,
        }
    return view


def _seconds(stamp: str) -> str:
    """`2010-10-21T16:42:07Z`."""
    return stamp[:19] + "Z"


def _naive(stamp: str | None) -> str | None:
    """`2010-10-21T16:42:07.123456`, as Nova shows these two."""
    return stamp.removesuffix("Z") if stamp else None
