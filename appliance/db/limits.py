"""Rows of `limits`, each with what its registered limit says."""

from collections.abc import Mapping
from typing import Final

from appliance import errors
from appliance.db import connection
from appliance.model.unified_limit import Limit

_SELECT: Final = (
    "SELECT l.*, r.service_id, r.region_id, r.resource_name, p.is_domain AS is_of_domain "
    "FROM limits l JOIN registered_limits r ON r.id = l.registered_limit_id "
    "JOIN projects p ON p.id = l.target_id"
)
# what a list may be filtered by → the column
_COLUMNS: Final = {
    "service_id": "r.service_id", "region_id": "r.region_id", "resource_name": "r.resource_name",
    "target_id": "l.target_id", "is_of_domain": "p.is_domain",
    "registered_limit_id": "l.registered_limit_id",
}  # fmt: skip


def create(tx: connection.Transaction, limit: Limit) -> None:
    """Insert the row. Raises Conflict when the target has one of that resource."""
    held = listed(
        tx, {"registered_limit_id": limit.registered_limit_id, "target_id": limit.target_id}
    )
    if held:
        raise errors.Conflict(
            f"Conflict occurred: {limit.target_id} has the limit {held[0].id} of "
            f"{limit.resource_name}."
        )
    tx.insert(
        "limits", id=limit.id, registered_limit_id=limit.registered_limit_id,
        target_id=limit.target_id, resource_limit=limit.resource_limit,
        description=limit.description,
    )  # fmt: skip


def get(db: connection.Reader, limit_id: str) -> Limit:
    """The limit. Raises NotFound."""
    row = db.row(f"{_SELECT} WHERE l.id = ?", (limit_id,))
    return Limit(**connection.found(row, "limit", limit_id))


def listed(
    db: connection.Reader, where: Mapping[str, object], *, within: str | None = None
) -> list[Limit]:
    """Limits of these values, of any target, or of the domain `within` and its projects only."""
    conditions = ["TRUE", *(f"{_COLUMNS[name]} IS ?" for name in where)]
    values = list(where.values())
    if within is not None:
        conditions.append("(p.id = ? OR p.domain_id = ?)")
        values += [within, within]
    rows = db.rows(f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY l.rowid", tuple(values))
    return [Limit(**dict(row)) for row in rows]


def update(tx: connection.Transaction, limit: Limit) -> None:
    """Write what may change of the row. Raises NotFound."""
    touched = tx.execute(
        "UPDATE limits SET resource_limit = ?, description = ? WHERE id = ?",
        (limit.resource_limit, limit.description, limit.id),
    )
    if not touched:
        raise errors.NotFound("limit", limit.id)


def delete(tx: connection.Transaction, limit_id: str) -> None:
    """Remove the row. Raises NotFound."""
    if not tx.execute("DELETE FROM limits WHERE id = ?", (limit_id,)):
        raise errors.NotFound("limit", limit_id)


def delete_of_service(tx: connection.Transaction, service_id: str) -> None:
    """Remove all limits of a service's resources; there may be none."""
    tx.execute(
        "DELETE FROM limits WHERE registered_limit_id IN "
        "(SELECT id FROM registered_limits WHERE service_id = ?)",
        (service_id,),
    )
