import resource
from collections.abc import Iterator

import pytest

from appliance import errors
from appliance.db import snapshots, volumes
from appliance.model.volume_states import SnapshotEvent, SnapshotStatus, VolumeEvent, VolumeStatus
from services.volume.manager import passing_snapshot
from tests.services.volume.host import IMAGE, Host

GIB = 1 << 30


def test_an_empty_volume_is_made_with_the_size_of_its_row(host: Host) -> None:
    volume = host.add(size_gib=2)
    host.steps["create"](volume.id)

    assert host.status(volume) == "available/detached"
    assert host.pool.device(volume.id).stat().st_size == 2 * GIB


def test_a_volume_of_a_snapshot_has_its_bytes_and_may_be_larger(host: Host) -> None:
    origin = host.available()
    snapshot = host.add_snapshot(origin)
    host.steps["snapshot"](snapshot.id)
    copy = host.add(snapshot_id=snapshot.id, size_gib=3)
    host.steps["create"](copy.id)

    assert host.snapshot_now(snapshot).status is SnapshotStatus.AVAILABLE
    assert host.bytes_of(copy) == origin.id.encode()
    assert host.pool.device(copy.id).stat().st_size == 3 * GIB


def test_a_copy_of_a_volume_leaves_no_snapshot_behind(host: Host) -> None:
    origin = host.available()
    copy = host.add(source_volume_id=origin.id)
    host.steps["create"](copy.id)

    assert host.bytes_of(copy) == origin.id.encode()
    assert list(host.pool.snapshots()) == []


def test_a_copy_that_was_killed_half_way_is_finished(host: Host) -> None:
    origin = host.available()
    copy = host.add(source_volume_id=origin.id)
    host.pool.snapshot(origin.id, passing_snapshot(copy.id))
    host.take_due()

    assert host.status(copy) == "available/detached"
    assert list(host.pool.snapshots()) == []


def test_a_raw_image_streams_into_the_volume(host: Host) -> None:
    volume = host.add(image_id=IMAGE, is_bootable=1)
    host.steps["create"](volume.id)

    assert host.status(volume) == "available/detached"
    assert host.bytes_of(volume, 4001) == b"boot" * 1000 + b"\0"


def test_an_image_that_is_refused_leaves_no_volume_but_the_reason(host: Host) -> None:
    host.disk_format = "vmdk"
    volume = host.add(image_id=IMAGE)
    with pytest.raises(errors.VolumeError, match="disk_format vmdk"):
        host.steps["create"](volume.id)

    assert host.status(volume) == "error/detached"
    assert "disk_format vmdk" in host.now(volume).reason
    assert list(host.pool.volumes()) == []


def test_a_copy_of_an_image_waits_for_glance_and_is_taken_up_again(host: Host) -> None:
    content, host.image = host.image, None
    volume = host.add(image_id=IMAGE)
    with pytest.raises(errors.Unavailable):
        host.steps["create"](volume.id)
    assert host.status(volume) == "downloading/detached"
    host.image = content
    host.take_due()

    assert host.status(volume) == "available/detached"


def test_a_volume_grows_to_what_its_row_says(host: Host) -> None:
    volume = host.available()
    with host.db.transaction() as tx:
        volumes.advance(tx, volume, VolumeEvent.EXTEND, size_gib=5)
    host.take_due()

    assert host.status(volume) == "available/detached"
    assert host.pool.device(volume.id).stat().st_size == 5 * GIB


@pytest.fixture
def _two_gib_at_most() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * GIB, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("_two_gib_at_most")
def test_a_volume_that_cannot_grow_says_why(host: Host) -> None:
    volume = host.add(status=VolumeStatus.EXTENDING, size_gib=3)
    host.pool.create(volume.id, size_bytes=GIB)
    with pytest.raises(errors.VolumeError, match="File too large"):
        host.steps["extend"](volume.id)

    assert host.status(volume) == "error_extending/detached"
    assert "File too large" in host.now(volume).reason


def test_a_deleted_volume_takes_its_export_and_its_dying_snapshots_along(host: Host) -> None:
    volume = host.available()
    snapshot = host.add_snapshot(volume)
    host.steps["snapshot"](snapshot.id)
    with host.db.transaction() as tx:
        volumes.advance(tx, volume, VolumeEvent.DELETE)
        snapshots.advance(tx, host.snapshot_now(snapshot), SnapshotEvent.DELETE)
    host.take_due()

    assert host.status(volume) == "deleted/detached"
    assert host.now(volume).deleted_at
    assert host.snapshot_now(snapshot).deleted_at
    assert [*host.pool.volumes(), *host.pool.snapshots(), *host.exporter.shown()] == []


def test_no_snapshot_is_taken_while_a_guest_writes(host: Host) -> None:
    volume = host.attached(host.add_instance())
    snapshot = host.add_snapshot(volume)
    with pytest.raises(errors.VolumeError, match="detach it and try again"):
        host.steps["snapshot"](snapshot.id)

    assert host.snapshot_now(snapshot).status is SnapshotStatus.ERROR
    assert "was attached" in host.snapshot_now(snapshot).reason


def test_a_snapshot_that_was_taken_before_the_kill_stays_as_it_is(host: Host) -> None:
    volume = host.attached(host.add_instance())
    snapshot = host.add_snapshot(volume)
    host.pool.snapshot(volume.id, snapshot.id)
    host.take_due()

    assert host.snapshot_now(snapshot).status is SnapshotStatus.AVAILABLE


def test_a_volume_made_for_an_instance_that_waits_is_exported_next(host: Host) -> None:
    instance = host.launching()
    volume = host.add(instance_id=instance.id)
    host.steps["create"](volume.id)

    assert host.status(volume) == "reserved/detached"
    assert host.now(volume).attachment_id
    assert host.rung("volume.box1") == [("export", volume.id)]


@pytest.mark.parametrize(("goes", "state"), [(0, "error/detached"), (1, "deleting/detached")])
def test_a_volume_that_cannot_be_made_for_an_instance_that_went_is_nobodys_or_goes(
    host: Host, goes: int, state: str
) -> None:
    volume = host.add(instance_id="gone", is_deleted_with_instance=goes, snapshot_id="none")
    with pytest.raises(errors.VolumeError):
        host.steps["create"](volume.id)

    assert host.status(volume) == state
    assert host.now(volume).instance_id is None
    assert "none" in host.now(volume).reason
    assert host.rung("volume.box1") == [("delete", volume.id)] * goes


@pytest.mark.parametrize(("goes", "state"), [(0, "available/detached"), (1, "deleting/detached")])
def test_a_volume_made_for_an_instance_that_went_is_free_or_goes(
    host: Host, goes: int, state: str
) -> None:
    volume = host.add(instance_id="gone", is_deleted_with_instance=goes)
    host.steps["create"](volume.id)

    assert host.status(volume) == state
    assert host.now(volume).instance_id is None
