"""What the database knows of a token: who bears it, and whether it was revoked.

A token itself is never stored: it carries its ids, and everything else is read when it is used.
"""

from dataclasses import dataclass

from appliance import clock
from appliance.db import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A token's user and project as they are now; `project_name` is "" without a project."""

    user_name: str
    password_hash: str
    project_name: str
    roles: frozenset[str]


def find_bearer(
    db: connection.Reader, audit_id: str, *, user_id: str, project_id: str
) -> Bearer | None:
    """Who bears the token, in one read.

    None when it is revoked, or its user or project is gone or disabled.
    """
    row = db.row(
        """
        SELECT u.name AS user_name, u.password_hash, coalesce(p.name, '') AS project_name,
               (SELECT group_concat(r.name) FROM role_assignments a
                JOIN roles r ON r.id = a.role_id
                WHERE a.user_id = u.id AND a.project_id = p.id) AS roles
        FROM users u LEFT JOIN projects p ON p.id = :project_id AND p.is_enabled
        WHERE u.id = :user_id AND u.is_enabled AND (:project_id = '' OR p.id IS NOT NULL)
              AND NOT EXISTS (SELECT 1 FROM revoked_tokens WHERE audit_id = :audit_id)
        """,
        {"audit_id": audit_id, "user_id": user_id, "project_id": project_id},
    )
    if row is None:
        return None
    roles = frozenset((row["roles"] or "").split(",")) - {""}
    return Bearer(**dict(row) | {"roles": roles})


def revoke(tx: connection.Transaction, audit_id: str, *, expires_at: str) -> None:
    """Take the token back; what expired meanwhile is forgotten on the way."""
    tx.execute("DELETE FROM revoked_tokens WHERE expires_at < ?", (clock.stamp(),))
    tx.execute(
        "INSERT OR IGNORE INTO revoked_tokens (audit_id, expires_at) VALUES (?, ?)",
        (audit_id, expires_at),
    )
