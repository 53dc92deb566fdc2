"""A network with subnet and default group in a real database, and instances on it."""

from appliance.db import connection, fixed_ips, networks, ports, security_groups, subnets
from appliance.model.instance import Instance
from appliance.model.network import Network
from appliance.model.states import TaskState, VmState
from tests.appliance import rows

HOST = "box1"


def add_network(
    db: connection.Database, cidr: str = "10.78.0.0/24", *, project_id: str = "p1"
) -> Network:
    with db.transaction() as tx:
        network = networks.create(tx, name="private", project_id=project_id, mtu=1450)
        subnets.create(tx, network_id=network.id, project_id=project_id, cidr=cidr)
        security_groups.default_of(tx, project_id)
    return network


def add_instance(db: connection.Database, network: Network, **columns: object) -> Instance:
    """An instance that the scheduler has placed on HOST, with one port on `network`."""
    placed: dict[str, object] = {
        "host": HOST, "project_id": network.project_id,
        "vm_state": VmState.BUILDING, "task_state": TaskState.NETWORKING,
    }  # fmt: skip
    row = rows.add_instance(db, **placed | columns)
    with db.transaction() as tx:
        group = security_groups.default_of(tx, network.project_id)
        ports.create(
            tx,
            network_id=network.id,
            project_id=network.project_id,
            instance_id=row.id,
            security_group_ids=[group.id],
        )
    return row


def add_guest(db: connection.Database, **columns: object) -> Instance:
    """An instance on a network of its own whose port has 10.78.0.2."""
    network = add_network(db)
    row = add_instance(db, network, **columns)
    with db.transaction() as tx:
        (port,) = ports.of_instance(tx, row.id)
        fixed_ips.allocate(tx, subnets.of_network(tx, network.id)[0], port.id)
    return row
