"""Rows of `client_tokens`: how clients call requests to run instances, and what these made."""

from dataclasses import dataclass

from appliance import clock
from appliance.db import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientToken:
    """`fingerprint` tells whether the same is asked for again."""

    fingerprint: str
    reservation_id: str


def find(db: connection.Reader, project_id: str, token: str) -> ClientToken | None:
    """What the project's token stands for, None when it is new."""
    row = db.row(
        "SELECT fingerprint, reservation_id FROM client_tokens WHERE project_id = ? AND token = ?",
        (project_id, token),
    )
    return ClientToken(**dict(row)) if row else None


def create(tx: connection.Transaction, project_id: str, token: str, *, means: ClientToken) -> None:
    """Insert the row."""
    tx.insert(
        "client_tokens",
        project_id=project_id,
        token=token,
        fingerprint=means.fingerprint,
        reservation_id=means.reservation_id,
        created_at=clock.stamp(),
    )
