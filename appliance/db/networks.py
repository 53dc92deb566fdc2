"""Rows of `networks`."""

import dataclasses
import sqlite3
from typing import Any

from appliance import clock, context, errors, ids
from appliance.db import connection
from appliance.model.network import Network


def create(
    tx: connection.Transaction,
    *,
    name: str,
    project_id: str,
    mtu: int = 1500,
    is_shared: bool = False,
) -> Network:
    """Insert a network; its bridge's name is no other network's."""
    now = clock.stamp()
    new_id = ids.new_uuid()
    while tx.row("SELECT 1 FROM networks WHERE id BETWEEN ? AND ?", (new_id[:8], new_id[:9] + "~")):
        new_id = ids.new_uuid()
    tx.insert(
        "networks",
        id=new_id,
        name=name,
        project_id=project_id,
        mtu=mtu,
        is_shared=int(is_shared),
        created_at=now,
        updated_at=now,
    )
    return get(tx, new_id)


def insert(tx: connection.Transaction, network: Network) -> None:
    """Insert a network that was deleted, as it was. Raises Conflict when it is there."""
    tx.insert("networks", **dataclasses.asdict(network))


def get(db: connection.Reader, network_id: str) -> Network:
    """The network. Raises NotFound."""
    row = db.row("SELECT * FROM networks WHERE id = ?", (network_id,))
    return _network(connection.found(row, "network", network_id))


def get_visible(db: connection.Reader, network_id: str, ctx: context.RequestContext) -> Network:
    """The network if `ctx` may use it: its project's own, a shared one, any for an admin.

    Raises NotFound.
    """
    network = get(db, network_id)
    if not (ctx.is_admin or network.is_shared or network.project_id == ctx.project_id):
        raise errors.NotFound("network", network_id)
    return network


def visible(db: connection.Reader, ctx: context.RequestContext) -> list[Network]:
    """Networks that `ctx` may use, oldest first."""
    if ctx.is_admin:
        return all_networks(db)
    rows = db.rows(
        "SELECT * FROM networks WHERE project_id = ? OR is_shared = 1 ORDER BY created_at, id",
        (ctx.project_id,),
    )
    return [_network(dict(row)) for row in rows]


def all_networks(db: connection.Reader) -> list[Network]:
    """Every network, oldest first."""
    return [
        _network(dict(row)) for row in db.rows("SELECT * FROM networks ORDER BY created_at, id")
    ]


def rename(tx: connection.Transaction, network_id: str, name: str) -> None:
    """Give it another name."""
    tx.execute(
        "UPDATE networks SET name = ?, updated_at = ? WHERE id = ?",
        (name, clock.stamp(), network_id),
    )


def delete(tx: connection.Transaction, network_id: str) -> None:
    """Delete a network and its subnets. Raises Conflict while a port is on it, NotFound."""
    get(tx, network_id)
    try:
        tx.execute("DELETE FROM networks WHERE id = ?", (network_id,))
    except sqlite3.IntegrityError as error:
        raise errors.Conflict(
            f"network {network_id} has ports: delete their servers first"
        ) from error


def _network(row: dict[str, Any]) -> Network:
    flags = {name: bool(row[name]) for name in ("is_shared", "is_external")}
    return Network(**row | flags)
