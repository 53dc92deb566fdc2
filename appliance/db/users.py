"""Rows of `users`."""

from collections.abc import Mapping
from typing import Final

from appliance import clock, errors
from appliance.db import connection, extras
from appliance.model.project import DEFAULT_DOMAIN
from appliance.model.user import User

_COLUMNS: Final = (
    "name", "password_hash", "default_project_id", "is_enabled", "extra", "password_set_at",
)  # fmt: skip


def create(tx: connection.Transaction, user: User) -> None:
    """Insert the row. Raises Conflict when its name is taken in its domain."""
    _check_name(tx, user)
    tx.insert("users", **extras.columns(user))


def get(db: connection.Reader, user_id: str) -> User:
    """The user. Raises NotFound."""
    row = db.row("SELECT * FROM users WHERE id = ?", (user_id,))
    return User(**extras.fields(connection.found(row, "user", user_id)))


def find(db: connection.Reader, user_id: str) -> User | None:
    """The user with that id, None when there is none."""
    row = db.row("SELECT * FROM users WHERE id = ?", (user_id,))
    return User(**extras.fields(row)) if row else None


def find_by_name(
    db: connection.Reader, name: str, *, domain_id: str = DEFAULT_DOMAIN
) -> User | None:
    """The user of that name in the domain, None when there is none."""
    row = db.row("SELECT * FROM users WHERE domain_id = ? AND name = ?", (domain_id, name))
    return User(**extras.fields(row)) if row else None


def listed(db: connection.Reader, where: Mapping[str, object] | None = None) -> list[User]:
    """Users whose columns have these values, by name."""
    wanted = dict(where or {})
    conditions = " AND ".join(["TRUE", *(f"{column} = ?" for column in wanted)])
    rows = db.rows(
        f"SELECT * FROM users WHERE {conditions} ORDER BY name, id", tuple(wanted.values())
    )
    return [User(**extras.fields(row)) for row in rows]


def update(tx: connection.Transaction, user: User) -> None:
    """Write the row as it is now. Raises NotFound, and Conflict when its name is taken."""
    _check_name(tx, user)
    names = ", ".join(f"{name} = :{name}" for name in _COLUMNS)
    if not tx.execute(f"UPDATE users SET {names} WHERE id = :id", extras.columns(user)):
        raise errors.NotFound("user", user.id)


def set_password(tx: connection.Transaction, user_id: str, password_hash: str) -> None:
    """Give the user another password. Raises NotFound."""
    touched = tx.execute(
        "UPDATE users SET password_hash = ?, password_set_at = ? WHERE id = ?",
        (password_hash, clock.stamp(), user_id),
    )
    if not touched:
        raise errors.NotFound("user", user_id)


def delete(tx: connection.Transaction, user_id: str) -> None:
    """Remove the row and every role, credential and trust of the user. Raises NotFound."""
    if not tx.execute("DELETE FROM users WHERE id = ?", (user_id,)):
        raise errors.NotFound("user", user_id)


def _check_name(tx: connection.Transaction, user: User) -> None:
    other = find_by_name(tx, user.name, domain_id=user.domain_id)
    if other is not None and other.id != user.id:
        raise errors.Conflict(f"Conflict occurred: a user named {user.name} exists.")
