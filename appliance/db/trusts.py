"""Rows of `trusts`; one that is deleted keeps its row for a day, for who asks what happened."""

import json
from typing import Any, Final

from appliance import clock, errors
from appliance.db import connection, extras
from appliance.model.trust import Trust

_KEPT_S: Final = 86_400.0


def create(tx: connection.Transaction, trust: Trust) -> None:
    """Insert the row; what was deleted long ago is forgotten on the way."""
    tx.execute("DELETE FROM trusts WHERE deleted_at < ?", (clock.stamp(clock.now() - _KEPT_S),))
    values = extras.columns(trust)
    tx.insert("trusts", **values | {"roles": json.dumps(values["roles"])})


def get(db: connection.Reader, trust_id: str) -> Trust:
    """The trust, unless it is deleted. Raises NotFound."""
    row = db.row("SELECT * FROM trusts WHERE id = ? AND deleted_at IS NULL", (trust_id,))
    return _trust(connection.found(row, "trust", trust_id))


def listed(
    db: connection.Reader, *, trustor_id: str | None = None, trustee_id: str | None = None
) -> list[Trust]:
    """Trusts that are not deleted (of that trustor, of that trustee)."""
    rows = db.rows(
        "SELECT * FROM trusts WHERE deleted_at IS NULL AND trustor_id = coalesce(?, trustor_id) "
        "AND trustee_id = coalesce(?, trustee_id) ORDER BY rowid",
        (trustor_id, trustee_id),
    )
    return [_trust(dict(row)) for row in rows]


def chain(db: connection.Reader, trust: Trust) -> list[Trust]:
    """The trust, the one that it was handed on from, and so on to the first. Raises NotFound."""
    found = [trust]
    while found[-1].redelegated_trust_id is not None:
        found.append(get(db, found[-1].redelegated_trust_id))
    return found


def use(tx: connection.Transaction, trust_id: str) -> None:
    """Count one token got by the trust. Raises Forbidden when none is left."""
    touched = tx.execute(
        "UPDATE trusts SET remaining_uses = remaining_uses - 1 "
        "WHERE id = ? AND deleted_at IS NULL AND (remaining_uses IS NULL OR remaining_uses > 0)",
        (trust_id,),
    )
    if not touched:
        raise errors.Forbidden(f"Trust {trust_id} has no use left.")


def delete(tx: connection.Transaction, trust_id: str) -> None:
    """End the trust and all that was handed on from it. Raises NotFound."""
    get(tx, trust_id)
    tx.execute(
        "WITH RECURSIVE ended (id) AS (SELECT ? UNION SELECT t.id FROM trusts t "
        "JOIN ended ON t.redelegated_trust_id = ended.id) "
        "UPDATE trusts SET deleted_at = ? WHERE id IN (SELECT id FROM ended) "
        "AND deleted_at IS NULL",
        (trust_id, clock.stamp()),
    )


def _trust(row: dict[str, Any]) -> Trust:
    fields = extras.fields(row)
    return Trust(**fields | {"roles": tuple(json.loads(fields["roles"]))})
