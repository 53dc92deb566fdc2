"""Rows of `roles` and `role_assignments`: who may do what where."""

from appliance import errors
from appliance.db import connection
from appliance.model.user import Assignment, Role


def create(tx: connection.Transaction, role: Role) -> None:
    """Insert the row. Raises Conflict when its name is taken."""
    if find_by_name(tx, role.name) is not None:
        raise errors.Conflict(f"Conflict occurred: a role named {role.name} exists.")
    tx.insert("roles", id=role.id, name=role.name)


def get(db: connection.Reader, role_id: str) -> Role:
    """The role. Raises NotFound."""
    row = db.row("SELECT * FROM roles WHERE id = ?", (role_id,))
    return Role(**connection.found(row, "role", role_id))


def find_by_name(db: connection.Reader, name: str) -> Role | None:
    """The role of that name, None when there is none."""
    row = db.row("SELECT * FROM roles WHERE name = ?", (name,))
    return Role(**dict(row)) if row else None


def all_roles(db: connection.Reader, *, name: str | None = None) -> list[Role]:
    """Every role (of that name), by name."""
    rows = db.rows("SELECT * FROM roles WHERE name = coalesce(?, name) ORDER BY name", (name,))
    return [Role(**dict(row)) for row in rows]


def of_user(db: connection.Reader, user_id: str, project_id: str) -> list[Role]:
    """The user's roles in the project, by name."""
    rows = db.rows(
        "SELECT r.* FROM role_assignments a JOIN roles r ON r.id = a.role_id "
        "WHERE a.user_id = ? AND a.project_id = ? ORDER BY r.name",
        (user_id, project_id),
    )
    return [Role(**dict(row)) for row in rows]


def assignments(
    db: connection.Reader,
    *,
    user_id: str | None = None,
    project_id: str | None = None,
    role_id: str | None = None,
) -> list[Assignment]:
    """Who has which role where: all of it, or what matches."""
    rows = db.rows(
        """
        SELECT a.user_id, u.name AS user_name, a.project_id, p.name AS project_name,
               a.role_id, r.name AS role_name
        FROM role_assignments a JOIN users u ON u.id = a.user_id
        JOIN projects p ON p.id = a.project_id JOIN roles r ON r.id = a.role_id
        WHERE a.user_id = coalesce(?, a.user_id) AND a.project_id = coalesce(?, a.project_id)
              AND a.role_id = coalesce(?, a.role_id)
        ORDER BY u.name, p.name, r.name
        """,
        (user_id, project_id, role_id),
    )
    return [Assignment(**dict(row)) for row in rows]


def assign(tx: connection.Transaction, role_id: str, *, user_id: str, project_id: str) -> None:
    """Give the user the role in the project; it may have it already.

    The three exist: the caller has read them.
    """
    tx.execute(
        "INSERT OR IGNORE INTO role_assignments (user_id, role_id, project_id) VALUES (?, ?, ?)",
        (user_id, role_id, project_id),
    )


def unassign(tx: connection.Transaction, role_id: str, *, user_id: str, project_id: str) -> None:
    """Take the role from the user. Raises NotFound when it does not have it."""
    touched = tx.execute(
        "DELETE FROM role_assignments WHERE user_id = ? AND role_id = ? AND project_id = ?",
        (user_id, role_id, project_id),
    )
    if not touched:
        raise errors.NotFound("role assignment", f"{user_id}/{project_id}/{role_id}")
