import pytest

from appliance import context, errors
from appliance.db import connection, instances, snapshots, volumes
from appliance.model.volume import Target, parse_target
from appliance.model.volume_states import (
    AttachStatus,
    SnapshotEvent,
    SnapshotStatus,
    VolumeEvent,
    VolumeState,
    VolumeStatus,
)
from tests.appliance import rows

RESERVED = VolumeState(VolumeStatus.RESERVED)


def test_a_volume_comes_back_as_it_was_written(db: connection.Database) -> None:
    row = rows.add_volume(db, device="/dev/vdb")

    assert volumes.get(db, row.id) == row


def test_advance_is_a_compare_and_swap(db: connection.Database) -> None:
    row = rows.add_volume(db, status=VolumeStatus.AVAILABLE)
    with db.transaction() as tx:
        reserved = volumes.advance(tx, row, VolumeEvent.RESERVE, instance_id="i1")

    assert (reserved.state, reserved.instance_id) == (RESERVED, "i1")
    with pytest.raises(errors.Superseded, match="came too late"), db.transaction() as tx:
        volumes.advance(tx, row, VolumeEvent.RESERVE, instance_id="i2")
    assert volumes.get(db, row.id).instance_id == "i1"


def test_a_step_for_an_instance_that_lost_the_volume_comes_too_late(
    db: connection.Database,
) -> None:
    row = rows.add_volume(db, instance_id="i1")
    with db.transaction() as tx:
        tx.execute("UPDATE volumes SET instance_id = NULL WHERE id = ?", (row.id,))

    with pytest.raises(errors.Superseded), db.transaction() as tx:
        volumes.advance(tx, row, VolumeEvent.CREATED_FOR)


def test_a_claim_is_for_both_halves_of_the_state(db: connection.Database) -> None:
    row = rows.add_volume(db, status=VolumeStatus.DETACHING, attach_status=AttachStatus.ATTACHED)
    plugged = VolumeState(VolumeStatus.DETACHING, AttachStatus.ATTACHED)
    unplugged = VolumeState(VolumeStatus.DETACHING)
    with db.transaction() as tx:
        assert volumes.claim(tx, row.id, [unplugged], owner="volume/1", for_s=60) is None
        assert volumes.claim(tx, row.id, [unplugged, plugged], owner="compute/1", for_s=60)

    assert volumes.unfinished(db, [plugged], host="box1") == []
    assert volumes.unfinished(db, [plugged], host="box1", now="9999")[0].attempts == 1
    assert volumes.unfinished(db, [unplugged], host="box1", now="9999") == []


def test_other_projects_volumes_and_snapshots_do_not_exist(db: connection.Database) -> None:
    row = rows.add_volume(db)
    snapshot = rows.add_snapshot(db, row.id)
    stranger = context.RequestContext(project_id="p2")
    admin = context.RequestContext(project_id="p2", roles=frozenset({"admin"}))

    assert volumes.get_visible(db, row.id, admin) == row
    assert snapshots.get_visible(db, snapshot.id, admin) == snapshot
    for find, key in ((volumes.get_visible, row.id), (snapshots.get_visible, snapshot.id)):
        with pytest.raises(errors.NotFound):
            find(db, key, stranger)


def test_the_volume_it_boots_from_comes_first(db: connection.Database) -> None:
    for device, boot_index in (("/dev/vdb", None), ("/dev/vdc", None), ("/dev/vda", 0)):
        rows.add_volume(db, name=device, instance_id="i1", device=device, boot_index=boot_index)

    names = [volume.name for volume in volumes.of_instance(db, "i1")]
    assert names == ["/dev/vda", "/dev/vdb", "/dev/vdc"]


def test_deleted_ones_count_for_nothing(db: connection.Database) -> None:
    rows.add_volume(db, size_gib=3)
    gone = rows.add_volume(db, size_gib=5, status=VolumeStatus.DELETING)
    snapshot = rows.add_snapshot(db, gone.id, size_gib=2, status=SnapshotStatus.DELETING)
    assert volumes.usage(db, "p1") == {"volumes": 2, "snapshots": 1, "gigabytes": 10}
    with db.transaction() as tx:
        volumes.advance(tx, gone, VolumeEvent.DELETED)
        snapshots.advance(tx, snapshot, SnapshotEvent.DELETED)

    assert volumes.usage(db, "p1") == {"volumes": 1, "snapshots": 0, "gigabytes": 3}
    assert snapshots.of_volume(db, gone.id) == []
    with pytest.raises(errors.NotFound):
        volumes.get_visible(db, gone.id, context.RequestContext(project_id=gone.project_id))


def test_a_snapshots_status_is_swapped_too(db: connection.Database) -> None:
    row = rows.add_snapshot(db, "v1")
    with db.transaction() as tx:
        assert snapshots.claim(tx, row.id, [SnapshotStatus.CREATING], owner="v/1", for_s=60)
        snapshots.advance(tx, row, SnapshotEvent.FAILED, reason="full")

    assert snapshots.get(db, row.id).reason == "full"
    with pytest.raises(errors.Superseded), db.transaction() as tx:
        snapshots.advance(tx, row, SnapshotEvent.CREATED)


def test_pairs_are_kept_by_object(db: connection.Database) -> None:
    instance, volume = rows.add_instance(db), rows.add_volume(db)
    snapshot = rows.add_snapshot(db, volume.id)
    with db.transaction() as tx:
        instances.set_metadata(tx, instance.id, {"a": "1"})
        volumes.set_metadata(tx, volume.id, {"b": "2"})
        snapshots.set_metadata(tx, snapshot.id, {"c": "3"})
        volumes.set_metadata(tx, volume.id, {"b": "4"})

    assert instances.metadata(db, instance.id) == {"a": "1"}
    assert volumes.metadata(db, volume.id) == {"b": "4"}
    assert snapshots.metadata(db, snapshot.id) == {"c": "3"}


def test_lists_are_paged_by_marker_newest_first(db: connection.Database) -> None:
    for day in (1, 2, 3):
        rows.add_volume(db, name=f"{day}", created_at=f"2026-01-0{day}T00:00:00.000000Z")
    first = volumes.of_project(db, "p1", limit=2)

    assert [one.name for one in first] == ["3", "2"]
    assert [one.name for one in volumes.of_project(db, "p1", marker=first[-1].id)] == ["1"]


def test_a_target_is_read_as_it_was_written() -> None:
    target = Target(address="127.0.0.1", port=3261, iqn="iqn.2010-10.org.novabox:v", lun=1)

    assert parse_target(str(target)) == target
