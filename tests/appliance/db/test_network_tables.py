"""networks, subnets, ports, fixed IPs and security groups, on a real database file."""

from pathlib import Path

import pytest

from appliance import context, errors, ids
from appliance.db import (
    connection,
    fixed_ips,
    migrations,
    networks,
    ports,
    security_groups,
    subnets,
)
from appliance.model.network import Network, Subnet

RED = context.RequestContext(project_id=ids.ProjectId("red"))
BLUE = context.RequestContext(project_id=ids.ProjectId("blue"))
ADMIN = context.RequestContext(project_id=ids.ProjectId("x"), roles=frozenset({"admin"}))


@pytest.fixture
def db(tmp_path: Path) -> connection.Database:
    migrations.migrate(tmp_path)
    return connection.open_db(tmp_path)


def make(tx: connection.Transaction, cidr: str, *, project: str = "red") -> tuple[Network, Subnet]:
    network = networks.create(tx, name="private", project_id=project)
    return network, subnets.create(tx, network_id=network.id, project_id=project, cidr=cidr)


def test_a_network_is_seen_by_its_project_by_admins_and_shared_by_all(
    db: connection.Database,
) -> None:
    with db.transaction() as tx:
        own, _ = make(tx, "10.1.0.0/24")
        shared = networks.create(tx, name="shared", project_id="x", is_shared=True)
    assert {own.id, shared.id} == {n.id for n in networks.visible(db, RED)}
    assert [shared.id] == [n.id for n in networks.visible(db, BLUE)]
    assert {own.id, shared.id} == {n.id for n in networks.visible(db, ADMIN)}
    assert networks.get_visible(db, own.id, RED) == own
    with pytest.raises(errors.NotFound):
        networks.get_visible(db, own.id, BLUE)


def test_a_subnet_gets_gateway_and_pool_of_its_range(db: connection.Database) -> None:
    with db.transaction() as tx:
        _, subnet = make(tx, "10.78.0.0/24")
    assert (
        subnet.gateway_ip,
        subnet.pool_first,
        subnet.pool_last,
    ) == ("10.78.0.1", "10.78.0.1", "10.78.0.254")
    assert [subnet] == subnets.of_network(db, subnet.network_id) == subnets.all_subnets(db)


@pytest.mark.parametrize(
    ("cidr", "gateway"),
    [
        ("10.0.0.1/24", None),
        ("10.0.0.0/30", None),
        ("rubbish", None),
        ("10.0.0.0/24", "10.0.0.255"),
        ("10.0.0.0/24", "10.0.1.1"),
        ("10.0.0.0/24", "x"),
    ],
)
def test_a_subnet_that_cannot_be_is_refused(
    db: connection.Database, cidr: str, gateway: str | None
) -> None:
    with db.transaction() as tx:
        network = networks.create(tx, name="n", project_id="red")
        with pytest.raises(errors.BadRequest):
            subnets.create(
                tx, network_id=network.id, project_id="red", cidr=cidr, gateway_ip=gateway
            )


def test_subnets_never_overlap_and_a_network_has_one(db: connection.Database) -> None:
    with db.transaction() as tx:
        network, _ = make(tx, "10.1.0.0/16")
        with pytest.raises(errors.Conflict, match="overlaps"):
            make(tx, "10.1.2.0/24", project="blue")
        with pytest.raises(errors.Conflict, match="just one"):
            subnets.create(tx, network_id=network.id, project_id="red", cidr="10.9.0.0/24")


def test_addresses_are_given_lowest_first_and_a_freed_one_again(db: connection.Database) -> None:
    with db.transaction() as tx:
        network, subnet = make(tx, "10.1.0.0/29")
        made = [ports.create(tx, network_id=network.id, project_id="red") for _ in range(6)]
        given = [fixed_ips.allocate(tx, subnet, port.id) for port in made[:5]]
        assert [f"10.1.0.{n}" for n in (2, 3, 4, 5, 6)] == given
        with pytest.raises(errors.Conflict, match="No more IP addresses"):
            fixed_ips.allocate(tx, subnet, made[5].id)
        fixed_ips.release(tx, made[1].id)
        assert fixed_ips.allocate(tx, subnet, made[5].id) == "10.1.0.3"
        with pytest.raises(errors.Conflict):
            fixed_ips.take(tx, subnet, made[1].id, ip="10.1.0.3")
        with pytest.raises(errors.BadRequest):
            fixed_ips.take(tx, subnet, made[1].id, ip="10.2.0.3")
    assert sum(len(fixed_ips.of_port(db, port.id)) for port in made) == 5


def test_a_port_carries_its_addresses_and_groups(db: connection.Database) -> None:
    with db.transaction() as tx:
        network, subnet = make(tx, "10.1.0.0/24")
        group = security_groups.default_of(tx, "red")
        port = ports.create(
            tx, network_id=network.id, project_id="red", security_group_ids=[group.id, group.id]
        )
        fixed_ips.allocate(tx, subnet, port.id)
        ports.bind(tx, port.id, "box")
        ports.set_active(tx, port.id)
    found = ports.get(db, port.id)
    assert tuple(ip.ip for ip in found.fixed_ips) == ("10.1.0.2",)
    assert (group.id,) == found.security_group_ids
    assert (found.host, found.status) == ("box", "ACTIVE")
    assert found.mac.startswith("fa:16:3e:")
    assert [found] == ports.wired(db, "box") == ports.of_network(db, network.id)
    assert ports.wired(db, "other") == []
    with db.transaction() as tx:
        ports.unbind(tx, port.id)
        assert ports.wired(tx, "box") == []
        ports.delete(tx, port.id)
        ports.delete(tx, port.id)
    with pytest.raises(errors.NotFound):
        ports.get(db, port.id)


def test_a_network_with_ports_and_a_group_in_use_are_kept(db: connection.Database) -> None:
    with db.transaction() as tx:
        network, _ = make(tx, "10.1.0.0/24")
        group = security_groups.create(tx, name="web", project_id="red")
        port = ports.create(
            tx, network_id=network.id, project_id="red", security_group_ids=[group.id]
        )
        with pytest.raises(errors.Conflict, match="has ports"):
            networks.delete(tx, network.id)
        with pytest.raises(errors.Conflict, match="in use"):
            security_groups.delete(tx, group.id)
        ports.delete(tx, port.id)
        security_groups.delete(tx, group.id)
        networks.delete(tx, network.id)
    assert (networks.all_networks(db), subnets.all_subnets(db)) == ([], [])


def test_the_default_group_lets_out_and_lets_its_members_in(db: connection.Database) -> None:
    with db.transaction() as tx:
        group = security_groups.default_of(tx, "red")
        assert group == security_groups.default_of(tx, "red")
    assert sorted(
        (r.direction, r.ethertype, r.remote_group_id)
        for r in group.rules
        if r.direction != "ingress"
    ) == [("egress", "IPv4", None), ("egress", "IPv6", None)]
    assert {group.id} == {r.remote_group_id for r in group.rules if r.direction == "ingress"}
    assert [group] == security_groups.of_project(db, "red", name="default")
    assert security_groups.of_project(db, "blue") == []


def test_the_same_rule_twice_is_a_conflict(db: connection.Database) -> None:
    with db.transaction() as tx:
        group = security_groups.default_of(tx, "red")
        rule = security_groups.add_rule(
            tx, group.id, direction="ingress", protocol="tcp", port_min=22, port_max=22
        )
        with pytest.raises(errors.Conflict, match=rule.id):
            security_groups.add_rule(
                tx, group.id, direction="ingress", protocol="tcp", port_min=22, port_max=22
            )
        security_groups.delete_rule(tx, rule.id)
        with pytest.raises(errors.NotFound):
            security_groups.delete_rule(tx, rule.id)


def test_members_are_the_addresses_of_ports_that_stay(db: connection.Database) -> None:
    with db.transaction() as tx:
        network, subnet = make(tx, "10.1.0.0/24")
        group = security_groups.default_of(tx, "red")
        for _ in range(2):
            port = ports.create(
                tx, network_id=network.id, project_id="red", security_group_ids=[group.id]
            )
            fixed_ips.allocate(tx, subnet, port.id)
    assert {group.id: frozenset({"10.1.0.2", "10.1.0.3"})} == security_groups.members(
        db, [group.id]
    )
