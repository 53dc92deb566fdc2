"""Volumes and guests brought together, on real rows and a real queue; the guests are fake."""

import threading

import pytest

from appliance import errors, ids
from appliance.db import instances, volumes
from appliance.model.instance import Instance
from appliance.model.states import Event, TaskState, VmState
from appliance.model.volume import Target, Volume
from appliance.model.volume_states import AttachStatus, VolumeEvent, VolumeState, VolumeStatus
from services.compute import tasks
from tests.appliance import rows
from tests.services.compute.host import IMAGE, Host

TARGET = str(Target(address="127.0.0.1", port=3261, iqn="iqn.2010-10.org.novabox:v", lun=1))
IN_USE = VolumeState(VolumeStatus.IN_USE, AttachStatus.ATTACHED)
LET_GO = VolumeState(VolumeStatus.DETACHING)


def give(
    host: Host, instance: Instance, status: VolumeStatus = VolumeStatus.ATTACHING, **more: object
) -> Volume:
    """A volume of the instance, exported."""
    columns: dict[str, object] = {
        "status": status, "attachment_id": ids.new_uuid(), "instance_id": instance.id,
        "device": "/dev/vdb", "target": TARGET,
    }  # fmt: skip
    return rows.add_volume(host.db, **columns | more)


def state(host: Host, volume: Volume) -> VolumeState:
    return volumes.get(host.db, volume.id).state


def detaching(host: Host, volume: Volume) -> None:
    with host.db.transaction() as tx:
        volumes.advance(tx, volumes.get(tx, volume.id), VolumeEvent.DETACH)


def test_a_running_guest_gets_a_volume_and_lets_go_of_it(host: Host) -> None:
    instance = host.running()
    volume = give(host, instance)
    host.take_due()
    assert state(host, volume) == IN_USE
    assert volumes.get(host.db, volume.id).attached_at
    assert host.driver.volumes(instance.id) == {volume.id}

    detaching(host, volume)
    host.take_due()
    assert state(host, volume) == LET_GO
    assert host.driver.volumes(instance.id) == frozenset()
    assert host.rung("volume.box1") == ["withdraw"]


def test_a_killed_attach_is_finished_by_the_next_try(host: Host) -> None:
    """The worker died after the guest had the volume and before the row said so."""
    instance = host.running()
    volume = give(host, instance)
    host.driver.attach(instance.id, host.builder.volume_disk(volume))
    host.take_due()

    assert state(host, volume) == IN_USE


def test_an_attach_that_fails_is_taken_back_with_its_reason(host: Host) -> None:
    instance = host.running()
    volume = give(host, instance)
    host.refuse("attach", "Authentication failure(513)")
    with pytest.raises(errors.HypervisorError):
        host.steps["attach"](volume.id)

    assert state(host, volume) == LET_GO
    assert "Authentication failure(513)" in volumes.get(host.db, volume.id).reason
    assert host.now(instance).vm_state is VmState.ACTIVE
    assert host.rung("volume.box1") == ["withdraw"]


def test_a_guest_that_holds_on_keeps_its_volume_and_the_reason_is_kept(host: Host) -> None:
    instance = host.running()
    volume = give(host, instance)
    host.take_due()
    detaching(host, volume)
    host.refuse("detach", "it is mounted")
    with pytest.raises(errors.HypervisorError):
        host.steps["detach"](volume.id)

    assert state(host, volume) == IN_USE
    assert "it is mounted" in volumes.get(host.db, volume.id).reason
    assert host.rung("volume.box1") == []


def test_an_attach_waits_for_the_task_of_its_instance(host: Host) -> None:
    instance = host.change(host.running(), Event.STOP)
    volume = give(host, instance)
    for _ in range(host.settings.queue.attempts_max + 2):
        host.steps["attach"](volume.id)
    assert state(host, volume) == VolumeState(VolumeStatus.ATTACHING)
    assert [step for step, _, _ in tasks.due(host.worker)] == ["power_off"]

    host.take_due()
    host.take_due()
    assert state(host, volume) == IN_USE
    assert host.driver.volumes(instance.id) == {volume.id}


def test_a_new_guest_starts_with_its_volumes(host: Host) -> None:
    """Boot from volume: no image, no disk of its own."""
    instance = host.add()
    root = give(host, instance, boot_index=0, device="/dev/vda")
    data = give(host, instance, device="/dev/sdf")
    host.steps["spawn"](instance.id)
    spec = host.builder.spec(host.now(instance))

    assert host.now(instance).vm_state is VmState.ACTIVE
    assert {state(host, volume) for volume in (root, data)} == {IN_USE}
    assert [volume.device for volume in spec.volumes] == ["vda", "vdf"]
    assert spec.disk is None
    assert host.driver.volumes(instance.id) == {root.id, data.id}


def test_a_failed_spawn_lets_go_of_its_volumes(host: Host) -> None:
    instance = host.add(image_id=IMAGE)
    volume = give(host, instance)
    host.refuse("spawn", "the target does not answer")
    with pytest.raises(errors.HypervisorError):
        host.steps["spawn"](instance.id)

    assert host.now(instance).vm_state is VmState.ERROR
    assert state(host, volume) == LET_GO
    assert host.rung("volume.box1") == ["withdraw"]


def test_a_terminated_instance_lets_go_of_its_volumes(host: Host) -> None:
    """Whatever they are about: none of them is forgotten."""
    instance = host.running()
    had = give(host, instance, VolumeStatus.IN_USE, attach_status=AttachStatus.ATTACHED)
    reserved = give(host, instance, VolumeStatus.RESERVED)
    unmade = give(host, instance, VolumeStatus.CREATING)
    unmade_for_good = give(host, instance, VolumeStatus.CREATING, is_deleted_with_instance=1)
    broken = give(host, instance, VolumeStatus.ERROR, is_deleted_with_instance=1)
    host.change(instance, Event.DELETE)
    host.steps["terminate"](instance.id)

    assert [state(host, one) for one in (had, reserved)] == [LET_GO, LET_GO]
    assert volumes.get(host.db, unmade.id).instance_id is None
    assert volumes.get(host.db, unmade_for_good.id).instance_id == instance.id
    assert state(host, broken) == VolumeState(VolumeStatus.DELETING)
    assert host.rung("volume.box1") == ["withdraw"] * 5


@pytest.mark.parametrize("step", ["power_on", "reboot"])
def test_a_guest_is_started_with_the_volumes_that_rows_say(host: Host, step: str) -> None:
    instance = host.running()
    kept, lost = give(host, instance), give(host, instance, device="/dev/vdc")
    host.take_due()
    host.driver.stop(instance.id, timeout_s=0)
    detaching(host, lost)
    event = Event.REBOOT if step == "reboot" else Event.BOOTED
    host.change(host.now(instance), event)
    host.steps[step](instance.id)
    host.take_due()

    assert host.driver.volumes(instance.id) == {kept.id}
    assert state(host, lost) == LET_GO


def test_a_stopped_instance_whose_domain_is_gone_gets_its_volume_at_the_next_start(
    host: Host,
) -> None:
    instance = host.change(host.running(), Event.STOP)
    host.take_due()
    host.driver.destroy(instance.id)
    volume = give(host, instance)
    host.take_due()
    assert state(host, volume) == IN_USE

    host.change(host.now(instance), Event.START)
    host.take_due()
    assert host.driver.volumes(instance.id) == {volume.id}


def test_a_start_and_an_attach_of_one_guest_do_not_meet(host: Host) -> None:
    """Each waits for the other: a guest is never made of rows that change meanwhile."""
    instance = host.change(host.running(), Event.STOP)
    host.take_due()
    volume = give(host, instance)
    with host.manager._alone(instance.id):
        attach = threading.Thread(target=host.steps["attach"], args=(volume.id,))
        attach.start()
        host.change(host.now(instance), Event.START)
    attach.join(10)
    host.take_due()
    host.take_due()

    assert not attach.is_alive()
    assert host.now(instance).task_state is None
    assert state(host, volume) == IN_USE
    assert host.driver.volumes(instance.id) == {volume.id}


def test_a_delete_overtakes_an_attach(host: Host) -> None:
    instance = host.running()
    volume = give(host, instance)
    now = host.change(host.now(instance), Event.DELETE)
    host.steps["terminate"](instance.id)
    host.steps["attach"](volume.id)

    assert now.task_state is TaskState.DELETING
    assert instances.get(host.db, instance.id).vm_state is VmState.DELETED
    assert state(host, volume) == LET_GO
