"""Rows of `groups` and `group_members`."""

from collections.abc import Mapping

from appliance import errors
from appliance.db import connection, extras
from appliance.model.user import Group, User


def create(tx: connection.Transaction, group: Group) -> None:
    """Insert the row. Raises Conflict when its name is taken in its domain."""
    _check_name(tx, group)
    tx.insert("groups", **extras.columns(group))


def get(db: connection.Reader, group_id: str) -> Group:
    """The group. Raises NotFound."""
    row = db.row("SELECT * FROM groups WHERE id = ?", (group_id,))
    return Group(**extras.fields(connection.found(row, "group", group_id)))


def listed(db: connection.Reader, where: Mapping[str, object] | None = None) -> list[Group]:
    """Groups whose columns have these values, by name."""
    wanted = dict(where or {})
    conditions = " AND ".join(["TRUE", *(f"{column} = ?" for column in wanted)])
    rows = db.rows(
        f"SELECT * FROM groups WHERE {conditions} ORDER BY name, id", tuple(wanted.values())
    )
    return [Group(**extras.fields(row)) for row in rows]


def update(tx: connection.Transaction, group: Group) -> None:
    """Write the row as it is now. Raises NotFound, and Conflict when its name is taken."""
    _check_name(tx, group)
    touched = tx.execute(
        "UPDATE groups SET name = :name, description = :description, extra = :extra WHERE id = :id",
        extras.columns(group),
    )
    if not touched:
        raise errors.NotFound("group", group.id)


def delete(tx: connection.Transaction, group_id: str) -> None:
    """Remove the row and every role that its members had by it. Raises NotFound."""
    if not tx.execute("DELETE FROM groups WHERE id = ?", (group_id,)):
        raise errors.NotFound("group", group_id)


def add(tx: connection.Transaction, group_id: str, user_id: str) -> None:
    """Let the user be of the group; it may be so already. Both exist."""
    tx.execute("INSERT OR IGNORE INTO group_members VALUES (?, ?)", (group_id, user_id))


def remove(tx: connection.Transaction, group_id: str, user_id: str) -> None:
    """Let the user be of the group no more. Raises NotFound when it is not."""
    touched = tx.execute(
        "DELETE FROM group_members WHERE group_id = ? AND user_id = ?", (group_id, user_id)
    )
    if not touched:
        raise errors.NotFound("user", user_id)


def of_user(db: connection.Reader, user_id: str) -> list[Group]:
    """The groups that the user is of, by name."""
    rows = db.rows(
        "SELECT g.* FROM groups g JOIN group_members m ON m.group_id = g.id "
        "WHERE m.user_id = ? ORDER BY g.name, g.id",
        (user_id,),
    )
    return [Group(**extras.fields(row)) for row in rows]


def members(db: connection.Reader, group_id: str) -> list[User]:
    """The group's users, by name."""
    rows = db.rows(
        "SELECT u.* FROM users u JOIN group_members m ON m.user_id = u.id "
        "WHERE m.group_id = ? ORDER BY u.name, u.id",
        (group_id,),
    )
    return [User(**extras.fields(row)) for row in rows]


def _check_name(tx: connection.Transaction, group: Group) -> None:
    for other in listed(tx, {"domain_id": group.domain_id, "name": group.name}):
        if other.id != group.id:
            raise errors.Conflict(f"Conflict occurred: a group named {group.name} exists.")
