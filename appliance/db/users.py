"""Rows of `users`."""

import dataclasses

from appliance import errors
from appliance.db import connection
from appliance.model.user import User


def create(tx: connection.Transaction, user: User) -> None:
    """Insert the row. Raises Conflict when its name is taken."""
    if find_by_name(tx, user.name) is not None:
        raise errors.Conflict(f"Conflict occurred: a user named {user.name} exists.")
    tx.insert("users", **dataclasses.asdict(user))


def get(db: connection.Reader, user_id: str) -> User:
    """The user. Raises NotFound."""
    row = db.row("SELECT * FROM users WHERE id = ?", (user_id,))
    return User(**connection.found(row, "user", user_id))


def find(db: connection.Reader, user_id: str) -> User | None:
    """The user with that id, None when there is none."""
    row = db.row("SELECT * FROM users WHERE id = ?", (user_id,))
    return User(**dict(row)) if row else None


def find_by_name(db: connection.Reader, name: str) -> User | None:
    """The user of that name, None when there is none."""
    row = db.row("SELECT * FROM users WHERE domain_id = 'default' AND name = ?", (name,))
    return User(**dict(row)) if row else None


def all_users(db: connection.Reader, *, name: str | None = None) -> list[User]:
    """Every user (of that name), by name."""
    rows = db.rows(
        "SELECT * FROM users WHERE domain_id = 'default' AND name = coalesce(?, name) "
        "ORDER BY name",
        (name,),
    )
    return [User(**dict(row)) for row in rows]


def update(tx: connection.Transaction, user: User) -> None:
    """Write the row as it is now. Raises NotFound, and Conflict when its name is taken."""
    other = find_by_name(tx, user.name)
    if other is not None and other.id != user.id:
        raise errors.Conflict(f"Conflict occurred: a user named {user.name} exists.")
    touched = tx.execute(
        "UPDATE users SET name = :name, password_hash = :password_hash, "
        "default_project_id = :default_project_id, is_enabled = :is_enabled WHERE id = :id",
        dataclasses.asdict(user),
    )
    if not touched:
        raise errors.NotFound("user", user.id)


def set_password(tx: connection.Transaction, user_id: str, password_hash: str) -> None:
    """Give the user another password. Raises NotFound."""
    if not tx.execute("UPDATE users SET password_hash = ? WHERE id = ?", (password_hash, user_id)):
        raise errors.NotFound("user", user_id)


def delete(tx: connection.Transaction, user_id: str) -> None:
    """Remove the row and every role the user has. Raises NotFound."""
    if not tx.execute("DELETE FROM users WHERE id = ?", (user_id,)):
        raise errors.NotFound("user", user_id)
