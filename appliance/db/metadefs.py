"""Rows of metadata definitions: namespaces, their members, and which resources they are about."""

import dataclasses
import json
from typing import Any, Final

from appliance import clock, errors
from appliance.db import connection
from appliance.model.metadef import Association, Kind, Member, Namespace

_NAMESPACE: Final = "metadef namespace"


def create(tx: connection.Transaction, namespace: Namespace) -> None:
    """Insert the namespace. Raises Conflict when its name is taken."""
    if find(tx, namespace.namespace) is not None:
        raise errors.Conflict(f"The metadata definition namespace={namespace.namespace} exists.")
    tx.insert("metadef_namespaces", **dataclasses.asdict(namespace))


def find(db: connection.Reader, namespace: str) -> Namespace | None:
    """The namespace of that name, None when there is none."""
    row = db.row("SELECT * FROM metadef_namespaces WHERE namespace = ?", (namespace,))
    return Namespace(**dict(row)) if row else None


def namespaces(db: connection.Reader) -> list[Namespace]:
    """All namespaces, newest first."""
    rows = db.rows("SELECT * FROM metadef_namespaces ORDER BY created_at DESC, namespace")
    return [Namespace(**dict(row)) for row in rows]


def update(tx: connection.Transaction, old: str, new: Namespace) -> None:
    """Write the namespace anew, its name too. Raises NotFound, Conflict when that is taken."""
    if new.namespace != old and find(tx, new.namespace) is not None:
        raise errors.Conflict(f"The metadata definition namespace={new.namespace} exists.")
    values = dataclasses.asdict(new) | {"updated_at": clock.stamp()}
    names = ", ".join(f"{name} = :{name}" for name in values)
    values["old"] = old
    if not tx.execute(f"UPDATE metadef_namespaces SET {names} WHERE namespace = :old", values):
        raise errors.NotFound(_NAMESPACE, old)


def delete(tx: connection.Transaction, namespace: str) -> None:
    """Remove the namespace with all its members and associations. Raises NotFound."""
    if not tx.execute("DELETE FROM metadef_namespaces WHERE namespace = ?", (namespace,)):
        raise errors.NotFound(_NAMESPACE, namespace)


def add(tx: connection.Transaction, member: Member) -> None:
    """Insert a member. Raises Conflict when its name is taken among its kind."""
    if _find_member(tx, member.namespace, member.kind, member.name) is not None:
        raise errors.Conflict(f"A metadata definition {member.kind} {member.name} exists.")
    tx.insert("metadef_members", **dataclasses.asdict(member) | {"body": json.dumps(member.body)})


def member(db: connection.Reader, namespace: str, kind: Kind, name: str) -> Member:
    """One member. Raises NotFound."""
    row = _find_member(db, namespace, kind, name)
    return _member(connection.found(row, f"metadef {kind}", name))


def members(db: connection.Reader, namespace: str, kind: Kind) -> list[Member]:
    """The members of a kind, by name."""
    rows = db.rows(
        "SELECT * FROM metadef_members WHERE namespace = ? AND kind = ? ORDER BY name",
        (namespace, kind),
    )
    return [_member(dict(row)) for row in rows]


def count_members(db: connection.Reader, namespace: str) -> int:
    """How many members of all kinds a namespace has."""
    row = db.row("SELECT count(*) AS n FROM metadef_members WHERE namespace = ?", (namespace,))
    return int(row["n"]) if row else 0


def change(tx: connection.Transaction, old: Member, new: Member) -> None:
    """Write a member anew, its name too. Raises Conflict when that is taken."""
    remove(tx, old)
    add(tx, dataclasses.replace(new, updated_at=clock.stamp()))


def remove(tx: connection.Transaction, one: Member) -> None:
    """Remove a member."""
    tx.execute(
        "DELETE FROM metadef_members WHERE namespace = ? AND kind = ? AND name = ?",
        (one.namespace, one.kind, one.name),
    )


def clear(tx: connection.Transaction, namespace: str, kind: Kind) -> None:
    """Remove all members of a kind."""
    tx.execute("DELETE FROM metadef_members WHERE namespace = ? AND kind = ?", (namespace, kind))


def resource_types(db: connection.Reader) -> list[tuple[str, str, str]]:
    """Every known type of resource: name, created, updated."""
    rows = db.rows("SELECT * FROM metadef_resource_types ORDER BY name")
    return [(row["name"], row["created_at"], row["updated_at"]) for row in rows]


def associations(db: connection.Reader, namespace: str) -> list[Association]:
    """The resources that a namespace is about."""
    rows = db.rows(
        "SELECT * FROM metadef_associations WHERE namespace = ? ORDER BY resource_type",
        (namespace,),
    )
    return [Association(**dict(row)) for row in rows]


def associate(tx: connection.Transaction, association: Association) -> None:
    """Let a namespace be about a type of resource, which is known from here on.

    Raises Conflict when it is already.
    """
    tx.execute(
        "INSERT OR IGNORE INTO metadef_resource_types (name, created_at, updated_at) "
        "VALUES (?, ?, ?)",
        (association.resource_type, association.created_at, association.updated_at),
    )
    known = {one.resource_type for one in associations(tx, association.namespace)}
    if association.resource_type in known:
        raise errors.Conflict(
            f"{association.namespace} is associated with {association.resource_type} already."
        )
    tx.insert("metadef_associations", **dataclasses.asdict(association))


def dissociate(tx: connection.Transaction, namespace: str, resource_type: str) -> None:
    """End what `associate` said. Raises NotFound."""
    touched = tx.execute(
        "DELETE FROM metadef_associations WHERE namespace = ? AND resource_type = ?",
        (namespace, resource_type),
    )
    if not touched:
        raise errors.NotFound("metadef resource type association", resource_type)


def _find_member(
    db: connection.Reader, namespace: str, kind: Kind, name: str
) -> connection.Row | None:
    return db.row(
        "SELECT * FROM metadef_members WHERE namespace = ? AND kind = ? AND name = ?",
        (namespace, kind, name),
    )


def _member(row: dict[str, Any]) -> Member:
    return Member(**row | {"kind": Kind(row["kind"]), "body": json.loads(row["body"])})
