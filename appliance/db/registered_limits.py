"""Rows of `registered_limits`."""

import dataclasses
from collections.abc import Mapping

from appliance import errors
from appliance.db import connection
from appliance.model.unified_limit import RegisteredLimit


def create(tx: connection.Transaction, limit: RegisteredLimit) -> None:
    """Insert the row. Raises Conflict when the resource has one; what it refers to exists."""
    _check_once(tx, limit)
    tx.insert("registered_limits", **dataclasses.asdict(limit))


def get(db: connection.Reader, limit_id: str) -> RegisteredLimit:
    """The registered limit. Raises NotFound."""
    row = db.row("SELECT * FROM registered_limits WHERE id = ?", (limit_id,))
    return RegisteredLimit(**connection.found(row, "registered limit", limit_id))


def find_of_resource(
    db: connection.Reader, *, service_id: str, region_id: str | None, resource_name: str
) -> RegisteredLimit | None:
    """The one of that resource, None when there is none."""
    row = db.row(
        "SELECT * FROM registered_limits WHERE service_id = ? AND coalesce(region_id, '') = ? "
        "AND resource_name = ?",
        (service_id, region_id or "", resource_name),
    )
    return RegisteredLimit(**dict(row)) if row else None


def listed(
    db: connection.Reader, where: Mapping[str, object] | None = None
) -> list[RegisteredLimit]:
    """Those whose columns have these values, in the order in which they were made."""
    wanted = dict(where or {})
    conditions = " AND ".join(["TRUE", *(f"{column} IS ?" for column in wanted)])
    rows = db.rows(
        f"SELECT * FROM registered_limits WHERE {conditions} ORDER BY rowid",
        tuple(wanted.values()),
    )
    return [RegisteredLimit(**dict(row)) for row in rows]


def update(tx: connection.Transaction, limit: RegisteredLimit) -> None:
    """Write the row as it is now. Raises NotFound, Conflict; what it refers to exists."""
    _check_once(tx, limit)
    touched = tx.execute(
        "UPDATE registered_limits SET service_id = :service_id, region_id = :region_id, "
        "resource_name = :resource_name, default_limit = :default_limit, "
        "description = :description WHERE id = :id",
        dataclasses.asdict(limit),
    )
    if not touched:
        raise errors.NotFound("registered limit", limit.id)


def delete(tx: connection.Transaction, limit_id: str) -> None:
    """Remove the row, which no limit refers to. Raises NotFound."""
    if not tx.execute("DELETE FROM registered_limits WHERE id = ?", (limit_id,)):
        raise errors.NotFound("registered limit", limit_id)


def _check_once(tx: connection.Transaction, limit: RegisteredLimit) -> None:
    other = find_of_resource(
        tx, service_id=limit.service_id, region_id=limit.region_id,
        resource_name=limit.resource_name,
    )  # fmt: skip
    if other is not None and other.id != limit.id:
        raise errors.Conflict(
            f"Conflict occurred: {limit.resource_name} of service {limit.service_id} has the "
            f"registered limit {other.id}."
        )
