"""Who a guest is, for the metadata service: the instance whose port has the asking address."""

import base64
import binascii

from appliance.db import connection, ec2_ids, instances, ports, security_groups
from appliance.model.instance import Instance
from appliance.model.network import Port
from services.network.metadata import InstanceMetadata


def find(db: connection.Reader, network_id: str, ip: str, *, zone: str) -> InstanceMetadata | None:
    """What the guest at this address may know of itself; None for a stranger.

    `zone` is this host's availability zone.
    """
    port = ports.find_at(db, network_id, ip)
    if port is None or port.instance_id is None:
        return None
    return _about(db, instances.get(db, port.instance_id), port, ip=ip, zone=zone)


def _about(
    db: connection.Reader, instance: Instance, port: Port, *, ip: str, zone: str
) -> InstanceMetadata:
    groups = [security_groups.get(db, group_id).name for group_id in port.security_group_ids]
    return InstanceMetadata(
        instance_id=instance.id,
        ec2_id=ec2_ids.of(db, "i", instance.id),
        name=instance.name,
        hostname=instance.hostname,
        project_id=instance.project_id,
        local_ipv4=ip,
        mac=port.mac,
        ami_id=_image(db, "ami", instance.image_id),
        kernel_id=_image(db, "aki", instance.kernel_id),
        ramdisk_id=_image(db, "ari", instance.ramdisk_id),
        instance_type=instance.flavor_name,
        availability_zone=zone,
        reservation_id=instance.reservation_id,
        launch_index=instance.launch_index,
        security_groups=tuple(groups),
        public_keys={instance.key_name: instance.public_key}
        if instance.key_name and instance.public_key
        else {},
        meta=instances.metadata(db, instance.id),
        user_data=_decoded(instance.user_data),
    )


def _image(db: connection.Reader, prefix: str, image_id: str | None) -> str:
    return ec2_ids.of(db, prefix, image_id) if image_id else ""


def _decoded(user_data: str | None) -> bytes | None:
    """User data is kept as both APIs send it, in base64; what is not is given as it is."""
    if user_data is None:
        return None
    try:
        return base64.b64decode(user_data, validate=True)
    except binascii.Error:
        return user_data.encode()
