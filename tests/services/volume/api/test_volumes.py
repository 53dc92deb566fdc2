import pytest

from appliance import clock, errors, quota
from appliance.db import volumes
from appliance.model.volume import Volume
from appliance.model.volume_states import TRANSITIONS, VolumeEvent, VolumeStatus
from services.volume.api.create import CreateVolume
from tests.appliance import rows
from tests.services.volume.api.requests import CTX, OTHER, READER, Api


def test_a_volume_is_a_row_and_a_message(api: Api) -> None:
    made = api.volumes.create(
        CTX, CreateVolume(name="data", size_gib=3, metadata={"purpose": "test"})
    )

    assert api.volumes.get(CTX, made.id) == made
    assert (str(made.state), made.size_gib, made.volume_type) == ("creating/detached", 3, "sparse")
    assert (made.host, made.zone, made.project_id) == ("box1", "nova", "p1")
    assert api.volumes.details(made).metadata == {"purpose": "test"}
    assert api.rung() == [("create", made.id)]


@pytest.mark.parametrize(
    ("asked", "kind", "message"),
    [
        (CreateVolume(), errors.BadRequest, "'None' must be an integer and greater than 0"),
        (CreateVolume(size_gib=0), errors.BadRequest, "'0' must be an integer"),
        (CreateVolume(size_gib=1, zone="mars"), errors.BadRequest, "zone 'mars' is invalid"),
        (CreateVolume(size_gib=1, volume_type="x"), errors.NotFound, "Volume type x could not be"),
        (CreateVolume(size_gib=1, name="x" * 256), errors.BadRequest, "name has 256 characters"),
        (CreateVolume(size_gib=1, metadata={"": "x"}), errors.BadRequest, "key blank"),
        (CreateVolume(size_gib=1, metadata={"k": "x" * 256}), errors.BadRequest, "k value greater"),
        (CreateVolume(snapshot_id="x"), errors.NotFound, "Snapshot x could not be found"),
        (CreateVolume(source_volume_id="x"), errors.NotFound, "Volume x could not be found"),
        (CreateVolume(size_gib=1, image_id="x"), errors.BadRequest, "Invalid image identifier"),
        (
            CreateVolume(size_gib=1, image_id="x", snapshot_id="y"),
            errors.BadRequest,
            "May specify only one of snapshot, imageRef or source volume",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_cinders_words(
    api: Api, asked: CreateVolume, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        api.volumes.create(CTX, asked)
    assert api.volumes.page(CTX) == []


def test_the_type_may_be_named_by_its_id(api: Api) -> None:
    sparse = api.volumes.place.volume_type
    made = api.volumes.create(CTX, CreateVolume(size_gib=1, volume_type=sparse.id))

    assert made.volume_type == "sparse"


@pytest.mark.parametrize(
    ("size_gib", "count", "message"),
    [(1, 10, "volumes: Requested 1"), (600, 1, "gigabytes: Requested 600")],
)
def test_over_quota_nothing_is_written(api: Api, size_gib: int, count: int, message: str) -> None:
    for _ in range(count):
        api.volumes.create(CTX, CreateVolume(size_gib=size_gib))
    with pytest.raises(errors.OverQuota, match=message):
        api.volumes.create(CTX, CreateVolume(size_gib=size_gib))
    assert len(api.volumes.page(CTX)) == count


def test_a_volume_of_an_image_is_bootable_and_remembers_it(api: Api) -> None:
    image = api.add_image()
    made = api.volumes.create(CTX, CreateVolume(size_gib=1, image_id=image.id))

    assert (made.is_bootable, made.image_id) == (1, image.id)
    assert api.volumes.details(made).image == image


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"status": "queued"}, "is not active"),
        ({"virtual_size_bytes": (1 << 30) + 1}, "image 2GB is larger than volume size 1GB"),
        ({"min_disk_gib": 2}, "smaller than the image minDisk size 2GB"),
        ({"disk_format": "vmdk"}, "has disk_format vmdk; a volume is made from ami, qcow2, raw"),
        ({"project_id": "p2", "visibility": "private"}, "unable to access requested image"),
    ],
)
def test_an_image_that_does_not_fit_is_refused(
    api: Api, columns: dict[str, object], message: str
) -> None:
    image = api.add_image(**columns)
    with pytest.raises(errors.BadRequest, match=message):
        api.volumes.create(CTX, CreateVolume(size_gib=1, image_id=image.id))


def available(api: Api, **columns: object) -> Volume:
    return rows.add_volume(api.db, **{"status": VolumeStatus.AVAILABLE} | columns)


def test_a_volume_of_a_snapshot_takes_size_and_bootability_from_it(api: Api) -> None:
    origin = available(api, is_bootable=1, size_gib=2)
    snapshot = rows.add_snapshot(api.db, origin.id, size_gib=2, status="available")
    made = api.volumes.create(CTX, CreateVolume(snapshot_id=snapshot.id))

    assert (made.size_gib, made.is_bootable, made.snapshot_id) == (2, 1, snapshot.id)
    with pytest.raises(errors.BadRequest, match="cannot be smaller than the snapshot size 2GB"):
        api.volumes.create(CTX, CreateVolume(snapshot_id=snapshot.id, size_gib=1))


def test_a_snapshot_in_the_making_is_no_source(api: Api) -> None:
    snapshot = rows.add_snapshot(api.db, available(api).id)
    with pytest.raises(errors.BadRequest, match="Originating snapshot status must be one of avail"):
        api.volumes.create(CTX, CreateVolume(snapshot_id=snapshot.id))


def test_a_volume_is_copied_only_while_nobody_writes_to_it(api: Api) -> None:
    free, used = available(api), available(api, status="in-use", attach_status="attached")
    copy = api.volumes.create(CTX, CreateVolume(source_volume_id=free.id))

    assert (copy.size_gib, copy.source_volume_id) == (1, free.id)
    with pytest.raises(errors.BadRequest, match="its status is not one of available values"):
        api.volumes.create(CTX, CreateVolume(source_volume_id=used.id))
    with pytest.raises(errors.BadRequest, match=f"Volume {copy.id} is being made from volume"):
        api.volumes.delete(CTX, free.id)


def test_another_projects_volume_is_not_there(api: Api) -> None:
    volume = available(api)

    assert api.volumes.page(OTHER) == []
    with pytest.raises(errors.NotFound):
        api.volumes.get(OTHER, volume.id)
    with pytest.raises(errors.NotFound):
        api.volumes.delete(OTHER, volume.id)
    with pytest.raises(errors.Forbidden):
        api.volumes.page(CTX, is_all_projects=True)


def test_a_reader_changes_nothing(api: Api) -> None:
    volume = available(api)

    assert api.volumes.page(READER) == [volume]
    for verb in (
        lambda: api.volumes.create(READER, CreateVolume(size_gib=1)),
        lambda: api.volumes.delete(READER, volume.id),
        lambda: api.volumes.extend(READER, volume.id, 2),
        lambda: api.volumes.update(READER, volume.id, name="x"),
        lambda: api.volumes.set_metadata(READER, volume.id, {}),
    ):
        with pytest.raises(errors.Forbidden):
            verb()


def test_pages_follow_one_another(api: Api) -> None:
    made = [available(api, created_at=f"2026-01-0{n}", name=f"v{n}") for n in range(1, 6)]
    first = api.volumes.page(CTX, limit=2)
    rest = api.volumes.page(CTX, marker=first[-1].id, keep=lambda row: row.name != "v2")

    assert [row.name for row in first + rest] == ["v5", "v4", "v3", "v1"]
    assert made[0] in rest


def test_names_and_metadata_are_changed(api: Api) -> None:
    volume = available(api)
    changed = api.volumes.update(CTX, volume.id, name="new")
    assert (changed.name, changed.description) == ("new", "")
    assert api.volumes.set_bootable(CTX, volume.id, is_bootable=True).is_bootable

    api.volumes.set_metadata(CTX, volume.id, {"a": "1", "b": "2"})
    assert api.volumes.set_metadata(CTX, volume.id, {"b": "3"}) == {"a": "1", "b": "3"}
    api.volumes.delete_metadata(CTX, volume.id, "a")
    assert api.volumes.set_metadata(CTX, volume.id, {"c": "4"}, is_whole=True) == {"c": "4"}
    with pytest.raises(errors.NotFound, match="Metadata item a could not be found"):
        api.volumes.delete_metadata(CTX, volume.id, "a")


def test_a_volume_that_grows_counts_as_grown_at_once(api: Api) -> None:
    volume = available(api)
    grown = api.volumes.extend(CTX, volume.id, 4)

    assert (str(grown.state), grown.size_gib) == ("extending/detached", 4)
    assert volumes.usage(api.db, "p1")["gigabytes"] == 4
    assert api.rung() == [("extend", volume.id)]


def test_a_volume_that_cannot_grow_is_left_alone(api: Api) -> None:
    volume, used = available(api), available(api, status="in-use", attach_status="attached")
    with pytest.raises(errors.BadRequest, match=r"greater than current size. \(current: 1, ext"):
        api.volumes.extend(CTX, volume.id, 1)
    with pytest.raises(errors.BadRequest, match="must be 'available' to extend, currently in-use"):
        api.volumes.extend(CTX, used.id, 2)
    with pytest.raises(errors.OverQuota):
        api.volumes.extend(CTX, volume.id, quota.DEFAULTS["gigabytes"] + 1)
    assert api.volumes.get(CTX, volume.id) == volume


def test_what_is_no_use_is_deleting_at_once_and_may_be_asked_again(api: Api) -> None:
    volume = available(api, status="error")
    for _ in range(2):
        api.volumes.delete(CTX, volume.id)

    assert str(api.volumes.get(CTX, volume.id).state) == "deleting/detached"
    assert api.rung() == [("delete", volume.id)] * 2


def test_a_deleted_volume_is_seen_by_nobody_and_comes_back_as_it_was(api: Api) -> None:
    volume = available(api, name="pgdata")
    api.volumes.set_metadata(CTX, volume.id, {"a": "b"})
    api.volumes.delete(CTX, volume.id)

    with pytest.raises(errors.NotFound):
        api.volumes.get(CTX, volume.id)
    with pytest.raises(errors.NotFound):
        api.volumes.delete(CTX, volume.id)
    assert (api.volumes.page(CTX), api.rung()) == ([], [])
    assert volumes.usage(api.db, "p1")["volumes"] == 0
    with pytest.raises(errors.NotFound):
        api.volumes.restore(OTHER, volume.id)

    back = api.volumes.restore(CTX, volume.id)

    assert api.volumes.page(CTX) == [back]
    assert (back.name, str(back.state)) == ("pgdata", "available/detached")
    assert (back.deleted_at, back.trashed_until) == (None, None)
    assert api.volumes.details(back).metadata == {"a": "b"}
    with pytest.raises(errors.Conflict, match="The volume pgdata is not deleted"):
        api.volumes.restore(CTX, volume.id)


def test_what_left_the_trash_does_not_come_back(api: Api) -> None:
    volume = available(api)
    api.volumes.delete(CTX, volume.id)
    api.change(lambda tx: volumes.update(tx, volume.id, trashed_until=clock.stamp()))

    with pytest.raises(errors.Gone, match="not in the trash any more"):
        api.volumes.restore(CTX, volume.id)


def test_a_volume_comes_back_only_into_its_quota(api: Api) -> None:
    volume = available(api, size_gib=600)
    api.volumes.delete(CTX, volume.id)
    available(api, size_gib=600)

    with pytest.raises(errors.OverQuota):
        api.volumes.restore(CTX, volume.id)
    with pytest.raises(errors.NotFound):
        api.volumes.get(CTX, volume.id)


@pytest.mark.parametrize("status", list(VolumeStatus))
def test_only_a_volume_that_nobody_works_on_is_deleted(api: Api, status: VolumeStatus) -> None:
    if status in (VolumeStatus.DELETED, VolumeStatus.DELETING, VolumeStatus.TRASHED):
        return
    volume = available(api, status=status)
    if volume.state in TRANSITIONS[VolumeEvent.DELETE]:
        api.volumes.delete(CTX, volume.id)
        return
    with pytest.raises(errors.BadRequest, match="Volume status must be available or error or"):
        api.volumes.delete(CTX, volume.id)


def test_a_volume_with_snapshots_is_deleted_only_with_them(api: Api) -> None:
    volume = available(api)
    snapshot = rows.add_snapshot(api.db, volume.id, status="available")
    with pytest.raises(errors.BadRequest, match="must not be attached or have snapshots"):
        api.volumes.delete(CTX, volume.id)
    api.volumes.delete(CTX, volume.id, is_with_snapshots=True)

    assert (api.rung(), api.snapshots.page(CTX)) == ([], [])
    with pytest.raises(errors.Conflict, match="is deleted too: undo that first"):
        api.snapshots.restore(CTX, snapshot.id)
    api.volumes.restore(CTX, volume.id, snapshot_ids=[snapshot.id])
    assert api.snapshots.get(CTX, snapshot.id).status == "available"


def test_a_volume_that_was_deleted_with_broken_snapshots_takes_those_along_for_good(
    api: Api,
) -> None:
    volume = available(api)
    broken = rows.add_snapshot(api.db, volume.id, status="error")
    api.volumes.delete(CTX, volume.id, is_with_snapshots=True)

    assert api.rung() == [("delete_snapshot", broken.id)]


def test_a_volume_whose_snapshot_becomes_a_volume_stays_with_it(api: Api) -> None:
    volume = available(api)
    snapshot = rows.add_snapshot(api.db, volume.id, status="available")
    copy = api.volumes.create(CTX, CreateVolume(snapshot_id=snapshot.id))
    with pytest.raises(errors.BadRequest, match=f"Volume {copy.id} is being made from snapshot"):
        api.volumes.delete(CTX, volume.id, is_with_snapshots=True)

    assert api.volumes.get(CTX, volume.id) == volume
    assert api.snapshots.get(CTX, snapshot.id).status == "available"


def test_a_volume_whose_snapshot_is_in_the_making_stays_with_it(api: Api) -> None:
    volume = available(api)
    rows.add_snapshot(api.db, volume.id)
    with pytest.raises(errors.BadRequest, match="a snapshot that is creating"):
        api.volumes.delete(CTX, volume.id, is_with_snapshots=True)
    assert api.volumes.get(CTX, volume.id) == volume
