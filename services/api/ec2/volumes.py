"""Volumes: create, describe, attach, detach, delete."""

import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from appliance.db import connection
from appliance.model.volume import Volume
from appliance.model.volume_states import VolumeStatus
from services.api.ec2 import listing, names, refusals, tags, volume_views
from services.api.ec2.actions import Action, Call
from services.compute.api.volumes import Attachments
from services.volume.api import volumes
from services.volume.api.create import CreateVolume

Json = dict[str, Any]

# a filter's name → where it looks in a volume's view
_PATHS: Final = {
    "attachment.attach-time": "Attachments.AttachTime",
    "attachment.delete-on-termination": "Attachments.DeleteOnTermination",
    "attachment.device": "Attachments.Device",
    "attachment.instance-id": "Attachments.InstanceId",
    "attachment.status": "Attachments.State",
    "availability-zone": "AvailabilityZone",
    "create-time": "CreateTime",
    "encrypted": "Encrypted",
    "multi-attach-enabled": "MultiAttachEnabled",
    "size": "Size",
    "snapshot-id": "SnapshotId",
    "status": "State",
    "volume-id": "VolumeId",
    "volume-type": "VolumeType",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """The actions, on the verbs of `services.volume.api` and compute's attachments."""

    db: connection.Database
    verbs: volumes.Volumes
    attachments: Attachments
    tags: tags.Tags

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {
            "CreateVolume": self.create,
            "DescribeVolumes": self.describe,
            "AttachVolume": self.attach,
            "DetachVolume": self.detach,
            "DeleteVolume": self.delete,
        }

    def create(self, call: Call) -> Json:
        """Promise a volume, empty or of a snapshot; its Name tag is its name."""
        call.refuse(
            "Encrypted", "Iops", "KmsKeyId", "OutpostArn", "MultiAttachEnabled", "Throughput",
            "VolumeInitializationRate",
        )  # fmt: skip
        asked = call.values
        snapshot_id = asked.get("SnapshotId")
        if not snapshot_id and "Size" not in asked:
            raise refusals.missing("Size")
        pairs = tags.specified(call, "volume")
        made = self.verbs.create(
            call.ctx,
            CreateVolume(
                name=pairs.get("Name", ""),
                size_gib=asked.get("Size"),
                volume_type=asked.get("VolumeType"),
                zone=asked.get("AvailabilityZone"),
                snapshot_id=names.inside(self.db, snapshot_id, "snapshot") if snapshot_id else None,
                client_token=asked.get("ClientToken") or None,
            ),
        )
        if not made.deleted_at:  # an old token's may be gone
            self.tags.put_specified(call, "volume", [made.id])
        return self._view(call, made)

    def describe(self, call: Call) -> Json:
        """The project's volumes, or those named."""
        asked = call.values.get("VolumeIds")
        rows = (
            [self._get(call, ec2_id) for ec2_id in dict.fromkeys(asked)]
            if asked
            else self.verbs.page(call.ctx, limit=sys.maxsize)
        )
        shown, token = listing.listed(
            call, rows, functools.partial(self._view, call), paths=_PATHS, ids="VolumeIds"
        )
        return {"Volumes": shown, "NextToken": token}

    def attach(self, call: Call) -> Json:
        """Promise a volume to an instance."""
        volume = self._get(call, call.values["VolumeId"])
        instance_id = names.inside(self.db, call.values["InstanceId"], "instance")
        if volume.instance_id:
            raise _in_use(call.values["VolumeId"])
        if volume.status is not VolumeStatus.AVAILABLE:
            raise _wrong_state(call.values["VolumeId"], f"'{volume.status}', not 'available'")
        attached = self.attachments.attach(
            call.ctx, instance_id, volume.id, device=call.values.get("Device")
        )
        return volume_views.attachment(attached, name=names.namer(self.db))

    def detach(self, call: Call) -> Json:
        """Have the guest that has it let go of a volume; who that is need not be said."""
        call.refuse("Force")
        ec2_id = call.values["VolumeId"]
        volume = self._get(call, ec2_id)
        if not volume.instance_id:
            raise _wrong_state(ec2_id, "'available', not attached")
        asked = call.values.get("InstanceId")
        if asked and names.inside(self.db, asked, "instance") != volume.instance_id:
            raise refusals.Refused(
                "InvalidAttachment.NotFound", f"{ec2_id} is not attached to {asked}"
            )
        detaching = self.attachments.detach(call.ctx, volume.instance_id, volume.id)
        return volume_views.attachment(detaching, name=names.namer(self.db))

    def delete(self, call: Call) -> Json:
        """Delete a volume that nobody uses."""
        volume = self._get(call, call.values["VolumeId"])
        if volume.instance_id:
            raise _in_use(call.values["VolumeId"])
        self.verbs.delete(call.ctx, volume.id)
        return {}

    def _get(self, call: Call, ec2_id: str) -> Volume:
        return self.verbs.get(call.ctx, names.inside(self.db, ec2_id, "volume"))

    def _view(self, call: Call, row: Volume) -> Json:
        pairs = self.tags.of(call.ctx, [row.id]).get(row.id, {})
        return volume_views.volume(row, name=names.namer(self.db), pairs=pairs)


def _in_use(ec2_id: str) -> refusals.Refused:
    return refusals.Refused("VolumeInUse", f"{ec2_id} is already attached to an instance")


def _wrong_state(ec2_id: str, why: str) -> refusals.Refused:
    return refusals.Refused("IncorrectState", f"Volume {ec2_id} is {why}")
