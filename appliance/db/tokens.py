"""Which tokens were revoked one by one.

A token itself is never stored: it carries its ids, and everything else is read when it is used.
"""

from appliance import clock
from appliance.db import connection


def is_revoked(db: connection.Reader, audit_id: str) -> bool:
    """Whether the token was taken back."""
    row = db.row("SELECT 1 FROM revoked_tokens WHERE audit_id = ?", (audit_id,))
    return row is not None


def revoke(tx: connection.Transaction, audit_id: str, *, expires_at: str) -> None:
    """Take the token back; what expired meanwhile is forgotten on the way."""
    tx.execute("DELETE FROM revoked_tokens WHERE expires_at < ?", (clock.stamp(),))
    tx.execute(
        "INSERT OR IGNORE INTO revoked_tokens (audit_id, expires_at) VALUES (?, ?)",
        (audit_id, expires_at),
    )
