"""Rows of `role_assignments`: who was given which role where. What follows from them: `roles`."""

import dataclasses
from typing import Final

from appliance import errors
from appliance.db import connection
from appliance.model.role import Assignment

_SAME: Final = (
    "role_id = :role_id AND user_id IS :user_id AND group_id IS :group_id "
    "AND target_id IS :target_id AND is_inherited = :is_inherited"
)


def assign(tx: connection.Transaction, assignment: Assignment) -> None:
    """Give the role; it may be given already. What it names exists: the caller has read it."""
    tx.execute(
        "INSERT OR IGNORE INTO role_assignments (role_id, user_id, group_id, target_id, "
        "is_inherited) VALUES (:role_id, :user_id, :group_id, :target_id, :is_inherited)",
        dataclasses.asdict(assignment),
    )


def unassign(tx: connection.Transaction, assignment: Assignment) -> None:
    """Take the role back. Raises NotFound when it was not given."""
    touched = tx.execute(
        f"DELETE FROM role_assignments WHERE {_SAME}", dataclasses.asdict(assignment)
    )
    if not touched:
        raise errors.NotFound("role assignment", assignment.role_id)


def is_given(db: connection.Reader, assignment: Assignment) -> bool:
    """Whether just this was given."""
    row = db.row(f"SELECT 1 FROM role_assignments WHERE {_SAME}", dataclasses.asdict(assignment))
    return row is not None


def listed(db: connection.Reader, **where: object) -> list[Assignment]:
    """Assignments whose columns have these values (None: is NULL)."""
    conditions = " AND ".join(["TRUE", *(f"{column} IS :{column}" for column in where)])
    rows = db.rows(
        f"SELECT * FROM role_assignments WHERE {conditions} "
        "ORDER BY target_id, user_id, group_id, role_id, is_inherited",
        where,
    )
    return [Assignment(**dict(row)) for row in rows]
