"""Volumes and snapshots as the Block Storage API shows them (Cinder, api/v3/views/volumes.py)."""

from collections.abc import Mapping
from typing import Any

from appliance.model.image import Image
from appliance.model.volume import Snapshot, Volume
from appliance.model.volume_states import AttachStatus
from services.http.endpoint import Request
from services.volume.api.volumes import Details

Json = dict[str, Any]


def links(request: Request, kind: str, key: str) -> list[Json]:
    """Where a thing is: with the API's version, and without it for bookmarks."""
    project = f"/{request.path['project_id']}" if "project_id" in request.path else ""
    return [
        {"rel": "self", "href": f"{request.origin}/volume/v3{project}/{kind}/{key}"},
        {"rel": "bookmark", "href": f"{request.origin}/volume{project}/{kind}/{key}"},
    ]


def brief(request: Request, volume: Volume) -> Json:
    """A volume in a list without details."""
    return {
        "id": volume.id,
        "name": volume.name or None,
        "links": links(request, "volumes", volume.id),
    }


def full(request: Request, volume: Volume, details: Details) -> Json:
    """A volume, as a create and an update show it."""
    view = brief(request, volume) | {
        "status": volume.status,
        "size": volume.size_gib,
        "availability_zone": volume.zone,
        "created_at": moment(volume.created_at),
        "updated_at": _changed(volume),
        "description": volume.description or None,
        "volume_type": volume.volume_type,
        "snapshot_id": volume.snapshot_id,
        "source_volid": volume.source_volume_id,
        "metadata": dict(details.metadata),
        "user_id": volume.user_id,
        "bootable": "true" if volume.is_bootable else "false",
        "encrypted": False,
        "multiattach": False,
        "replication_status": None,
        "consistencygroup_id": None,
        "attachments": _attachments(volume),
    }
    return view | ({"migration_status": None} if request.ctx.is_admin else {})


def detailed(request: Request, volume: Volume, details: Details) -> Json:
    """A volume by itself, and in a list with details; its host is for administrators."""
    view = full(request, volume, details) | {"os-vol-tenant-attr:tenant_id": volume.project_id}
    if details.image:
        view["volume_image_metadata"] = _image(details.image)
    if request.ctx.is_admin:
        view |= {
            "os-vol-host-attr:host": f"{volume.host}@{volume.volume_type}#{volume.volume_type}",
            "os-vol-mig-status-attr:migstat": None,
            "os-vol-mig-status-attr:name_id": None,
        }
    return view


def snapshot(found: Snapshot, metadata: Mapping[str, str]) -> Json:
    """A snapshot, as a list, a create and an update show it."""
    return {
        "id": found.id,
        "name": found.name or None,
        "description": found.description or None,
        "status": found.status,
        "size": found.size_gib,
        "volume_id": found.volume_id,
        "metadata": dict(metadata),
        "created_at": moment(found.created_at),
        "updated_at": _changed(found),
    }


def snapshot_full(found: Snapshot, metadata: Mapping[str, str]) -> Json:
    """A snapshot by itself, and in a list with details."""
    return snapshot(found, metadata) | {
        "os-extended-snapshot-attributes:progress": (
            "100%" if found.status == "available" else "0%"
        ),
        "os-extended-snapshot-attributes:project_id": found.project_id,
    }


def moment(stamp: str) -> str:
    """`2018-11-28T06:21:12.715987`, as Cinder writes a time."""
    return stamp.removesuffix("Z")


def _image(image: Image) -> dict[str, str]:
    """What Cinder remembers of the image that a volume was made from, all of it as text."""
    facts = {
        "image_id": image.id,
        "image_name": image.name,
        "checksum": image.checksum_md5,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "size": image.size_bytes,
        "min_disk": image.min_disk_gib,
        "min_ram": image.min_memory_mib,
    }
    known = {name: str(value) for name, value in facts.items() if value is not None}
    return {**image.properties, **known}


def _changed(row: Volume | Snapshot) -> str | None:
    return None if row.updated_at == row.created_at else moment(row.updated_at)


def _attachments(volume: Volume) -> list[Json]:
    if volume.attach_status is not AttachStatus.ATTACHED:
        return []
    return [
        {
            "id": volume.id,
            "attachment_id": volume.attachment_id,
            "volume_id": volume.id,
            "server_id": volume.instance_id,
            "host_name": None,
            "device": volume.device,
            "attached_at": moment(volume.attached_at) if volume.attached_at else None,
        }
    ]
