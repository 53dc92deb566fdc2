from appliance.model.states import VmState
from services.volume.manager import passing_snapshot
from storage.blocks.export import Export
from tests.services.volume.host import IMAGE, Host

STRANGER = "99999999-2222-4333-8444-555555555555"


def test_exports_that_vanished_are_shown_again(host: Host) -> None:
    volume = host.attached(host.add_instance())
    before = host.exporter.shown()
    host.exporter.stop()
    host.reconciler.look()

    assert host.exporter.shown() == before
    assert host.status(volume) == "in-use/attached"


def test_an_export_that_cannot_be_again_keeps_no_other_away(host: Host) -> None:
    lost, whole = (host.attached(host.add_instance()) for _ in range(2))
    host.exporter.stop()
    host.pool.delete(lost.id)
    host.reconciler.look()

    assert list(host.exporter.shown()) == [whole.id]
    assert "is not there" in host.now(lost).reason


def test_what_no_row_wants_goes_when_it_is_seen_twice(host: Host) -> None:
    kept = host.available()
    host.pool.create(STRANGER, size_bytes=512)
    host.pool.snapshot(kept.id, STRANGER)
    for each in (STRANGER, kept.id):
        host.exporter.show(_export(host, each))
    host.reconciler.look()
    assert set(host.pool.volumes()) == {STRANGER, kept.id}
    host.reconciler.look()

    assert list(host.pool.volumes()) == [kept.id]
    assert list(host.pool.snapshots()) == []
    assert dict(host.exporter.shown()) == {}


def test_what_rows_want_stays(host: Host) -> None:
    volume = host.attached(host.add_instance())
    snapshot = host.add_snapshot(volume)
    host.pool.snapshot(volume.id, snapshot.id)
    copy = host.add(source_volume_id=volume.id)
    host.pool.snapshot(volume.id, passing_snapshot(copy.id))
    for _ in range(3):
        host.reconciler.look()

    assert list(host.pool.volumes()) == [volume.id]
    assert set(host.pool.snapshots()) == {snapshot.id, passing_snapshot(copy.id)}
    assert list(host.exporter.shown()) == [volume.id]


def test_a_volume_promised_to_a_launch_that_failed_is_free_again(host: Host) -> None:
    instance = host.add_instance(vm_state=VmState.ERROR, launched_at=None)
    volume = host.promised(instance)
    host.reconciler.look()
    host.take_due()

    assert host.status(volume) == "available/detached"


def test_what_a_killed_copy_of_an_image_left_is_removed(host: Host) -> None:
    under_way = host.add(image_id=IMAGE)
    host.incoming.mkdir(parents=True)
    for name in (under_way.id, STRANGER):
        (host.incoming / name).touch()
    host.reconciler.look()

    assert [path.name for path in host.incoming.iterdir()] == [under_way.id]


def _export(host: Host, volume_id: str) -> Export:
    return Export(
        volume_id=volume_id, path=host.pool.device(volume_id), initiator="i", username="u",
        password="p" * 16,
    )  # fmt: skip
