"""Rows that tests start from."""

from appliance import clock, ids
from appliance.db import connection, instances
from appliance.model.instance import Instance
from appliance.model.states import TaskState, VmState


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
