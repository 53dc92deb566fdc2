import pytest

from appliance import errors
from appliance.db import volumes
from appliance.model.volume import Volume
from appliance.model.volume_states import SnapshotStatus
from services.volume.api.create import CreateVolume
from services.volume.api.snapshots import CreateSnapshot
from tests.appliance import rows
from tests.services.volume.api.requests import CTX, OTHER, READER, Api


def available(api: Api, **columns: object) -> Volume:
    return rows.add_volume(api.db, **{"status": "available", "size_gib": 2} | columns)


def test_a_snapshot_is_a_row_and_a_message(api: Api) -> None:
    volume = available(api)
    made = api.snapshots.create(
        CTX, CreateSnapshot(volume_id=volume.id, name="s", metadata={"k": "v"})
    )

    assert api.snapshots.page(CTX) == [made]
    assert (made.status, made.size_gib, made.host) == ("creating", 2, "box1")
    assert api.snapshots.metadata(made) == {"k": "v"}
    assert volumes.usage(api.db, "p1") == {"volumes": 1, "snapshots": 1, "gigabytes": 4}
    assert api.rung() == [("snapshot", made.id)]


@pytest.mark.parametrize(
    ("status", "is_forced", "message"),
    [
        ("creating", True, "status must be available, in-use, but current status is: creating"),
        ("in-use", False, "status must be available, but current status is: in-use"),
        ("in-use", True, "must be available to have a snapshot taken: detach it first"),
    ],
)
def test_a_volume_that_somebody_may_write_to_has_no_snapshot_taken(
    api: Api, status: str, is_forced: bool, message: str
) -> None:
    volume = available(api, status=status)
    with pytest.raises(errors.BadRequest, match=message):
        api.snapshots.create(CTX, CreateSnapshot(volume_id=volume.id, is_forced=is_forced))


def test_snapshots_count_as_gigabytes(api: Api) -> None:
    volume = available(api, size_gib=600)
    with pytest.raises(errors.OverQuota, match="gigabytes: Requested 600"):
        api.snapshots.create(CTX, CreateSnapshot(volume_id=volume.id))


def test_another_projects_snapshot_is_not_there(api: Api) -> None:
    snapshot = rows.add_snapshot(api.db, available(api).id)

    assert api.snapshots.page(OTHER) == []
    with pytest.raises(errors.NotFound, match=f"Snapshot {snapshot.id} could not be found"):
        api.snapshots.get(OTHER, snapshot.id)
    with pytest.raises(errors.Forbidden):
        api.snapshots.delete(READER, snapshot.id)


def test_names_and_metadata_are_changed(api: Api) -> None:
    snapshot = rows.add_snapshot(api.db, available(api).id)

    assert api.snapshots.update(CTX, snapshot.id, description="d").description == "d"
    assert api.snapshots.set_metadata(CTX, snapshot.id, {"a": "1"}) == {"a": "1"}
    api.snapshots.delete_metadata(CTX, snapshot.id, "a")
    assert api.snapshots.metadata(snapshot) == {}


def test_a_deleted_snapshot_comes_back_as_it_was(api: Api) -> None:
    snapshot = rows.add_snapshot(api.db, available(api).id, status=SnapshotStatus.AVAILABLE)
    api.snapshots.delete(CTX, snapshot.id)
    with pytest.raises(errors.NotFound):
        api.snapshots.get(CTX, snapshot.id)

    api.snapshots.restore(CTX, snapshot.id)

    assert api.snapshots.get(CTX, snapshot.id).status is SnapshotStatus.AVAILABLE
    assert api.rung() == []


def test_a_broken_snapshot_is_deleting_at_once_and_may_be_asked_again(api: Api) -> None:
    snapshot = rows.add_snapshot(api.db, available(api).id, status=SnapshotStatus.ERROR)
    for _ in range(2):
        api.snapshots.delete(CTX, snapshot.id)

    assert api.snapshots.get(CTX, snapshot.id).status is SnapshotStatus.DELETING
    assert api.rung() == [("delete_snapshot", snapshot.id)] * 2


def test_a_snapshot_in_the_making_or_in_use_stays(api: Api) -> None:
    volume = available(api)
    making = rows.add_snapshot(api.db, volume.id)
    used = rows.add_snapshot(api.db, volume.id, status=SnapshotStatus.AVAILABLE)
    copy = api.volumes.create(CTX, CreateVolume(size_gib=2, snapshot_id=used.id))
    with pytest.raises(errors.BadRequest, match="status must be available or error or error_del"):
        api.snapshots.delete(CTX, making.id)
    with pytest.raises(errors.BadRequest, match=f"Volume {copy.id} is being made from snapshot"):
        api.snapshots.delete(CTX, used.id)
