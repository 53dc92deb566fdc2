"""The user's own key-value pairs of a thing: the same in every table that has them."""

from collections.abc import Mapping
from typing import Final

from appliance import errors
from appliance.db import connection

_TABLES: Final = {
    "instance": ("instance_metadata", "instance_id"),
    "volume": ("volume_metadata", "volume_id"),
    "snapshot": ("snapshot_metadata", "snapshot_id"),
}


def of(db: connection.Reader, noun: str, object_id: str) -> dict[str, str]:
    """The pairs of one object."""
    table, column = _TABLES[noun]
    rows = db.rows(f"SELECT key, value FROM {table} WHERE {column} = ?", (object_id,))
    return {row["key"]: row["value"] for row in rows}


def replace(
    tx: connection.Transaction, noun: str, object_id: str, pairs: Mapping[str, str]
) -> None:
    """Let `pairs` be all that the object has."""
    table, column = _TABLES[noun]
    tx.execute(f"DELETE FROM {table} WHERE {column} = ?", (object_id,))
    for key, value in pairs.items():
        tx.insert(table, **{column: object_id, "key": key, "value": value})


def change(
    tx: connection.Transaction,
    noun: str,
    object_id: str,
    pairs: Mapping[str, str],
    *,
    is_whole: bool,
) -> dict[str, str]:
    """Add `pairs` to those of the object, or let them be all; what it has then."""
    before = {} if is_whole else of(tx, noun, object_id)
    after = {**before, **pairs}
    replace(tx, noun, object_id, after)
    return after


def delete(tx: connection.Transaction, noun: str, object_id: str, key: str) -> None:
    """Take one pair away. Raises NotFound."""
    table, column = _TABLES[noun]
    if not tx.execute(f"DELETE FROM {table} WHERE {column} = ? AND key = ?", (object_id, key)):
        raise errors.NotFound("metadata item", key)
