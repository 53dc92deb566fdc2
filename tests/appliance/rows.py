"""Rows that tests start from."""

from appliance import clock, ids
from appliance.db import connection, instances, snapshots, volumes
from appliance.model.instance import Instance
from appliance.model.states import TaskState, VmState
from appliance.model.volume import Snapshot, Volume
from appliance.model.volume_states import AttachStatus, SnapshotStatus, VolumeStatus


def instance(**columns: object) -> Instance:
    """An instance as the API makes it; `columns` override."""
    now = clock.stamp()
    values: dict[str, object] = {
        "id": ids.new_uuid(), "name": "web", "project_id": "p1", "user_id": "u1",
        "reservation_id": "r-1", "launch_index": 0, "image_id": None, "kernel_id": None,
        "ramdisk_id": None, "flavor_id": "1", "flavor_name": "m1.tiny", "vcpus": 1,
        "memory_mib": 512, "disk_gib": 1, "key_name": None, "public_key": None, "user_data": None,
        "has_config_drive": 0, "zone": "", "host": None, "vm_state": VmState.BUILDING,
        "task_state": TaskState.SCHEDULING, "power_state": 0, "created_at": now,
        "updated_at": now, "launched_at": None, "deleted_at": None,
        "request_id": ids.new_request_id(), "hop_id": None, "claim_owner": None,
        "claim_expires_at": None, "attempts": 0,
    }  # fmt: skip
    return Instance(**values | columns)  # type: ignore[arg-type]  # a test's own mistake shows


def add_instance(db: connection.Database, **columns: object) -> Instance:
    """The same, written."""
    row = instance(**columns)
    with db.transaction() as tx:
        instances.create(tx, row)
    return row


def volume(**columns: object) -> Volume:
    """A volume as the API makes it; `columns` override."""
    now = clock.stamp()
    values: dict[str, object] = {
        "id": ids.new_uuid(), "project_id": "p1", "user_id": "u1", "name": "data",
        "description": "", "size_gib": 1, "volume_type": "sparse", "zone": "nova", "host": "box1",
        "status": VolumeStatus.CREATING, "attach_status": AttachStatus.DETACHED, "is_bootable": 0,
        "image_id": None, "snapshot_id": None, "source_volume_id": None, "reason": "",
        "created_at": now, "updated_at": now, "deleted_at": None,
        "request_id": ids.new_request_id(), "hop_id": None, "claim_owner": None,
        "claim_expires_at": None, "attempts": 0,
    }  # fmt: skip
    return Volume(**values | volumes.NOT_ATTACHED | columns)  # type: ignore[arg-type]  # as above


def add_volume(db: connection.Database, **columns: object) -> Volume:
    """The same, written."""
    row = volume(**columns)
    with db.transaction() as tx:
        volumes.create(tx, row)
    return row


def add_snapshot(db: connection.Database, volume_id: str, **columns: object) -> Snapshot:
    """A snapshot as the API makes it, written; `columns` override."""
    now = clock.stamp()
    values: dict[str, object] = {
        "id": ids.new_uuid(), "project_id": "p1", "user_id": "u1", "volume_id": volume_id,
        "name": "snap", "description": "", "size_gib": 1, "host": "box1",
        "status": SnapshotStatus.CREATING, "reason": "", "created_at": now, "updated_at": now,
        "deleted_at": None, "request_id": ids.new_request_id(), "hop_id": None,
        "claim_owner": None, "claim_expires_at": None, "attempts": 0,
    }  # fmt: skip
    row = Snapshot(**values | columns)  # type: ignore[arg-type]  # as above
    with db.transaction() as tx:
        snapshots.create(tx, row)
    return row
