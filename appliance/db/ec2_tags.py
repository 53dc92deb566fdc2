"""Rows of `ec2_tags`: what projects write on their instances, images, volumes and the rest."""

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.db import connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One row; `kind` is that of `ec2_ids`."""

    project_id: str
    kind: str
    object_id: str
    key: str
    value: str


def put(tx: connection.Transaction, tag: Tag) -> None:
    """Write it, over one of the same key."""
    tx.execute(
        "INSERT INTO ec2_tags (project_id, kind, object_id, key, value) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (object_id, key) DO UPDATE SET value = excluded.value",
        (tag.project_id, tag.kind, tag.object_id, tag.key, tag.value),
    )


def of_object(db: connection.Reader, object_id: str) -> dict[str, str]:
    """The tags of one object, by key."""
    return many(db, [object_id]).get(object_id, {})


def many(db: connection.Reader, object_ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Tags by object id; objects without any are left out."""
    wanted = tuple(object_ids)
    marks = ", ".join("?" * len(wanted))
    found: dict[str, dict[str, str]] = {}
    for row in db.rows(
        f"SELECT object_id, key, value FROM ec2_tags WHERE object_id IN ({marks}) ORDER BY key",
        wanted,
    ):
        found.setdefault(row["object_id"], {})[row["key"]] = row["value"]
    return found


def of_project(db: connection.Reader, project_id: str) -> list[Tag]:
    """The project's tags, of what there still is (a deleted instance stays to be described)."""
    rows = db.rows(
        """
        SELECT * FROM ec2_tags t WHERE project_id = ? AND CASE kind
            WHEN 'image' THEN EXISTS
                (SELECT 1 FROM images WHERE id = t.object_id AND deleted_at IS NULL)
            WHEN 'volume' THEN EXISTS
                (SELECT 1 FROM volumes WHERE id = t.object_id AND deleted_at IS NULL)
            WHEN 'snapshot' THEN EXISTS
                (SELECT 1 FROM snapshots WHERE id = t.object_id AND deleted_at IS NULL)
            WHEN 'security group' THEN EXISTS
                (SELECT 1 FROM security_groups WHERE id = t.object_id)
            ELSE 1 END
        ORDER BY object_id, key
        """,
        (project_id,),
    )
    return [Tag(**dict(row)) for row in rows]


def delete(tx: connection.Transaction, object_id: str, key: str, value: str | None) -> None:
    """Take the tag away if it is there and has this value (None: any)."""
    tx.execute(
        "DELETE FROM ec2_tags WHERE object_id = ? AND key = ? AND value = coalesce(?, value)",
        (object_id, key, value),
    )


def delete_all(tx: connection.Transaction, object_id: str) -> None:
    """Take every tag of the object away."""
    tx.execute("DELETE FROM ec2_tags WHERE object_id = ?", (object_id,))
