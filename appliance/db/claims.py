"""A worker's hold on one row while it takes a step: the claim columns, the same in three tables."""

from typing import Final

from appliance import clock
from appliance.db import connection

TABLES: Final = ("instances", "volumes", "snapshots")
FREE: Final = "(claim_expires_at IS NULL OR claim_expires_at < :now)"


def take(
    tx: connection.Transaction,
    table: str,
    row_id: str,
    *,
    where: str,
    params: dict[str, object],
    owner: str,
    for_s: float,
) -> bool:
    """Take the row for one step; False when `where` does not hold (any more) or somebody has it.

    One more attempt is counted. A claim ends by the change of state, by `release`, or by itself
    after `for_s` seconds: a killed worker holds nothing up for longer.
    """
    now = clock.now()
    touched = tx.execute(
        f"UPDATE {table} SET claim_owner = :owner, claim_expires_at = :until, "
        f"attempts = attempts + 1 WHERE id = :id AND ({where}) AND {FREE}",
        {
            "id": row_id, "owner": owner,
            "until": clock.stamp(now + for_s), "now": clock.stamp(now),
        }
        | params,
    )  # fmt: skip
    return touched == 1


def renew(tx: connection.Transaction, table: str, row_id: str, *, owner: str, for_s: float) -> bool:
    """Hold on to a claim while a long step works; False when it is not ours any more."""
    touched = tx.execute(
        f"UPDATE {table} SET claim_expires_at = ? WHERE id = ? AND claim_owner = ?",
        (clock.stamp(clock.now() + for_s), row_id, owner),
    )
    return touched == 1


def release(tx: connection.Transaction, table: str, row_id: str, *, owner: str) -> None:
    """Give the row back undone: the next sweep rings it again."""
    tx.execute(
        f"UPDATE {table} SET claim_owner = NULL, claim_expires_at = NULL "
        f"WHERE id = ? AND claim_owner = ?",
        (row_id, owner),
    )


def keep_trying(tx: connection.Transaction, table: str, row_id: str) -> None:
    """Forget the attempts so far: a step that is never given up, as a delete."""
    tx.execute(f"UPDATE {table} SET attempts = 0 WHERE id = ?", (row_id,))


def drop(tx: connection.Transaction, *, owner_like: str) -> int:
    """End the claims of a worker's earlier lives (`owner_like` as in SQL LIKE). How many."""
    return sum(
        tx.execute(
            f"UPDATE {table} SET claim_owner = NULL, claim_expires_at = NULL "
            f"WHERE claim_owner LIKE ?",
            (owner_like,),
        )
        for table in TABLES
    )
