"""Rows of `ports`, each read with its fixed IPs and security groups."""

import ipaddress
from collections.abc import Iterable
from typing import Any, Final

from appliance import clock, errors, ids
from appliance.db import connection, fixed_ips
from appliance.model import network
from appliance.model.network import Port


def create(
    tx: connection.Transaction,
    *,
    network_id: str,
    project_id: str,
    instance_id: str | None = None,
    name: str = "",
    security_group_ids: Iterable[str] = (),
) -> Port:
    """Insert a port with a new MAC and no address yet; its tap's name is no other port's."""
    now = clock.stamp()
    new_id = ids.new_uuid()
    while tx.row("SELECT 1 FROM ports WHERE id BETWEEN ? AND ?", (new_id[:8], new_id[:9] + "~")):
        new_id = ids.new_uuid()
    mac = network.new_mac()
    while tx.row("SELECT 1 FROM ports WHERE mac = ?", (mac,)):
        mac = network.new_mac()
    tx.insert(
        "ports",
        id=new_id,
        network_id=network_id,
        project_id=project_id,
        name=name,
        mac=mac,
        instance_id=instance_id,
        created_at=now,
        updated_at=now,
    )
    set_security_groups(tx, new_id, security_group_ids)
    return get(tx, new_id)


def get(db: connection.Reader, port_id: str) -> Port:
    """The port. Raises NotFound."""
    row = db.row("SELECT * FROM ports WHERE id = ?", (port_id,))
    return _port(db, connection.found(row, "port", port_id))


def of_instance(db: connection.Reader, instance_id: str) -> list[Port]:
    """Ports of one instance, in the order of its interfaces."""
    return _ports(db, "WHERE instance_id = ?", (instance_id,))


def of_network(db: connection.Reader, network_id: str) -> list[Port]:
    """Ports on one network."""
    return _ports(db, "WHERE network_id = ?", (network_id,))


def of_project(db: connection.Reader, project_id: str | None) -> list[Port]:
    """Ports of one project, of all when None."""
    if project_id is None:
        return _ports(db, "", ())
    return _ports(db, "WHERE project_id = ?", (project_id,))


# A deleted or failed instance in `networking` is on its way out: see `model.states`.
STAYS: Final = (
    "NOT EXISTS (SELECT 1 FROM instances WHERE id = ports.instance_id AND "
    "(vm_state = 'deleted' OR (vm_state = 'error' AND task_state IS 'networking')))"
)


def wired(db: connection.Reader, host: str) -> list[Port]:
    """Ports that are to have a tap on `host`: bound to it, with an address, not on the way out."""
    return _ports(
        db, f"WHERE host = ? AND id IN (SELECT port_id FROM fixed_ips) AND {STAYS}", (host,)
    )


def find_at(db: connection.Reader, network_id: str, ip: str) -> Port | None:
    """The port that has this address on this network; None when nobody has."""
    row = db.row(
        "SELECT port_id FROM fixed_ips WHERE ip_number = ? "
        "AND subnet_id IN (SELECT id FROM subnets WHERE network_id = ?)",
        (int(ipaddress.IPv4Address(ip)), network_id),
    )
    return get(db, row["port_id"]) if row else None


def find_by_mac(db: connection.Reader, mac: str) -> Port | None:
    """The port with this MAC; None when nobody has it."""
    row = db.row("SELECT * FROM ports WHERE mac = ?", (mac,))
    return _port(db, dict(row)) if row else None


def bind(tx: connection.Transaction, port_id: str, host: str) -> None:
    """The port's tap is to be on `host`."""
    _set(tx, port_id, host=host, status="DOWN")


def set_active(tx: connection.Transaction, port_id: str) -> None:
    """The port is wired."""
    _set(tx, port_id, status="ACTIVE")


def unbind(tx: connection.Transaction, port_id: str) -> None:
    """The port has no tap and no addresses any more."""
    fixed_ips.release(tx, port_id)
    _set(tx, port_id, host=None, status="DOWN")


def rename(tx: connection.Transaction, port_id: str, name: str) -> None:
    """Give it another name."""
    _set(tx, port_id, name=name)


def delete(tx: connection.Transaction, port_id: str) -> None:
    """Delete the port and free its addresses; a port that is not there is no error."""
    tx.execute("DELETE FROM ports WHERE id = ?", (port_id,))


def set_security_groups(
    tx: connection.Transaction, port_id: str, security_group_ids: Iterable[str]
) -> None:
    """Replace the port's security groups. Raises Conflict for one that does not exist."""
    tx.execute("DELETE FROM port_security_groups WHERE port_id = ?", (port_id,))
    for group_id in dict.fromkeys(security_group_ids):
        tx.insert("port_security_groups", port_id=port_id, group_id=group_id)


def _set(tx: connection.Transaction, port_id: str, **values: object) -> None:
    sets = ", ".join(f"{name} = :{name}" for name in values)
    touched = tx.execute(
        f"UPDATE ports SET {sets}, updated_at = :now WHERE id = :id",
        {**values, "now": clock.stamp(), "id": port_id},
    )
    if touched != 1:
        raise errors.NotFound("port", port_id)


def _ports(db: connection.Reader, where: str, params: connection.Params) -> list[Port]:
    rows = db.rows(f"SELECT * FROM ports {where} ORDER BY created_at, id", params)
    return [_port(db, dict(row)) for row in rows]


def _port(db: connection.Reader, row: dict[str, Any]) -> Port:
    groups = db.rows(
        "SELECT group_id FROM port_security_groups WHERE port_id = ? ORDER BY group_id",
        (row["id"],),
    )
    return Port(
        **row,
        fixed_ips=fixed_ips.of_port(db, row["id"]),
        security_group_ids=tuple(group["group_id"] for group in groups),
    )
