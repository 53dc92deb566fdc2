"""Rows of `subnets`. All networks of a cloud share one host's routing, so no two may overlap."""

import dataclasses
import ipaddress
import json
import sqlite3
from typing import Any

from appliance import clock, errors, ids
from appliance.db import connection
from appliance.model.network import Subnet


def create(
    tx: connection.Transaction,
    *,
    network_id: str,
    project_id: str,
    cidr: str,
    name: str = "",
    gateway_ip: str | None = None,
    dns_servers: tuple[str, ...] = (),
    is_dhcp_enabled: bool = True,
) -> Subnet:
    """Insert a subnet; the gateway is its first address unless given, the pool all the others.

    Raises BadRequest for a range or gateway that cannot be, Conflict when it overlaps another
    subnet or the network has one already.
    """
    block = _block(cidr)
    gateway = _gateway(block, gateway_ip)
    _refuse_second(tx, network_id)
    _refuse_overlap(tx, block)
    now = clock.stamp()
    new_id = ids.new_uuid()
    tx.insert(
        "subnets",
        id=new_id,
        network_id=network_id,
        name=name,
        project_id=project_id,
        cidr=str(block),
        gateway_ip=str(gateway),
        pool_first=str(block[1]),
        pool_last=str(block[-2]),
        dns_servers=json.dumps(dns_servers),
        is_dhcp_enabled=int(is_dhcp_enabled),
        created_at=now,
        updated_at=now,
    )
    return get(tx, new_id)


def insert(tx: connection.Transaction, subnet: Subnet) -> None:
    """Insert a subnet that was deleted, as it was. Raises Conflict when its range, or the place in
    its network, was taken since.
    """
    _refuse_second(tx, subnet.network_id)
    _refuse_overlap(tx, ipaddress.IPv4Network(subnet.cidr))
    values = dataclasses.asdict(subnet) | {"dns_servers": json.dumps(subnet.dns_servers)}
    tx.insert("subnets", **values)


def get(db: connection.Reader, subnet_id: str) -> Subnet:
    """The subnet. Raises NotFound."""
    row = db.row("SELECT * FROM subnets WHERE id = ?", (subnet_id,))
    return _subnet(connection.found(row, "subnet", subnet_id))


def of_network(db: connection.Reader, network_id: str) -> list[Subnet]:
    """Subnets of one network, oldest first."""
    rows = db.rows(
        "SELECT * FROM subnets WHERE network_id = ? ORDER BY created_at, id", (network_id,)
    )
    return [_subnet(dict(row)) for row in rows]


def all_subnets(db: connection.Reader) -> list[Subnet]:
    """Every subnet, oldest first."""
    return [_subnet(dict(row)) for row in db.rows("SELECT * FROM subnets ORDER BY created_at, id")]


def delete(tx: connection.Transaction, subnet_id: str) -> None:
    """Delete it. Raises Conflict while a port has one of its addresses."""
    try:
        tx.execute("DELETE FROM subnets WHERE id = ?", (subnet_id,))
    except sqlite3.IntegrityError as error:
        raise errors.Conflict(
            f"Unable to complete operation on subnet {subnet_id}: One or more ports have an IP "
            f"allocation from this subnet."
        ) from error


def _block(cidr: str) -> ipaddress.IPv4Network:
    try:
        block = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise errors.BadRequest(f"cidr {cidr!r}: {error}") from error
    if not 8 <= block.prefixlen <= 29:
        raise errors.BadRequest(f"cidr {cidr}: a subnet is between /8 and /29")
    return block


def _gateway(block: ipaddress.IPv4Network, gateway_ip: str | None) -> ipaddress.IPv4Address:
    if gateway_ip is None:
        return block[1]
    try:
        gateway = ipaddress.IPv4Address(gateway_ip)
    except ValueError as error:
        raise errors.BadRequest(f"gateway_ip {gateway_ip!r}: {error}") from error
    if gateway not in block or gateway in (block[0], block[-1]):
        raise errors.BadRequest(f"gateway_ip {gateway} is no host address of {block}")
    return gateway


def _refuse_second(db: connection.Reader, network_id: str) -> None:
    if db.row("SELECT 1 FROM subnets WHERE network_id = ?", (network_id,)):
        raise errors.Conflict(f"network {network_id} has a subnet: here a network has just one")


def _refuse_overlap(db: connection.Reader, block: ipaddress.IPv4Network) -> None:
    for row in db.rows("SELECT id, cidr FROM subnets"):
        if block.overlaps(ipaddress.IPv4Network(row["cidr"])):
            raise errors.Conflict(f"cidr {block} overlaps {row['cidr']} of subnet {row['id']}")


def _subnet(row: dict[str, Any]) -> Subnet:
    return Subnet(
        **row
        | {
            "dns_servers": tuple(json.loads(row["dns_servers"])),
            "is_dhcp_enabled": bool(row["is_dhcp_enabled"]),
        }
    )
