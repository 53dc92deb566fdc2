"""Rows of `ec2_credentials`: keys for signing, gone with their user or project."""

import dataclasses
from collections.abc import Mapping

from appliance import errors
from appliance.db import connection
from appliance.model.ec2_credential import Ec2Credential

_NOUN = "EC2 credential"


def create(tx: connection.Transaction, credential: Ec2Credential) -> None:
    """Insert the row. Raises Conflict when its access key, or its id, is taken."""
    tx.insert("ec2_credentials", **dataclasses.asdict(credential))


def get(db: connection.Reader, access: str) -> Ec2Credential:
    """The credential with that access key. Raises NotFound."""
    row = db.row("SELECT * FROM ec2_credentials WHERE access = ?", (access,))
    return Ec2Credential(**connection.found(row, _NOUN, access))


def find(db: connection.Reader, access: str) -> Ec2Credential | None:
    """The credential with that access key, None when there is none."""
    row = db.row("SELECT * FROM ec2_credentials WHERE access = ?", (access,))
    return Ec2Credential(**dict(row)) if row else None


def of_user(db: connection.Reader, user_id: str) -> list[Ec2Credential]:
    """The user's credentials, oldest first."""
    rows = db.rows(
        "SELECT * FROM ec2_credentials WHERE user_id = ? ORDER BY created_at, access", (user_id,)
    )
    return [Ec2Credential(**dict(row)) for row in rows]


def listed(db: connection.Reader, where: Mapping[str, object]) -> list[Ec2Credential]:
    """Credentials whose columns have these values, oldest first."""
    conditions = " AND ".join(["TRUE", *(f"{column} = ?" for column in where)])
    rows = db.rows(
        f"SELECT * FROM ec2_credentials WHERE {conditions} ORDER BY created_at, access",
        tuple(where.values()),
    )
    return [Ec2Credential(**dict(row)) for row in rows]


def change_keys(
    tx: connection.Transaction, credential_id: str, *, access: str, secret_sealed: str
) -> None:
    """Let the credential have another access key and secret; its id stays. Raises Conflict."""
    other = find(tx, access)
    if other is not None and other.credential_id != credential_id:
        raise errors.Conflict("Conflict occurred: that access key is taken.")
    tx.execute(
        "UPDATE ec2_credentials SET access = ?, secret_sealed = ? WHERE credential_id = ?",
        (access, secret_sealed, credential_id),
    )


def delete(tx: connection.Transaction, access: str) -> None:
    """Forget it: what it signs is refused from now on."""
    tx.execute("DELETE FROM ec2_credentials WHERE access = ?", (access,))
