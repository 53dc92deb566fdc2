"""Rows of `fixed_ips`: which port has which address. The primary key gives none out twice."""

import ipaddress

from appliance import errors
from appliance.db import connection
from appliance.model.network import FixedIp, Subnet

_LOWEST_FREE = """
WITH taken (number) AS (
    SELECT ip_number FROM fixed_ips WHERE subnet_id = :subnet_id
    UNION ALL SELECT :gateway UNION ALL SELECT :first - 1
)
SELECT min(number + 1) AS number FROM taken
WHERE number + 1 BETWEEN :first AND :last AND number + 1 NOT IN (SELECT number FROM taken)
"""


def allocate(tx: connection.Transaction, subnet: Subnet, port_id: str) -> str:
    """Give a port the lowest free address of the subnet's pool. Raises Conflict when it is full."""
    row = tx.row(
        _LOWEST_FREE,
        {
            "subnet_id": subnet.id,
            "gateway": _number(subnet.gateway_ip),
            "first": _number(subnet.pool_first),
            "last": _number(subnet.pool_last),
        },
    )
    if row is None or row["number"] is None:
        raise errors.Conflict(
            f"No more IP addresses available on network {subnet.network_id}: "
            f"subnet {subnet.cidr} is full"
        )
    return take(tx, subnet, port_id, ip=str(ipaddress.IPv4Address(row["number"])))


def take(tx: connection.Transaction, subnet: Subnet, port_id: str, *, ip: str) -> str:
    """Give a port this address. Raises Conflict when it is taken, BadRequest outside the subnet."""
    if ipaddress.IPv4Address(ip) not in ipaddress.IPv4Network(subnet.cidr):
        raise errors.BadRequest(f"fixed IP {ip} is not in subnet {subnet.id} ({subnet.cidr})")
    tx.insert("fixed_ips", subnet_id=subnet.id, ip=ip, ip_number=_number(ip), port_id=port_id)
    return ip


def release(tx: connection.Transaction, port_id: str) -> None:
    """Free all addresses of a port: they may be given out again at once."""
    tx.execute("DELETE FROM fixed_ips WHERE port_id = ?", (port_id,))


def of_port(db: connection.Reader, port_id: str) -> tuple[FixedIp, ...]:
    """The port's addresses, lowest first."""
    rows = db.rows(
        "SELECT subnet_id, ip FROM fixed_ips WHERE port_id = ? ORDER BY ip_number", (port_id,)
    )
    return tuple(FixedIp(**dict(row)) for row in rows)


def _number(ip: str) -> int:
    return int(ipaddress.IPv4Address(ip))
