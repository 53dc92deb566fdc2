"""Wiring and unwiring instances: rows, host and messages together, on the fake driver."""

import pytest

from appliance import config, errors, queue
from appliance.db import connection, instances, ports, security_groups, volumes
from appliance.model.instance import Instance
from appliance.model.network import Port
from appliance.model.states import Event, TaskState, VmState
from appliance.model.volume_states import VolumeStatus
from services.network.driver import Report
from services.network.fake import FakeDriver
from services.network.manager import Manager
from services.network.plan import HostNetwork, HostPlan
from tests.appliance import rows
from tests.services.network import cloud


class BrokenDriver:
    """A host that refuses everything."""

    def apply(self, plan: HostPlan) -> Report:
        raise errors.NetworkError("nft ended 1: no such thing", tried={"command": "nft -f -"})

    def survey(self) -> HostNetwork:
        return HostNetwork()

    def clear(self) -> Report:
        return Report()


@pytest.fixture
def driver(settings: config.Settings) -> FakeDriver:
    return FakeDriver(settings.home / "network")


@pytest.fixture
def told() -> list[dict[str, str]]:
    return []


@pytest.fixture
def manager(
    settings: config.Settings,
    db: connection.Database,
    topics: queue.Queue,
    driver: FakeDriver,
    told: list[dict[str, str]],
) -> Manager:
    return Manager(
        settings=settings,
        db=db,
        queue=topics,
        driver=driver,
        gateways=lambda gateways: told.append(dict(gateways)),
    )


def only_port(db: connection.Database, instance: Instance) -> Port:
    (port,) = ports.of_instance(db, instance.id)
    return port


def advance(db: connection.Database, instance: Instance, *events: Event) -> Instance:
    now = instances.get(db, instance.id)
    for event in events:
        with db.transaction() as tx:
            now = instances.advance(tx, now, event)
    return now


def test_an_instance_is_wired_and_compute_rung(
    db: connection.Database,
    manager: Manager,
    driver: FakeDriver,
    topics: queue.Queue,
    told: list[dict[str, str]],
) -> None:
    network = cloud.add_network(db)
    row = cloud.add_instance(db, network, name="Web 1")
    manager.work(row)

    port = only_port(db, row)
    assert [ip.ip for ip in port.fixed_ips] == ["10.78.0.2"]
    assert (port.host, port.status) == ("box1", "ACTIVE")
    assert instances.get(db, row.id).task_state is TaskState.SPAWNING
    assert [m.step for m in topics.peek("compute.box1")] == ["spawn"]
    host = driver.survey()
    assert host.taps[port.tap].port_id == port.id
    assert host.dhcp == {f"nbx-b-{network.id[:8]}": (f"{port.mac},10.78.0.2,web-1",)}
    assert told == [{"10.78.0.1": network.id}]


def test_an_instance_with_volumes_waits_for_them(
    db: connection.Database, manager: Manager, topics: queue.Queue
) -> None:
    row = cloud.add_instance(db, cloud.add_network(db))
    rows.add_volume(db, instance_id=row.id, status=VolumeStatus.RESERVED)
    manager.work(row)

    assert instances.get(db, row.id).task_state is TaskState.BLOCK_DEVICE_MAPPING
    assert [(m.step, m.object_id) for m in topics.peek("volume.box1")] == [("map", row.id)]
    assert only_port(db, row).status == "ACTIVE"


def test_an_instance_that_gets_no_network_lets_go_of_its_volumes(
    db: connection.Database, manager: Manager, topics: queue.Queue
) -> None:
    row = cloud.add_instance(db, cloud.add_network(db))
    volume = rows.add_volume(db, instance_id=row.id, status=VolumeStatus.RESERVED)
    manager.give_up(row, errors.NetworkError("nft ended 1"))

    assert volumes.get(db, volume.id).status is VolumeStatus.DETACHING
    assert [(m.step, m.object_id) for m in topics.peek("volume.box1")] == [("withdraw", volume.id)]


def test_wiring_twice_keeps_the_address(db: connection.Database, manager: Manager) -> None:
    row = cloud.add_instance(db, cloud.add_network(db))
    manager.work(row)
    before = only_port(db, row)
    with pytest.raises(errors.Superseded):
        manager.work(row)
    assert only_port(db, row).fixed_ips == before.fixed_ips


def test_a_full_network_ends_in_error_with_the_reason_and_takes_nothing(
    db: connection.Database, manager: Manager, topics: queue.Queue
) -> None:
    network = cloud.add_network(db, "10.78.0.0/29")
    for _ in range(5):
        manager.work(cloud.add_instance(db, network))
    late = cloud.add_instance(db, network)
    with pytest.raises(errors.Conflict) as caught:
        manager.work(late)
    manager.give_up(late, caught.value)

    now = instances.get(db, late.id)
    assert (now.vm_state, now.task_state) == (VmState.ERROR, TaskState.NETWORKING)
    fault = instances.fault(db, late.id)
    assert fault is not None
    assert "No more IP addresses" in fault.message
    assert [m.step for m in topics.peek("network.box1")] == ["release"]
    manager.work(now)
    assert only_port(db, late).fixed_ips == ()
    assert instances.get(db, late.id).task_state is None


def test_a_host_that_refuses_ends_in_error_with_what_was_tried(
    db: connection.Database, settings: config.Settings, topics: queue.Queue
) -> None:
    manager = Manager(settings=settings, db=db, queue=topics, driver=BrokenDriver())
    row = cloud.add_instance(db, cloud.add_network(db))
    with pytest.raises(errors.NetworkError) as caught:
        manager.work(row)
    manager.give_up(row, caught.value)
    fault = instances.fault(db, row.id)
    assert fault is not None
    assert (
        fault.message,
        fault.details,
    ) == ("nft ended 1: no such thing", '{"command": "nft -f -"}')


def test_a_deleted_instance_leaves_nothing(
    db: connection.Database, manager: Manager, driver: FakeDriver, told: list[dict[str, str]]
) -> None:
    row = cloud.add_instance(db, cloud.add_network(db))
    manager.work(row)
    gone = advance(db, row, Event.SPAWNED, Event.DELETE, Event.DESTROYED)
    manager.work(gone)

    assert ports.of_instance(db, row.id) == []
    assert instances.get(db, row.id).task_state is None
    assert (driver.survey().taps, driver.survey().bridges) == ({}, {})
    assert told[-1] == {}


def test_an_address_is_free_only_after_the_host_let_go_of_it(
    db: connection.Database, settings: config.Settings, topics: queue.Queue, manager: Manager
) -> None:
    network = cloud.add_network(db)
    row = cloud.add_instance(db, network)
    manager.work(row)
    gone = advance(db, row, Event.SPAWNED, Event.DELETE, Event.DESTROYED)
    broken = Manager(settings=settings, db=db, queue=topics, driver=BrokenDriver())
    with pytest.raises(errors.NetworkError):
        broken.work(gone)
    assert [ip.ip for ip in only_port(db, row).fixed_ips] == ["10.78.0.2"]
    other = cloud.add_instance(db, network)
    manager.work(other)
    assert [ip.ip for ip in only_port(db, other).fixed_ips] == ["10.78.0.3"]


def test_a_release_that_cannot_be_done_ends_with_the_reason_and_the_next_plan_does_it(
    db: connection.Database, manager: Manager, driver: FakeDriver
) -> None:
    row = cloud.add_instance(db, cloud.add_network(db))
    manager.work(row)
    gone = advance(db, row, Event.SPAWNED, Event.DELETE, Event.DESTROYED)
    manager.give_up(gone, errors.NetworkError("the kernel refused"))
    assert instances.get(db, row.id).task_state is None
    assert instances.fault(db, row.id) is not None
    assert driver.survey().taps
    manager.repair()
    assert driver.survey().taps == {}


def test_a_stopped_or_broken_instance_keeps_its_network(
    db: connection.Database, manager: Manager, driver: FakeDriver
) -> None:
    row = cloud.add_instance(db, cloud.add_network(db))
    manager.work(row)
    for events in ((Event.SPAWNED, Event.STOP, Event.STOPPED), (Event.START, Event.BROKEN)):
        advance(db, row, *events)
        assert not manager.repair()
    assert only_port(db, row).tap in driver.survey().taps


def test_instances_of_other_hosts_are_not_wired_here_but_are_members(
    db: connection.Database, manager: Manager, driver: FakeDriver, settings: config.Settings
) -> None:
    network = cloud.add_network(db)
    here = cloud.add_instance(db, network)
    manager.work(here)
    rules = driver.survey().rules
    there = cloud.add_instance(db, network, host="box2")
    with db.transaction() as tx:
        ports.bind(tx, only_port(db, there).id, "box2")
    manager.refresh()
    assert set(driver.survey().taps) == {only_port(db, here).tap}
    assert driver.survey().rules == rules


def test_a_new_rule_reaches_the_host_by_refresh(
    db: connection.Database, manager: Manager, driver: FakeDriver
) -> None:
    manager.work(cloud.add_instance(db, cloud.add_network(db)))
    rules = driver.survey().rules
    with db.transaction() as tx:
        group = security_groups.default_of(tx, "p1")
        security_groups.add_rule(tx, group.id, direction="ingress", protocol="icmp")
    assert manager.refresh() is True
    assert driver.survey().rules != rules


def test_repair_says_what_it_had_to_do_and_then_nothing(
    db: connection.Database, manager: Manager, driver: FakeDriver
) -> None:
    row = cloud.add_instance(db, cloud.add_network(db))
    manager.work(row)
    driver.clear()
    assert f"tap {only_port(db, row).tap}" in manager.repair().created
    assert not manager.repair()


def test_an_instance_deleted_while_it_was_wired_is_left_to_its_delete(
    db: connection.Database, manager: Manager
) -> None:
    row = cloud.add_instance(db, cloud.add_network(db))
    advance(db, row, Event.DELETE)
    with pytest.raises(errors.Superseded):
        manager.work(row)
    manager.work(advance(db, row, Event.DESTROYED))
    assert ports.of_instance(db, row.id) == []


def test_an_instance_without_ports_needs_no_host(
    db: connection.Database, manager: Manager, driver: FakeDriver
) -> None:
    row = cloud.add_instance(db, cloud.add_network(db))
    with db.transaction() as tx:
        ports.delete(tx, only_port(db, row).id)
    manager.work(row)
    assert instances.get(db, row.id).task_state is TaskState.SPAWNING
    assert driver.survey().taps == {}


def test_lists_of_ports_use_an_index(db: connection.Database) -> None:
    network = cloud.add_network(db)
    for sql, value in (
        ("SELECT * FROM ports WHERE instance_id = ?", "x"),
        ("SELECT * FROM ports WHERE network_id = ?", network.id),
        ("SELECT * FROM ports WHERE host = ?", "box1"),
        ("SELECT 1 FROM ports WHERE id BETWEEN ? AND 'x'", "a"),
    ):
        plan = " ".join(row["detail"] for row in db.rows(f"EXPLAIN QUERY PLAN {sql}", (value,)))
        assert "SEARCH" in plan, sql
