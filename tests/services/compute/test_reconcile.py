"""The regular look at the host: power states, a reboot, strangers."""

from appliance import config, ids
from appliance.db import connection, hosts, instances
from appliance.model.states import Event, PowerState, TaskState, VmState
from services.compute.driver import GuestSpec
from tests.services.compute.host import Host


def test_the_host_reports_its_room_less_what_is_reserved(host: Host) -> None:
    host.reconciler.look()
    (row,) = hosts.all_hosts(host.db)

    assert (row.name, row.vcpus, row.memory_mib) == ("box1", 16, 32768 - 512)
    assert (row.hypervisor, row.virt_type) == ("fake 1.0.0", "qemu")


def test_a_guest_that_died_makes_its_instance_stopped(host: Host) -> None:
    instance = host.running()
    host.reconciler.look()
    host.driver.crash(instance.id)
    host.reconciler.look()
    now = host.now(instance)

    assert (now.vm_state, now.power_state) == (VmState.STOPPED, PowerState.CRASHED)


def test_a_guest_that_somebody_started_makes_its_instance_active(host: Host) -> None:
    instance = host.change(host.running(), Event.STOP)
    host.steps["power_off"](instance.id)
    host.reconciler.look()
    host.driver.spawn(host.builder.spec(instance))
    host.reconciler.look()

    assert host.now(instance).vm_state is VmState.ACTIVE


def test_an_instance_with_a_task_is_left_to_its_step(host: Host) -> None:
    instance = host.change(host.running(), Event.REBOOT)
    host.reconciler.look()
    host.driver.stop(instance.id, timeout_s=0)
    host.reconciler.look()

    assert host.now(instance).task_state is TaskState.REBOOTING


def test_after_a_reboot_what_ran_runs_again_and_what_was_off_stays_off(host: Host) -> None:
    host.reconciler.look()
    ran, off = host.running(), host.running()
    host.change(off, Event.STOP)
    host.steps["power_off"](off.id)
    host.driver.crash(ran.id)
    after = host.booted("boot-2")
    after.look()
    assert host.now(ran).task_state is TaskState.POWERING_ON
    assert host.rung("compute.box1") == ["power_on"]

    host.take_due()
    after.look()
    assert host.now(ran).vm_state is VmState.ACTIVE
    assert host.driver.power_state(ran.id) is PowerState.RUNNING
    assert host.now(off).vm_state is VmState.STOPPED
    assert host.wired == 1


def test_a_worker_started_again_in_the_same_boot_believes_the_guests(host: Host) -> None:
    host.reconciler.look()
    instance = host.running()
    host.driver.crash(instance.id)
    host.booted("boot-1").look()

    assert host.now(instance).vm_state is VmState.STOPPED


def test_a_domain_that_no_row_knows_goes_in_the_second_round(host: Host) -> None:
    stranger = ids.InstanceId(ids.new_uuid())
    host.folders.make(stranger)
    log = host.folders.console_log(stranger)
    host.driver.spawn(GuestSpec(instance_id=stranger, vcpus=1, memory_mib=64, console_log=log))
    kept = host.running()
    host.reconciler.look()
    host.reconciler.look()
    assert stranger in host.driver.guests()  # the first round was the one after a boot

    host.reconciler.look()
    assert list(host.driver.guests()) == [kept.id]
    assert host.folders.kept() == {kept.id}


def test_what_a_failed_launch_could_not_remove_goes_later(host: Host) -> None:
    instance = host.add()
    host.driver.spawn(host.builder.spec(instance))
    host.refuse("destroy", "busy")
    host.manager.spawn_failed(instance, RuntimeError("too late"))
    host.allow("destroy")
    for _ in range(3):
        host.reconciler.look()

    assert dict(host.driver.guests()) == {}


def test_the_hosts_of_others_are_left_alone(
    host: Host, db: connection.Database, settings: config.Settings
) -> None:
    elsewhere = host.add(host="box2", vm_state=VmState.ACTIVE, task_state=None)
    host.reconciler.look()
    host.reconciler.look()

    assert instances.get(db, elsewhere.id).vm_state is VmState.ACTIVE
