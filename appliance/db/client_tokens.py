"""Rows of `client_tokens`: how clients call requests to make something, and what these made."""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from appliance import clock, errors
from appliance.db import connection

CHARS_MAX: Final = 64  # as AWS has it


def made_before(
    db: connection.Reader, project_id: str, token: str, *, asked: Mapping[str, object]
) -> str | None:
    """What the project's token stands for: a reservation's id, or a volume's; None when it is new.

    Raises BadRequest for a token that is too long, IdempotentMismatch for one that was used when
    something else was asked.
    """
    if len(token) > CHARS_MAX:
        raise errors.BadRequest(
            f"Client token {token[:CHARS_MAX]}… has {len(token)} characters, more than {CHARS_MAX}."
        )
    row = db.row(
        "SELECT fingerprint, made_id FROM client_tokens WHERE project_id = ? AND token = ?",
        (project_id, token),
    )
    if row is None:
        return None
    if row["fingerprint"] != _fingerprint(asked):
        raise errors.IdempotentMismatch(
            f"Client token {token} was used for {row['made_id']} with other parameters; "
            "use a new one."
        )
    return str(row["made_id"])


def create(
    tx: connection.Transaction,
    project_id: str,
    token: str,
    *,
    asked: Mapping[str, object],
    made_id: str,
) -> None:
    """Insert the row."""
    tx.insert(
        "client_tokens",
        project_id=project_id,
        token=token,
        fingerprint=_fingerprint(asked),
        made_id=made_id,
        created_at=clock.stamp(),
    )


def _fingerprint(asked: Mapping[str, object]) -> str:
    """What was asked, in 64 digits."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
