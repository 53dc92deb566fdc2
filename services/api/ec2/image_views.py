"""Images as EC2 shows them. Pure, as `instance_views` is.

What EC2 says of an image and Glance has no column for stands in its properties, under the names
that Nova gave them: architecture, image_location, kernel_id, ramdisk_id, description.
"""

from collections.abc import Mapping
from typing import Any, Final

from appliance.model.image import Image, ImageStatus
from services.api.ec2 import names, tags

Json = dict[str, Any]

ROOT_DEVICE: Final = "/dev/vda"  # of every instance
ARCHITECTURE: Final = "x86_64"  # of every host, and of an image that says nothing else

_TYPE_BY_FORMAT: Final = {"aki": "kernel", "ari": "ramdisk"}
_STATE: Final = {
    ImageStatus.QUEUED: "pending",
    ImageStatus.SAVING: "pending",
    ImageStatus.IMPORTING: "pending",
    ImageStatus.ACTIVE: "available",
}
_FAILED: Final = "Client.ImageImport.Failed"


def ec2_id(row: Image, *, name: names.Name) -> str:
    """Its id, which says what kind of image it is: `aki-…`, `ari-…` or `ami-…`."""
    kind = row.container_format or ""
    return name(kind if kind in _TYPE_BY_FORMAT else "ami", row.id)


def image(row: Image, *, name: names.Name, pairs: Mapping[str, str]) -> Json:
    """One image."""
    properties = row.properties
    kind = _TYPE_BY_FORMAT.get(row.container_format or "", "machine")
    is_machine = kind == "machine"
    has_failed = row.status is ImageStatus.QUEUED and bool(row.reason)  # its import
    return {
        "ImageId": ec2_id(row, name=name),
        "ImageLocation": properties.get("image_location") or row.name,
        "State": "failed" if has_failed else _STATE.get(row.status, "deregistered"),
        "StateReason": {"Code": _FAILED, "Message": row.reason} if has_failed else None,
        "OwnerId": row.project_id,
        "Public": row.is_public,
        "ProductCodes": [],
        "Architecture": properties.get("architecture") or ARCHITECTURE,
        "ImageType": kind,
        "KernelId": kernel_id(row, name=name),
        "RamdiskId": ramdisk_id(row, name=name),
        "Name": row.name,
        "Description": properties.get("description"),
        "RootDeviceType": "instance-store" if is_machine else None,
        "RootDeviceName": properties.get("root_device_name", ROOT_DEVICE) if is_machine else None,
        "BlockDeviceMappings": [],
        "VirtualizationType": "hvm",
        "CreationDate": f"{row.created_at[:19]}.000Z",
        "Tags": tags.view(pairs),
    }


def kernel_id(row: Image, *, name: names.Name) -> str | None:
    """The kernel that it boots with, if that is not in it."""
    return _named("aki", row.properties.get("kernel_id"), name)


def ramdisk_id(row: Image, *, name: names.Name) -> str | None:
    """The ramdisk that it boots with."""
    return _named("ari", row.properties.get("ramdisk_id"), name)


def _named(prefix: str, image_id: str | None, name: names.Name) -> str | None:
    return (name(prefix, image_id) or None) if image_id else None
