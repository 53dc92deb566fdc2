"""Rows of `key_pairs`: a user's public keys."""

import sqlite3
from typing import Any

from appliance import errors
from appliance.db import connection
from appliance.model.key_pair import KeyPair


def create(tx: connection.Transaction, key_pair: KeyPair) -> None:
    """Insert the row. Raises Conflict when the user has a key pair of that name."""
    if _find(tx, key_pair.user_id, key_pair.name):
        raise errors.Conflict(f"Key pair '{key_pair.name}' already exists.")
    tx.insert(
        "key_pairs",
        user_id=key_pair.user_id,
        name=key_pair.name,
        kind=key_pair.kind,
        public_key=key_pair.public_key,
        fingerprint=key_pair.fingerprint,
        created_at=key_pair.created_at,
    )


def get(db: connection.Reader, user_id: str, name: str) -> KeyPair:
    """The user's key pair of this name. Raises NotFound."""
    row: dict[str, Any] = connection.found(_find(db, user_id, name), "Keypair", name)
    return KeyPair(**row)


def of_user(
    db: connection.Reader, user_id: str, *, marker: str = "", limit: int = 1000
) -> list[KeyPair]:
    """The user's key pairs by name, those after the name `marker`."""
    rows = db.rows(
        "SELECT * FROM key_pairs WHERE user_id = ? AND name > ? ORDER BY name LIMIT ?",
        (user_id, marker, limit),
    )
    return [KeyPair(**dict(row)) for row in rows]


def everybodys(db: connection.Reader) -> list[KeyPair]:
    """The key pairs of all users, by user and name."""
    rows = db.rows("SELECT * FROM key_pairs ORDER BY user_id, name")
    return [KeyPair(**dict(row)) for row in rows]


def count(db: connection.Reader, user_id: str) -> int:
    """How many the user has."""
    row = db.row("SELECT count(*) AS found FROM key_pairs WHERE user_id = ?", (user_id,))
    return int(row["found"]) if row else 0


def delete(tx: connection.Transaction, user_id: str, name: str) -> None:
    """Forget it; instances keep the public key they were made with. Raises NotFound."""
    if not tx.execute("DELETE FROM key_pairs WHERE user_id = ? AND name = ?", (user_id, name)):
        raise errors.NotFound("Keypair", name)


def _find(db: connection.Reader, user_id: str, name: str) -> sqlite3.Row | None:
    return db.row("SELECT * FROM key_pairs WHERE user_id = ? AND name = ?", (user_id, name))
