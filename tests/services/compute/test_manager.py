"""The work on one host, on real rows and a real queue; the hypervisor is the fake."""

import pytest

from appliance import errors
from appliance.db import claims as db_claims
from appliance.db import instances
from appliance.model.states import Event, PowerState, TaskState, VmState
from tests.services.compute.host import IMAGE, Host


def test_a_spawned_instance_is_active_and_its_guest_runs(host: Host) -> None:
    instance = host.add(image_id=IMAGE)
    host.steps["spawn"](instance.id)
    now = host.now(instance)

    assert (now.vm_state, now.task_state, now.power_state) == (VmState.ACTIVE, None, 1)
    assert now.launched_at
    assert host.driver.power_state(instance.id) is PowerState.RUNNING
    assert host.folders.disk(instance.id).exists()
    assert not host.folders.config_drive(instance.id).exists()


def test_who_asks_for_a_config_drive_gets_one(host: Host) -> None:
    instance = host.add(image_id=IMAGE, has_config_drive=1)
    host.steps["spawn"](instance.id)

    assert host.folders.config_drive(instance.id).exists()


def test_a_killed_spawn_is_finished_by_the_next_try(host: Host) -> None:
    """The worker died after the guest ran and before the row said so."""
    instance = host.add(image_id=IMAGE)
    host.driver.spawn(host.builder.spec(instance))
    disk = host.folders.disk(instance.id).stat()
    host.take_due()

    assert host.now(instance).vm_state is VmState.ACTIVE
    assert host.folders.disk(instance.id).stat().st_ino == disk.st_ino


def test_a_failed_spawn_leaves_a_reason_and_nothing_else(host: Host) -> None:
    instance = host.add(image_id=IMAGE)
    host.refuse("spawn", "no room on the disk")
    with pytest.raises(errors.HypervisorError):
        host.steps["spawn"](instance.id)
    now, fault = host.now(instance), instances.fault(host.db, instance.id)

    assert (now.vm_state, now.task_state) == (VmState.ERROR, TaskState.NETWORKING)
    assert fault is not None
    assert "no room on the disk" in fault.message
    assert "verb: spawn" in fault.details
    assert host.folders.kept() == set()
    assert host.rung("network.box1") == ["release"]


def test_an_image_larger_than_the_flavors_disk_is_an_error_that_says_so(host: Host) -> None:
    instance = host.add(image_id=IMAGE)
    host.steps["spawn"](instance.id)
    path = host.folders.images / IMAGE
    with path.open("r+b") as image:
        image.truncate(2 << 30)
    late = host.add(image_id=IMAGE, disk_gib=1)
    with pytest.raises(errors.HypervisorError, match="take a larger flavor"):
        host.steps["spawn"](late.id)

    assert host.now(late).vm_state is VmState.ERROR


def test_a_launch_waits_for_glance_to_come_back(host: Host) -> None:
    instance = host.add(image_id=IMAGE)
    host.is_glance_up = False
    with pytest.raises(errors.Unavailable):
        host.take_due()
    assert host.now(instance).task_state is TaskState.SPAWNING

    host.is_glance_up = True
    host.take_due()
    assert host.now(instance).vm_state is VmState.ACTIVE
    assert host.wired == 1  # a second try asks for its network again


def test_a_terminated_instance_leaves_nothing_and_its_network_follows(host: Host) -> None:
    instance = host.running()
    host.change(instance, Event.DELETE)
    host.steps["terminate"](instance.id)
    host.steps["terminate"](instance.id)
    now = host.now(instance)

    assert (now.vm_state, now.task_state) == (VmState.DELETED, TaskState.NETWORKING)
    assert dict(host.driver.guests()) == {}
    assert host.folders.kept() == set()
    assert host.rung("network.box1") == ["release"]


def test_a_delete_that_fails_keeps_its_reason_and_is_never_given_up(host: Host) -> None:
    instance = host.running()
    host.change(instance, Event.DELETE)
    host.refuse("destroy", "device or resource busy")
    for _ in range(host.settings.queue.attempts_max + 2):
        with pytest.raises(errors.HypervisorError, match="busy"):
            host.steps["terminate"](instance.id)
        with host.db.transaction() as tx:
            db_claims.drop(tx, owner_like="%")
    host.allow("destroy")
    host.take_due()

    assert host.now(instance).vm_state is VmState.DELETED
    faults = host.db.rows("SELECT message FROM instance_faults")
    assert len(faults) == 1


def test_stop_start_and_reboot_change_guest_and_row(host: Host) -> None:
    instance = host.change(host.running(), Event.STOP)
    host.steps["power_off"](instance.id)
    assert host.now(instance).vm_state is VmState.STOPPED
    assert host.driver.power_state(instance.id) is PowerState.SHUTDOWN

    host.change(host.now(instance), Event.START)
    host.steps["power_on"](instance.id)
    assert host.now(instance).vm_state is VmState.ACTIVE
    assert host.wired == 1

    for event in (Event.REBOOT, Event.REBOOT_HARD):
        host.change(host.now(instance), event)
        host.steps["reboot"](instance.id)
        assert host.now(instance).vm_state is VmState.ACTIVE
        assert host.driver.power_state(instance.id) is PowerState.RUNNING


def test_a_start_that_fails_is_an_error_with_a_reason(host: Host) -> None:
    instance = host.change(host.running(), Event.STOP)
    host.steps["power_off"](instance.id)
    host.change(host.now(instance), Event.START)
    host.refuse("spawn", "the disk is on fire")
    with pytest.raises(errors.HypervisorError):
        host.steps["power_on"](instance.id)
    fault = instances.fault(host.db, instance.id)

    assert host.now(instance).vm_state is VmState.ERROR
    assert fault is not None
    assert "the disk is on fire" in fault.message


def test_console_output_is_what_the_guest_printed(host: Host) -> None:
    instance = host.running()

    boot, *printed = host.steps["console_output"](instance.id).splitlines()
    assert boot.startswith("=== novabox: boot 20")
    assert printed == [f"nbx-{instance.id} login:"]
    with pytest.raises(errors.NotFound):
        host.steps["console_output"]("nobody")
