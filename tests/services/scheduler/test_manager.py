import pytest

from appliance import config, errors, queue
from appliance.db import connection, hosts, instances, volumes
from appliance.model.states import TaskState, VmState
from appliance.model.volume_states import VolumeStatus
from services.scheduler import placement
from services.scheduler.manager import Manager
from tests.appliance import rows


def report(
    db: connection.Database, name: str, *, memory_mib: int = 4096, zone: str = "nova"
) -> None:
    with db.transaction() as tx:
        hosts.report(
            tx, name, zone=zone, vcpus=2, memory_mib=memory_mib, disk_gib=100,
            hypervisor="fake", virt_type="qemu",
        )  # fmt: skip


@pytest.fixture
def manager(db: connection.Database, settings: config.Settings, topics: queue.Queue) -> Manager:
    return Manager(db=db, queue=topics, placer=placement.open_placer(settings))


def test_an_instance_is_placed_and_its_network_worker_rung(
    db: connection.Database, manager: Manager, topics: queue.Queue
) -> None:
    report(db, "box1")
    row = rows.add_instance(db)
    manager.place(row)
    now = instances.get(db, row.id)

    assert (now.host, now.task_state) == ("box1", TaskState.NETWORKING)
    assert [m.step for m in topics.peek("network.box1")] == ["allocate"]


def test_the_last_room_is_given_once(db: connection.Database, manager: Manager) -> None:
    report(db, "box1", memory_mib=600)
    first, second = rows.add_instance(db), rows.add_instance(db)
    manager.place(first)

    with pytest.raises(errors.NoValidHost, match=r"box1: RamFilter: 512 MiB asked, 88 free"):
        manager.place(second)
    manager.give_up(second, errors.NoValidHost([]))
    assert instances.get(db, second.id).vm_state is VmState.ERROR


def test_an_instance_that_no_host_takes_lets_its_volumes_go(
    db: connection.Database, manager: Manager, topics: queue.Queue
) -> None:
    row = rows.add_instance(db)
    volume = rows.add_volume(db, status=VolumeStatus.RESERVED, instance_id=row.id)
    manager.give_up(row, errors.NoValidHost([]))

    assert volumes.get(db, volume.id).status is VolumeStatus.DETACHING
    assert [(m.step, m.object_id) for m in topics.peek("volume.box1")] == [("withdraw", volume.id)]


def test_no_host_at_all_says_so(db: connection.Database, manager: Manager) -> None:
    row = rows.add_instance(db)
    with pytest.raises(errors.NoValidHost, match="No compute host has reported in"):
        manager.place(row)


def test_the_least_loaded_host_is_chosen(db: connection.Database, manager: Manager) -> None:
    report(db, "box1")
    report(db, "box2")
    for _ in range(4):
        manager.place(rows.add_instance(db))

    assert [host.instances for host in hosts.all_hosts(db)] == [2, 2]


def test_why_no_host_took_it_is_kept_in_numbers(db: connection.Database, manager: Manager) -> None:
    """A fault has what a screen shows days later: host, filter, asked, free."""
    report(db, "box1", memory_mib=600)
    row = rows.add_instance(db, memory_mib=1024)
    with pytest.raises(errors.NoValidHost) as raised:
        manager.place(row)
    manager.give_up(row, raised.value)
    fault = instances.fault(db, row.id)

    assert fault is not None
    assert fault.reasons == (
        errors.Reason(
            what="box1 RamFilter", text="1024 MiB asked, 600 free", asked=1024, free=600,
            limit=600, unit="MiB",
        ),
    )  # fmt: skip
