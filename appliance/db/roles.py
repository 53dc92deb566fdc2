"""Rows of `roles` and `implied_roles`, and which roles a user has in effect."""

from collections.abc import Mapping
from typing import Final

from appliance import errors
from appliance.db import connection, extras
from appliance.model.role import Role

# the roles in effect of a user on a target ('' is the system): granted there to it or its groups,
# or inherited from above; then all that those imply. A role of a domain only implies.
IN_EFFECT: Final = """
WITH RECURSIVE above (id, is_self) AS (
    SELECT :target_id, 1
    UNION SELECT p.parent_id, 0 FROM projects p JOIN above ON p.id = above.id
    WHERE p.parent_id IS NOT NULL
), held (id) AS (
    SELECT a.role_id FROM above CROSS JOIN role_assignments a
        ON coalesce(a.target_id, '') = above.id AND a.is_inherited <> above.is_self
    WHERE a.user_id = :user_id
    UNION SELECT a.role_id FROM above CROSS JOIN group_members m ON m.user_id = :user_id
    JOIN role_assignments a ON a.group_id = m.group_id
        AND coalesce(a.target_id, '') = above.id AND a.is_inherited <> above.is_self
    UNION SELECT i.implied_id FROM implied_roles i JOIN held ON i.prior_id = held.id
)
"""


def create(tx: connection.Transaction, role: Role) -> None:
    """Insert the row. Raises Conflict when its name is taken in its domain."""
    _check_name(tx, role)
    tx.insert("roles", **extras.columns(role))


def get(db: connection.Reader, role_id: str) -> Role:
    """The role. Raises NotFound."""
    row = db.row("SELECT * FROM roles WHERE id = ?", (role_id,))
    return Role(**extras.fields(connection.found(row, "role", role_id)))


def find_by_name(db: connection.Reader, name: str, *, domain_id: str = "") -> Role | None:
    """The role of that name in the domain ("": of the whole cloud), None when there is none."""
    row = db.row("SELECT * FROM roles WHERE domain_id = ? AND name = ?", (domain_id, name))
    return Role(**extras.fields(row)) if row else None


def listed(db: connection.Reader, where: Mapping[str, object] | None = None) -> list[Role]:
    """Roles whose columns have these values, by name."""
    wanted = dict(where or {})
    conditions = " AND ".join(["TRUE", *(f"{column} = ?" for column in wanted)])
    rows = db.rows(
        f"SELECT * FROM roles WHERE {conditions} ORDER BY name, id", tuple(wanted.values())
    )
    return [Role(**extras.fields(row)) for row in rows]


def of_user(db: connection.Reader, user_id: str, target_id: str) -> list[Role]:
    """The user's roles in effect on a project, a domain, or ("") the system, by name."""
    rows = db.rows(
        f"{IN_EFFECT} SELECT r.* FROM held JOIN roles r ON r.id = held.id "
        "WHERE r.domain_id = '' ORDER BY r.name",
        {"user_id": user_id, "target_id": target_id},
    )
    return [Role(**extras.fields(row)) for row in rows]


def update(tx: connection.Transaction, role: Role) -> None:
    """Write the row as it is now. Raises NotFound, and Conflict when its name is taken."""
    _check_name(tx, role)
    touched = tx.execute(
        "UPDATE roles SET name = :name, description = :description, extra = :extra WHERE id = :id",
        extras.columns(role),
    )
    if not touched:
        raise errors.NotFound("role", role.id)


def delete(tx: connection.Transaction, role_id: str) -> None:
    """Remove the row and every grant of it. Raises NotFound."""
    if not tx.execute("DELETE FROM roles WHERE id = ?", (role_id,)):
        raise errors.NotFound("role", role_id)


def imply(tx: connection.Transaction, prior_id: str, implied_id: str) -> None:
    """Let who has the one role have the other; it may be so already. Both exist."""
    tx.execute("INSERT OR IGNORE INTO implied_roles VALUES (?, ?)", (prior_id, implied_id))


def imply_no_more(tx: connection.Transaction, prior_id: str, implied_id: str) -> None:
    """End what `imply` said. Raises NotFound when it was not so."""
    touched = tx.execute(
        "DELETE FROM implied_roles WHERE prior_id = ? AND implied_id = ?", (prior_id, implied_id)
    )
    if not touched:
        raise errors.NotFound("implied role", f"{prior_id}/{implied_id}")


def implications(db: connection.Reader) -> list[tuple[str, str]]:
    """Every (prior role's id, implied role's id)."""
    rows = db.rows("SELECT prior_id, implied_id FROM implied_roles ORDER BY prior_id, implied_id")
    return [(row["prior_id"], row["implied_id"]) for row in rows]


def _check_name(tx: connection.Transaction, role: Role) -> None:
    other = find_by_name(tx, role.name, domain_id=role.domain_id)
    if other is not None and other.id != role.id:
        raise errors.Conflict(f"Conflict occurred: a role named {role.name} exists.")
