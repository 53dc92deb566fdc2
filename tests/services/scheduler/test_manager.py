import random

import pytest

from appliance import clock, config, errors, queue
from appliance.db import connection, hosts, instances, volumes
from appliance.model.host import Host
from appliance.model.states import TaskState, VmState
from appliance.model.volume_states import VolumeStatus
from services.scheduler import driver, filters
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
    return Manager(settings=settings.scheduler, db=db, queue=topics, chooser=driver.load("simple"))


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


def host(name: str = "h", **columns: object) -> Host:
    values: dict[str, object] = {
        "name": name, "zone": "nova", "vcpus": 2, "memory_mib": 1024, "disk_gib": 10,
        "hypervisor": "fake", "virt_type": "qemu", "is_enabled": 1, "disabled_reason": None,
        "seen_at": clock.stamp(), "vcpus_used": 0, "memory_mib_used": 0, "disk_gib_used": 0,
        "instances": 0,
    }  # fmt: skip
    return Host(**values | columns)  # type: ignore[arg-type]  # a test's own mistake shows


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"seen_at": "2020-01-01T00:00:00.000000Z"}, "HostUpFilter"),
        ({"is_enabled": 0}, "ComputeFilter"),
        ({"zone": "elsewhere"}, "AvailabilityZoneFilter"),
        ({"vcpus_used": 32}, "CoreFilter"),
        ({"vcpus": 1}, "CoreFilter"),
        ({"memory_mib_used": 600}, "RamFilter"),
        ({"disk_gib_used": 20}, "DiskFilter"),
    ],
)
def test_each_filter_refuses_with_its_reason(columns: dict[str, object], name: str) -> None:
    request = filters.Request(vcpus=2, memory_mib=512, disk_gib=1, zone="nova")
    passed, refusals = filters.sift([host(**columns)], request, config.Scheduler())

    assert passed == []
    assert [refusal.filter for refusal in refusals] == [name]


def test_chance_takes_each_and_zone_stays_in_its_zone() -> None:
    random.seed(1)
    hosts = [host("a"), host("b", zone="z"), host("c", zone="z", memory_mib_used=1)]
    anywhere = filters.Request(vcpus=1, memory_mib=1, disk_gib=1)

    chance, zone = driver.load("chance"), driver.load("zone")
    assert {chance.choose(hosts, anywhere).name for _ in range(60)} == {"a", "b", "c"}
    assert {zone.choose(hosts, anywhere).name for _ in range(60)} == {"b", "c"}


class Last:
    """A user's own driver."""

    def choose(self, hosts: list[Host], request: filters.Request) -> Host:
        """The last host."""
        return hosts[-1]


def test_a_class_of_ones_own_is_named_in_the_settings() -> None:
    chosen = driver.load(f"{__name__}:Last").choose(
        [host("a"), host("b")], filters.Request(vcpus=1, memory_mib=1, disk_gib=1)
    )

    assert chosen.name == "b"


@pytest.mark.parametrize("name", ["nope", "json:Nope", "json:dumps", "a.b.c:D"])
def test_a_driver_that_is_none_is_a_config_error(name: str) -> None:
    with pytest.raises(errors.ConfigError, match=r"scheduler\.driver"):
        driver.load(name)
