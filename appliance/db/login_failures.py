"""Rows of `login_failures`: wrong passwords in a row."""

from appliance import clock
from appliance.db import connection


def read(db: connection.Reader, user_id: str) -> tuple[int, float]:
    """How many, and when the last was, in seconds since the epoch."""
    row = db.row("SELECT count, last_at FROM login_failures WHERE user_id = ?", (user_id,))
    return (row["count"], clock.seconds(row["last_at"])) if row else (0, 0.0)


def write(tx: connection.Transaction, user_id: str, count: int) -> None:
    """Say how many there are now."""
    tx.execute(
        "INSERT OR REPLACE INTO login_failures (user_id, count, last_at) VALUES (?, ?, ?)",
        (user_id, count, clock.stamp()),
    )
