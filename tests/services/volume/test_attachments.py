import pytest

from appliance import chap, errors
from appliance.db import instances, volumes
from appliance.model.states import VmState
from appliance.model.volume import Volume, parse_target
from appliance.model.volume_states import VolumeEvent, VolumeStatus
from tests.services.volume.host import ATTACHMENT, Host


def test_a_reserved_volume_is_exported_and_plugged_next(host: Host) -> None:
    instance = host.add_instance()
    volume = host.promised(instance)
    host.steps["export"](volume.id)
    target = parse_target(host.now(volume).target or "")

    assert host.status(volume) == "attaching/detached"
    assert (target.address, target.port) == ("127.0.0.1", 3261)
    assert target.iqn == f"iqn.2010-10.org.novabox:{volume.id}"
    assert host.rung("compute.box1") == [("attach", volume.id)]
    assert list(host.exporter.shown()) == [volume.id]


def test_no_row_holds_the_password(host: Host) -> None:
    volume = host.attached(host.add_instance())
    secret = chap.password(host.settings, ATTACHMENT)

    assert len(secret) == 16
    assert secret not in str(host.db.rows("SELECT * FROM volumes"))
    assert secret not in str(host.now(volume))


def test_a_volume_that_cannot_be_exported_is_free_again_and_says_why(host: Host) -> None:
    volume = host.promised(host.add_instance())
    host.pool.delete(volume.id)
    with pytest.raises(errors.VolumeError, match="is not there"):
        host.steps["export"](volume.id)
    assert host.rung("volume.box1") == [("withdraw", volume.id)]
    host.take_due()

    assert host.status(volume) == "available/detached"
    assert host.now(volume).instance_id is None
    assert "is not there" in host.now(volume).reason


def test_a_volume_whose_instance_went_meanwhile_is_free_again(host: Host) -> None:
    instance = host.add_instance(vm_state=VmState.DELETED)
    volume = host.promised(instance)
    host.steps["export"](volume.id)
    host.take_due()

    assert host.status(volume) == "available/detached"
    assert list(host.exporter.shown()) == []


def unplugged(host: Host, volume: Volume) -> None:
    with host.db.transaction() as tx:
        volumes.advance(tx, volume, VolumeEvent.UNPLUGGED)


def test_a_volume_that_a_guest_let_go_of_is_withdrawn(host: Host) -> None:
    volume = host.attached(host.add_instance(), is_deleted_with_instance=1)
    unplugged(host, volume)
    host.take_due()

    assert host.status(volume) == "available/detached"
    assert host.now(volume).attachment_id is None
    assert list(host.exporter.shown()) == []


def test_a_volume_that_is_its_instances_own_goes_with_it(host: Host) -> None:
    instance = host.add_instance(vm_state=VmState.DELETED)
    volume = host.attached(instance, is_deleted_with_instance=1)
    with host.db.transaction() as tx:
        if host.now(volume).status is not VolumeStatus.DETACHING:
            volumes.advance(tx, host.now(volume), VolumeEvent.UNPLUGGED)
    host.take_due()
    assert host.rung("volume.box1")[-1] == ("delete", volume.id)
    host.take_due()

    assert host.status(volume) == "deleted/detached"
    assert list(host.pool.volumes()) == []


def test_a_volume_with_snapshots_outlives_its_instance(host: Host) -> None:
    instance = host.add_instance()
    volume = host.attached(instance, is_deleted_with_instance=1)
    host.add_snapshot(volume, status="available")
    unplugged(host, volume)
    with host.db.transaction() as tx:
        tx.execute("UPDATE instances SET vm_state = 'deleted'")
    host.take_due()

    assert host.status(volume) == "available/detached"


def test_an_instance_starts_when_the_last_of_its_volumes_is_exported(host: Host) -> None:
    instance = host.launching()
    first, second = host.promised(instance), host.promised(instance)
    host.steps["export"](first.id)
    assert host.rung("volume.box1") == [("map", instance.id)]
    host.steps["map"](instance.id)
    assert str(host.instance_now(instance).state) == "building/block_device_mapping"
    host.steps["export"](second.id)
    host.steps["map"](instance.id)

    assert str(host.instance_now(instance).state) == "building/spawning"
    assert host.rung("compute.box1") == [("spawn", instance.id)]


def test_waiting_for_volumes_is_no_failed_attempt(host: Host) -> None:
    instance = host.launching()
    host.add(instance_id=instance.id, status=VolumeStatus.DOWNLOADING)
    for _ in range(2 * host.settings.queue.attempts_max):
        host.steps["map"](instance.id)

    assert host.instance_now(instance).attempts == 0
    assert str(host.instance_now(instance).state) == "building/block_device_mapping"


def test_an_instance_fails_with_a_volume_that_cannot_be_made(host: Host) -> None:
    instance = host.launching()
    other = host.promised(instance)
    host.steps["export"](other.id)
    volume = host.add(instance_id=instance.id, snapshot_id="none")
    with pytest.raises(errors.VolumeError):
        host.steps["create"](volume.id)
    assert ("map", instance.id) in host.rung("volume.box1")
    host.take_due()
    host.take_due()

    assert str(host.instance_now(instance).state) == "error/networking"
    fault = instances.fault(host.db, instance.id)
    assert fault is not None
    assert fault.message.startswith(f"volume {volume.id}: ")
    assert host.rung("network.box1") == [("release", instance.id)]
    assert host.status(other) == "available/detached"
    assert host.status(volume) == "error/detached"


def test_an_instance_fails_with_a_volume_that_cannot_be_exported(host: Host) -> None:
    instance = host.launching()
    volume = host.promised(instance)
    host.pool.delete(volume.id)
    with pytest.raises(errors.VolumeError):
        host.steps["export"](volume.id)
    assert host.status(volume) == "detaching/detached"
    host.take_due()
    fault = instances.fault(host.db, instance.id)
    assert fault is not None
    assert f"volume {volume.id}: volume {volume.id}: " in fault.message
    host.take_due()

    assert host.status(volume) == "available/detached"
