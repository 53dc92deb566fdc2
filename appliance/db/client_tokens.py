"""Rows of `client_tokens`: how clients call requests to make something, and what these made."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from appliance import clock
from appliance.db import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientToken:
    """`fingerprint` tells whether the same is asked for again; `made_id` is a reservation's, or
    a volume's.
    """

    fingerprint: str
    made_id: str


def fingerprint(asked: Mapping[str, object]) -> str:
    """What was asked, in 64 digits."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def find(db: connection.Reader, project_id: str, token: str) -> ClientToken | None:
    """What the project's token stands for, None when it is new."""
    row = db.row(
        "SELECT fingerprint, made_id FROM client_tokens WHERE project_id = ? AND token = ?",
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
        made_id=means.made_id,
        created_at=clock.stamp(),
    )
