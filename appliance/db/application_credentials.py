"""Rows of `application_credentials` and `access_rules`."""

import dataclasses
import json
from typing import Any

from appliance import errors
from appliance.db import connection
from appliance.model.access_rule import AccessRule
from appliance.model.application_credential import ApplicationCredential

_NOUN = "application credential"


def create(tx: connection.Transaction, credential: ApplicationCredential) -> None:
    """Insert the row, and its access rules where they are new. Raises Conflict (its name)."""
    values = {one.name: getattr(credential, one.name) for one in dataclasses.fields(credential)} | {
        "roles": json.dumps(credential.roles)
    }
    del values["access_rules"]
    taken = tx.row(
        "SELECT 1 FROM application_credentials WHERE user_id = ? AND name = ?",
        (credential.user_id, credential.name),
    )
    if taken:
        raise errors.Conflict(f"Duplicate entry found with name {credential.name}.")
    tx.insert("application_credentials", **values)
    for rule in credential.access_rules:
        tx.execute(
            "INSERT OR IGNORE INTO access_rules (id, user_id, service, method, path) "
            "VALUES (?, ?, ?, ?, ?)",
            (rule.id, credential.user_id, rule.service, rule.method, rule.path),
        )
        tx.insert(
            "application_credential_access_rules", credential_id=credential.id, rule_id=rule.id
        )


def find(db: connection.Reader, credential_id: str) -> ApplicationCredential | None:
    """The credential with that id, None when there is none."""
    row = db.row("SELECT * FROM application_credentials WHERE id = ?", (credential_id,))
    return _credential(db, row) if row else None


def of_user(
    db: connection.Reader, user_id: str, *, name: str | None = None
) -> list[ApplicationCredential]:
    """The user's credentials (of that name), oldest first."""
    rows = db.rows(
        "SELECT * FROM application_credentials WHERE user_id = ? AND name = coalesce(?, name) "
        "ORDER BY created_at, id",
        (user_id, name),
    )
    return [_credential(db, row) for row in rows]


def delete(tx: connection.Transaction, credential_id: str) -> None:
    """Remove the row; its access rules stay the user's. Raises NotFound."""
    if not tx.execute("DELETE FROM application_credentials WHERE id = ?", (credential_id,)):
        raise errors.NotFound(_NOUN, credential_id)


def rules_of_user(db: connection.Reader, user_id: str) -> list[AccessRule]:
    """The access rules that the user ever made and did not delete."""
    rows = db.rows("SELECT * FROM access_rules WHERE user_id = ? ORDER BY rowid", (user_id,))
    return [_rule(row) for row in rows]


def is_rule_used(db: connection.Reader, rule_id: str) -> bool:
    """Whether a credential has the rule."""
    row = db.row("SELECT 1 FROM application_credential_access_rules WHERE rule_id = ?", (rule_id,))
    return row is not None


def delete_rule(tx: connection.Transaction, rule_id: str) -> None:
    """Remove a rule that no credential has. Raises NotFound."""
    if not tx.execute("DELETE FROM access_rules WHERE id = ?", (rule_id,)):
        raise errors.NotFound("access rule", rule_id)


def _credential(db: connection.Reader, row: connection.Row) -> ApplicationCredential:
    fields: dict[str, Any] = dict(row)
    rules = db.rows(
        "SELECT r.* FROM access_rules r JOIN application_credential_access_rules c "
        "ON c.rule_id = r.id WHERE c.credential_id = ? ORDER BY c.rowid",
        (fields["id"],),
    )
    fields["roles"] = tuple(json.loads(fields["roles"]))
    return ApplicationCredential(**fields, access_rules=tuple(_rule(one) for one in rules))


def _rule(row: connection.Row) -> AccessRule:
    return AccessRule(id=row["id"], service=row["service"], method=row["method"], path=row["path"])
