"""Rows of `snapshots`: reads, the one compare-and-swap that changes state, and workers' claims."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from appliance import clock, context, errors
from appliance.db import claims, connection, pages, stateful, volumes
from appliance.db import metadata as key_values
from appliance.model import volume_states
from appliance.model.volume import Snapshot
from appliance.model.volume_states import SnapshotEvent, SnapshotStatus

NOUN: Final = "snapshot"
TABLE: Final = "snapshots"
FIELDS: Final = tuple(field.name for field in dataclasses.fields(Snapshot))


def _snapshot(row: dict[str, Any]) -> Snapshot:
    return Snapshot(**row | {"status": SnapshotStatus(row["status"])})


def create(tx: connection.Transaction, snapshot: Snapshot) -> None:
    """Insert the row."""
    tx.insert(TABLE, **{name: getattr(snapshot, name) for name in FIELDS})


def get(db: connection.Reader, snapshot_id: str) -> Snapshot:
    """The snapshot, deleted or not. Raises NotFound."""
    row = db.row("SELECT * FROM snapshots WHERE id = ?", (snapshot_id,))
    return _snapshot(connection.found(row, NOUN, snapshot_id))


def get_visible(db: connection.Reader, snapshot_id: str, ctx: context.RequestContext) -> Snapshot:
    """The snapshot if it is not deleted and `ctx` may see it. Raises NotFound."""
    snapshot = get(db, snapshot_id)
    if snapshot.deleted_at or not (ctx.is_admin or snapshot.project_id == ctx.project_id):
        raise errors.NotFound(NOUN, snapshot_id)
    return snapshot


def of_project(
    db: connection.Reader,
    project_id: str | None,
    *,
    marker: str | None = None,
    limit: int = 1000,
) -> list[Snapshot]:
    """Snapshots that are not deleted, newest first; of all projects when `project_id` is None.

    `marker` is the last id of the page before. Raises BadRequest when there is no such snapshot.
    """
    rows = pages.newest(db, TABLE, project_id, marker=marker, limit=limit)
    return [_snapshot(dict(row)) for row in rows]


def of_volume(db: connection.Reader, volume_id: str) -> list[Snapshot]:
    """Snapshots of the volume that are not deleted."""
    rows = db.rows(
        "SELECT * FROM snapshots WHERE volume_id = ? AND deleted_at IS NULL", (volume_id,)
    )
    return [_snapshot(dict(row)) for row in rows]


def trashed(db: connection.Reader, host: str, *, until: str | None = None) -> list[Snapshot]:
    """Snapshots of `host` in the trash, the oldest first; those whose time is over at `until`."""
    rows = db.rows(
        "SELECT * FROM snapshots WHERE host = ? AND status = 'trashed' AND status <> 'deleted' "
        "AND (? IS NULL OR trashed_until <= ?) ORDER BY trashed_until",
        (host, until, until),
    )
    return [_snapshot(dict(row)) for row in rows]


def kept_of_volume(db: connection.Reader, volume_id: str) -> list[Snapshot]:
    """Snapshots of the volume that the pool has, those in the trash too."""
    rows = db.rows(
        "SELECT * FROM snapshots WHERE volume_id = ? AND status <> 'deleted'", (volume_id,)
    )
    return [_snapshot(dict(row)) for row in rows]


def unfinished(
    db: connection.Reader, due: Iterable[SnapshotStatus], *, host: str, now: str | None = None
) -> list[Snapshot]:
    """Snapshots of `host` in one of the states `due`, and that no live claim holds."""
    wanted = tuple(due)
    marks = ", ".join("?" * len(wanted))
    rows = db.rows(
        f"SELECT * FROM snapshots WHERE host = ? AND status IN ({marks}) AND status <> 'deleted' "
        f"AND (claim_expires_at IS NULL OR claim_expires_at < ?)",
        (host, *wanted, now or clock.stamp()),
    )
    return [_snapshot(dict(row)) for row in rows]


def advance(
    tx: connection.Transaction, snapshot: Snapshot, event: SnapshotEvent, **columns: object
) -> Snapshot:
    """Change the status by `event`, as `stateful.advance` does.

    Raises Conflict when `event` cannot happen in that status, Superseded when somebody else
    changed it first.
    """
    new = volume_states.snapshot_after(event, snapshot.status)
    stateful.advance(
        tx, NOUN, snapshot, event,
        was={"status": snapshot.status},
        columns={"status": new, **volumes.deletion(snapshot.deleted_at, new), **columns},
        before=snapshot.status, after=new,
    )  # fmt: skip
    return get(tx, snapshot.id)


def claim(
    tx: connection.Transaction,
    snapshot_id: str,
    due: Sequence[SnapshotStatus],
    *,
    owner: str,
    for_s: float,
) -> Snapshot | None:
    """Take the row for one step; None when none of `due` is its status, or somebody has it."""
    marks = ", ".join(f":status_{n}" for n in range(len(due)))
    taken = claims.take(
        tx, TABLE, snapshot_id,
        where=f"status IN ({marks})",
        params={f"status_{n}": status for n, status in enumerate(due)},
        owner=owner, for_s=for_s,
    )  # fmt: skip
    return get(tx, snapshot_id) if taken else None


def update(tx: connection.Transaction, snapshot_id: str, **columns: object) -> Snapshot:
    """Change columns that are no state: name, description, reason."""
    sets = ", ".join(f"{name} = :{name}" for name in columns)
    tx.execute(
        f"UPDATE snapshots SET {sets}, updated_at = :now WHERE id = :id",
        columns | {"now": clock.stamp(), "id": snapshot_id},
    )
    return get(tx, snapshot_id)


def metadata(db: connection.Reader, snapshot_id: str) -> dict[str, str]:
    """The user's own key-value pairs."""
    return key_values.of(db, NOUN, snapshot_id)


def set_metadata(tx: connection.Transaction, snapshot_id: str, pairs: Mapping[str, str]) -> None:
    """Replace the user's own key-value pairs."""
    key_values.replace(tx, NOUN, snapshot_id, pairs)
