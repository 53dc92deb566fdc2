"""Rows of `old_passwords`: the hashes of the passwords that a user had."""

from typing import Final

from appliance import clock
from appliance.db import connection

KEPT: Final = 24  # of one user; more are asked for by no rule that a person can bear


def keep(tx: connection.Transaction, user_id: str, password_hash: str) -> None:
    """Remember a password that is about to be replaced, and forget the oldest."""
    if not password_hash:
        return
    tx.insert(
        "old_passwords", user_id=user_id, password_hash=password_hash, created_at=clock.stamp()
    )
    tx.execute(
        "DELETE FROM old_passwords WHERE user_id = ? AND id NOT IN "
        "(SELECT id FROM old_passwords WHERE user_id = ? ORDER BY id DESC LIMIT ?)",
        (user_id, user_id, KEPT),
    )


def newest(db: connection.Reader, user_id: str, count: int) -> list[str]:
    """The hashes of the user's last `count` passwords but the one it has, newest first."""
    rows = db.rows(
        "SELECT password_hash FROM old_passwords WHERE user_id = ? ORDER BY id DESC LIMIT ?",
        (user_id, count),
    )
    return [row["password_hash"] for row in rows]
