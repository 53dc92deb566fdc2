"""A volume, the instance it is attached to, and a snapshot of a volume."""

from dataclasses import dataclass

from appliance import ids
from appliance.model import volume_states


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """One row of `volumes`. At most one instance has it; from `attachment_id` to `attached_at`
    says which and how, and is empty while nobody does.
    """

    id: ids.VolumeId
    project_id: ids.ProjectId
    user_id: ids.UserId
    name: str
    description: str
    size_gib: int
    volume_type: str
    zone: str
    host: str  # whose volume worker keeps its bytes
    status: volume_states.VolumeStatus
    attach_status: volume_states.AttachStatus
    is_bootable: int
    image_id: ids.ImageId | None  # what it was made from, as of the next two
    snapshot_id: ids.SnapshotId | None
    source_volume_id: ids.VolumeId | None
    attachment_id: str | None
    instance_id: ids.InstanceId | None
    device: str | None  # asked for or chosen: /dev/vdb; the guest may call it otherwise
    boot_index: int | None  # 0: the instance boots from it
    is_deleted_with_instance: int
    target: str | None  # "address:port iqn lun" of its export, while there is one
    attached_at: str | None
    reason: str  # why it is in error, or why the last attempt at something failed
    created_at: str
    updated_at: str
    deleted_at: str | None
    request_id: ids.RequestId
    hop_id: ids.HopId | None
    claim_owner: str | None
    claim_expires_at: str | None
    attempts: int
    trashed_until: str | None = None  # how long it can be had back, while it is in the trash

    @property
    def state(self) -> volume_states.VolumeState:
        """Its place in `volume_states.TRANSITIONS`."""
        return volume_states.VolumeState(self.status, self.attach_status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where an export answers: an iSCSI portal, a target's name and the number of its disk."""

    address: str
    port: int
    iqn: str
    lun: int

    def __str__(self) -> str:
        return f"{self.address}:{self.port} {self.iqn} {self.lun}"


def parse_target(text: str) -> Target:
    """The Target that `str` wrote into a row."""
    portal, iqn, lun = text.split(" ")
    address, _, port = portal.rpartition(":")
    return Target(address=address, port=int(port), iqn=iqn, lun=int(lun))


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One row of `snapshots`."""

    id: ids.SnapshotId
    project_id: ids.ProjectId
    user_id: ids.UserId
    volume_id: ids.VolumeId
    name: str
    description: str
    size_gib: int
    host: str
    status: volume_states.SnapshotStatus
    reason: str
    created_at: str
    updated_at: str
    deleted_at: str | None
    request_id: ids.RequestId
    hop_id: ids.HopId | None
    claim_owner: str | None
    claim_expires_at: str | None
    attempts: int
    trashed_until: str | None = None
