"""A volume worker killed -9 before and after each commit: the next one finishes its work, every row
is true, and nothing is in the pool or exported that no row wants.
"""

from collections.abc import Callable

import pytest

from appliance import config
from appliance.db import claims, connection, instances, snapshots, volumes
from appliance.model.volume_states import AttachStatus, SnapshotStatus, VolumeEvent, VolumeStatus
from services.volume import tasks
from tests.crash.dying import is_killed
from tests.services.volume.host import IMAGE, Host

pytestmark = pytest.mark.crash

ROUNDS_MAX = 10
Prepared = tuple[str, str]  # a step, and of what


def work_and_die(settings: config.Settings, step: str, object_id: str, *, at: int) -> bool:
    """Take the step in a child that is killed; False if it lived."""
    return is_killed(settings, lambda db: Host(settings, db).steps[step](object_id), at=at)


def recover(host: Host) -> None:
    """What the next worker does: from its start until nothing is left to do, and two looks more."""
    with host.db.transaction() as tx:
        claims.drop(tx, owner_like="volume.box1/%")
    for _ in range(ROUNDS_MAX):
        host.reconciler.look()
        if not list(tasks.due(host.worker, host.attachments)):
            break
        host.take_due()
    host.reconciler.look()
    host.reconciler.look()


def check(host: Host) -> None:
    """Rows and the world say the same."""
    live = volumes.on_host(host.db, "box1")
    kept = [row.id for row in snapshots.of_project(host.db, None)]

    assert {row.status for row in live} <= {
        VolumeStatus.AVAILABLE, VolumeStatus.ATTACHING, VolumeStatus.IN_USE,
    }  # fmt: skip
    assert sorted(host.pool.volumes()) == sorted(row.id for row in live)
    assert sorted(host.exporter.shown()) == sorted(row.id for row in live if row.attachment_id)
    assert sorted(host.pool.snapshots()) == sorted(kept)
    assert not list(host.settings.home.glob("volumes/*.new"))


def create(host: Host) -> Prepared:
    return "create", host.add().id


def create_of_image(host: Host) -> Prepared:
    return "create", host.add(image_id=IMAGE).id


def create_of_volume(host: Host) -> Prepared:
    return "create", host.add(source_volume_id=host.available().id).id


def create_for_launch(host: Host) -> Prepared:
    return "create", host.add(instance_id=host.launching().id).id


def create_for_one_that_went(host: Host) -> Prepared:
    return "create", host.add(instance_id="gone", is_deleted_with_instance=1).id


def delete(host: Host) -> Prepared:
    volume = host.available()
    with host.db.transaction() as tx:
        volumes.advance(tx, volume, VolumeEvent.DELETE)
    return "delete", volume.id


def extend(host: Host) -> Prepared:
    volume = host.available()
    with host.db.transaction() as tx:
        volumes.advance(tx, volume, VolumeEvent.EXTEND, size_gib=2)
    return "extend", volume.id


def export(host: Host) -> Prepared:
    return "export", host.promised(host.add_instance()).id


def export_for_launch(host: Host) -> Prepared:
    return "export", host.promised(host.launching()).id


def withdraw(host: Host) -> Prepared:
    volume = host.attached(host.add_instance())
    with host.db.transaction() as tx:
        volumes.advance(tx, volume, VolumeEvent.UNPLUGGED)
    return "withdraw", volume.id


def withdraw_for_good(host: Host) -> Prepared:
    instance = host.add_instance()
    volume = host.attached(instance, is_deleted_with_instance=1)
    with host.db.transaction() as tx:
        tx.execute("UPDATE instances SET vm_state = 'deleted' WHERE id = ?", (instance.id,))
        volumes.advance(tx, volume, VolumeEvent.UNPLUGGED)
    return "withdraw", volume.id


def snapshot(host: Host) -> Prepared:
    return "snapshot", host.add_snapshot(host.available()).id


def delete_snapshot(host: Host) -> Prepared:
    taken = host.add_snapshot(host.available())
    host.steps["snapshot"](taken.id)
    with host.db.transaction() as tx:
        snapshots.update(tx, taken.id, status=SnapshotStatus.DELETING)
    return "delete_snapshot", taken.id


def map_launch(host: Host) -> Prepared:
    instance = host.launching()
    host.steps["export"](host.promised(instance).id)
    return "map", instance.id


@pytest.mark.parametrize(
    "prepare",
    [
        create, create_of_image, create_of_volume, create_for_launch, create_for_one_that_went,
        delete, extend, export, export_for_launch, withdraw, withdraw_for_good, snapshot,
        delete_snapshot, map_launch,
    ],
)  # fmt: skip
def test_a_step_killed_at_any_commit_is_finished_by_the_next_worker(
    settings: config.Settings, db: connection.Database, prepare: Callable[[Host], Prepared]
) -> None:
    host, killed = Host(settings, db), 0
    while True:
        step, object_id = prepare(host)
        was_killed = work_and_die(settings, step, object_id, at=killed)
        recover(host)
        check(host)
        if not was_killed:
            break
        killed += 1
    assert killed >= 4  # the claim, and at least one change of state


def test_a_launch_gets_its_volumes_whenever_the_worker_dies(
    settings: config.Settings, db: connection.Database
) -> None:
    host = Host(settings, db)
    for at in range(4):
        step, instance_id = map_launch(host)
        work_and_die(settings, step, instance_id, at=at)
        recover(host)
        assert str(instances.get(db, instance_id).state) == "building/spawning"


def test_what_a_guest_has_is_shown_again_after_all_exports_were_lost(
    settings: config.Settings, db: connection.Database
) -> None:
    host = Host(settings, db)
    used = [host.attached(host.add_instance()) for _ in range(3)]
    host.exporter.stop()
    recover(host)
    check(host)

    assert {host.now(row).attach_status for row in used} == {AttachStatus.ATTACHED}
