"""Volumes and snapshots as EC2 shows them. Pure, as `instance_views` is."""

from collections.abc import Mapping
from typing import Any, Final

from appliance.model.volume import Snapshot, Volume
from appliance.model.volume_states import SnapshotStatus, VolumeStatus
from services.api.ec2 import names, tags

Json = dict[str, Any]

_S = VolumeStatus
_STATE: Final = {
    _S.CREATING: "creating",
    _S.DOWNLOADING: "creating",
    _S.AVAILABLE: "available",
    _S.EXTENDING: "available",
    _S.RESERVED: "in-use",
    _S.ATTACHING: "in-use",
    _S.IN_USE: "in-use",
    _S.DETACHING: "in-use",
    _S.TRASHED: "deleted",
    _S.DELETING: "deleting",
    _S.DELETED: "deleted",
    _S.ERROR: "error",
    _S.ERROR_EXTENDING: "error",
    _S.ERROR_DELETING: "error",
}
_ATTACHMENT: Final = {
    _S.RESERVED: "attaching",
    _S.ATTACHING: "attaching",
    _S.IN_USE: "attached",
    _S.DETACHING: "detaching",
}
_SNAPSHOT: Final = {
    SnapshotStatus.CREATING: "pending",
    SnapshotStatus.AVAILABLE: "completed",
    SnapshotStatus.TRASHED: "completed",
    SnapshotStatus.DELETING: "pending",
    SnapshotStatus.DELETED: "completed",
    SnapshotStatus.ERROR: "error",
    SnapshotStatus.ERROR_DELETING: "error",
}


def volume(row: Volume, *, name: names.Name, pairs: Mapping[str, str]) -> Json:
    """One volume, with the attachment it has or is to have."""
    return {
        "VolumeId": name("vol", row.id),
        "Size": row.size_gib,
        "SnapshotId": name("snap", row.snapshot_id) if row.snapshot_id else "",
        "AvailabilityZone": row.zone,
        "State": _STATE[row.status],
        "CreateTime": row.created_at,
        "Attachments": [attachment(row, name=name)] if row.status in _ATTACHMENT else [],
        "VolumeType": row.volume_type,
        "Encrypted": False,
        "MultiAttachEnabled": False,
        "Tags": tags.view(pairs),
    }


def attachment(row: Volume, *, name: names.Name) -> Json:
    """The volume's attachment; `detached` when it has none."""
    return {
        "VolumeId": name("vol", row.id),
        "InstanceId": name("i", row.instance_id) if row.instance_id else None,
        "Device": row.device,
        "State": _ATTACHMENT.get(row.status, "detached"),
        "AttachTime": row.attached_at or row.updated_at,
        "DeleteOnTermination": bool(row.is_deleted_with_instance),
    }


def mapping(row: Volume, *, name: names.Name) -> Json:
    """The volume among its instance's block devices."""
    return {
        "DeviceName": row.device,
        "Ebs": {
            "VolumeId": name("vol", row.id),
            "Status": _ATTACHMENT.get(row.status, "attaching"),
            "AttachTime": row.attached_at or row.updated_at,
            "DeleteOnTermination": bool(row.is_deleted_with_instance),
        },
    }


def snapshot(row: Snapshot, *, name: names.Name, pairs: Mapping[str, str]) -> Json:
    """One snapshot."""
    state = _SNAPSHOT[row.status]
    return {
        "SnapshotId": name("snap", row.id),
        "VolumeId": name("vol", row.volume_id),
        "State": state,
        "StateMessage": row.reason or None,
        "StartTime": row.created_at,
        "Progress": "100%" if state == "completed" else "",
        "OwnerId": row.project_id,
        "Description": row.description,
        "VolumeSize": row.size_gib,
        "Encrypted": False,
        "Tags": tags.view(pairs),
    }
