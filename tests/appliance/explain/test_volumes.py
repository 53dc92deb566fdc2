"""Why a volume or a snapshot is as it is."""

import pytest

from appliance import explain
from appliance.db import services
from appliance.model.volume_states import AttachStatus, SnapshotStatus, VolumeStatus
from tests.appliance import rows


def test_a_failed_one_says_why(evidence, db):
    row = rows.add_volume(db, status=VolumeStatus.ERROR, reason="the pool is full")
    found = explain.explain(evidence, "volume", row.id)

    assert (found.state, found.summary) == ("error", "the pool is full")


@pytest.mark.parametrize(
    ("status", "attach", "waits_for"),
    [
        (VolumeStatus.CREATING, AttachStatus.DETACHED, "volume.box1"),
        (VolumeStatus.RESERVED, AttachStatus.DETACHED, "volume.box1"),
        (VolumeStatus.ATTACHING, AttachStatus.DETACHED, "compute.box1"),
        (VolumeStatus.DETACHING, AttachStatus.ATTACHED, "compute.box1"),
        (VolumeStatus.DETACHING, AttachStatus.DETACHED, "volume.box1"),
    ],
)
def test_one_under_way_waits_for_whose_step_is_next(evidence, db, status, attach, waits_for):
    instance = rows.add_instance(db, host="box1", vm_state="active", task_state=None)
    row = rows.add_volume(
        db, status=status, attach_status=attach, instance_id=instance.id, device="/dev/vdb"
    )
    found = explain.explain(evidence, "volume", row.id)

    assert [one.what for one in found.reasons] == [f"instance {instance.name}",
                                                   f"service {waits_for}"]  # fmt: skip
    with db.transaction() as tx:
        services.register(tx, waits_for, name=waits_for, host="box1")
    found = explain.explain(evidence, "volume", row.id)
    assert [one.what for one in found.reasons] == [f"instance {instance.name}"]


def test_the_last_failed_attempt_is_told_of_one_that_is_well(evidence, db):
    """A guest that did not let go leaves the volume in use, and a reason."""
    instance = rows.add_instance(db, host="box1", vm_state="active", task_state=None)
    row = rows.add_volume(
        db, status=VolumeStatus.IN_USE, attach_status=AttachStatus.ATTACHED,
        instance_id=instance.id, device="/dev/vdb", reason="the guest did not let go",
    )  # fmt: skip
    found = explain.explain(evidence, "volume", row.id)

    assert found.summary == f"{instance.name} has it, as /dev/vdb."
    assert found.reasons[0].text == "the guest did not let go"


@pytest.mark.parametrize("status", list(VolumeStatus))
def test_every_status_is_explained(evidence, db, status):
    assert explain.explain(evidence, "volume", rows.add_volume(db, status=status).id).summary


@pytest.mark.parametrize("status", list(SnapshotStatus))
def test_every_status_of_a_snapshot_is_explained(evidence, db, status):
    volume = rows.add_volume(db)
    row = rows.add_snapshot(db, volume.id, status=status)

    assert explain.explain(evidence, "snapshot", row.id).summary
