"""Rows of `credentials`, gone with their user."""

from collections.abc import Mapping

from appliance import errors
from appliance.db import connection, extras
from appliance.model.credential import Credential


def create(tx: connection.Transaction, credential: Credential) -> None:
    """Insert the row. Raises Conflict when its id is taken."""
    tx.insert("credentials", **extras.columns(credential))


def get(db: connection.Reader, credential_id: str) -> Credential:
    """The credential. Raises NotFound."""
    row = db.row("SELECT * FROM credentials WHERE id = ?", (credential_id,))
    return Credential(**extras.fields(connection.found(row, "credential", credential_id)))


def listed(db: connection.Reader, where: Mapping[str, object]) -> list[Credential]:
    """Credentials whose columns have these values, oldest first."""
    conditions = " AND ".join(["TRUE", *(f"{column} = ?" for column in where)])
    rows = db.rows(
        f"SELECT * FROM credentials WHERE {conditions} ORDER BY rowid", tuple(where.values())
    )
    return [Credential(**extras.fields(row)) for row in rows]


def update(tx: connection.Transaction, credential: Credential) -> None:
    """Write the row as it is now. Raises NotFound."""
    touched = tx.execute(
        "UPDATE credentials SET type = :type, blob_sealed = :blob_sealed, user_id = :user_id, "
        "project_id = :project_id, extra = :extra WHERE id = :id",
        extras.columns(credential),
    )
    if not touched:
        raise errors.NotFound("credential", credential.id)


def delete(tx: connection.Transaction, credential_id: str) -> None:
    """Remove the row. Raises NotFound."""
    if not tx.execute("DELETE FROM credentials WHERE id = ?", (credential_id,)):
        raise errors.NotFound("credential", credential_id)
