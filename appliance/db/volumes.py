"""Rows of `volumes`: reads, the one compare-and-swap that changes state, and workers' claims."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from appliance import clock, context, errors
from appliance.db import claims, connection, pages, stateful
from appliance.db import metadata as key_values
from appliance.model import volume_states
from appliance.model.volume import Volume
from appliance.model.volume_states import AttachStatus, VolumeEvent, VolumeState, VolumeStatus

NOUN: Final = "volume"
TABLE: Final = "volumes"
FIELDS: Final = tuple(field.name for field in dataclasses.fields(Volume))
# what an attachment fills in, and its end takes away
NOT_ATTACHED: Final[Mapping[str, object]] = {
    "attachment_id": None, "instance_id": None, "device": None, "boot_index": None,
    "is_deleted_with_instance": 0, "target": None, "attached_at": None,
}  # fmt: skip
_UNMADE: Final = (VolumeStatus.CREATING, VolumeStatus.DOWNLOADING, VolumeStatus.ERROR)


def _volume(row: dict[str, Any]) -> Volume:
    return Volume(
        **row
        | {
            "status": VolumeStatus(row["status"]),
            "attach_status": AttachStatus(row["attach_status"]),
        }
    )


def create(tx: connection.Transaction, volume: Volume) -> None:
    """Insert the row."""
    tx.insert(TABLE, **{name: getattr(volume, name) for name in FIELDS})


def get(db: connection.Reader, volume_id: str) -> Volume:
    """The volume, deleted or not. Raises NotFound."""
    row = db.row("SELECT * FROM volumes WHERE id = ?", (volume_id,))
    return _volume(connection.found(row, NOUN, volume_id))


def get_visible(db: connection.Reader, volume_id: str, ctx: context.RequestContext) -> Volume:
    """The volume if it is not deleted and `ctx` may see it. Raises NotFound."""
    volume = get(db, volume_id)
    if volume.deleted_at or not (ctx.is_admin or volume.project_id == ctx.project_id):
        raise errors.NotFound(NOUN, volume_id)
    return volume


def of_project(
    db: connection.Reader,
    project_id: str | None,
    *,
    marker: str | None = None,
    limit: int = 1000,
) -> list[Volume]:
    """Volumes that are not deleted, newest first; of all projects when `project_id` is None.

    `marker` is the last id of the page before. Raises BadRequest when there is no such volume.
    """
    rows = pages.newest(db, TABLE, project_id, marker=marker, limit=limit)
    return [_volume(dict(row)) for row in rows]


def on_host(db: connection.Reader, host: str) -> list[Volume]:
    """Volumes that `host` keeps and that are not deleted."""
    rows = db.rows("SELECT * FROM volumes WHERE host = ? AND deleted_at IS NULL", (host,))
    return [_volume(dict(row)) for row in rows]


def kept_ids(db: connection.Reader, host: str) -> set[str]:
    """Ids of all volumes whose bytes `host` may have: those in the trash, and going, too."""
    rows = db.rows("SELECT id FROM volumes WHERE host = ? AND status <> 'deleted'", (host,))
    return {row["id"] for row in rows}


def trashed(db: connection.Reader, host: str, *, until: str | None = None) -> list[Volume]:
    """Volumes of `host` that are in the trash, the oldest first; only those whose time is over at
    `until`, if that is given.
    """
    rows = db.rows(
        "SELECT * FROM volumes WHERE host = ? AND status = 'trashed' AND status <> 'deleted' "
        "AND (? IS NULL OR trashed_until <= ?) ORDER BY trashed_until",
        (host, until, until),
    )
    return [_volume(dict(row)) for row in rows]


def being_made_from(db: connection.Reader, origin_id: str, *, host: str) -> list[Volume]:
    """Volumes of `host` that are being made from this snapshot or volume."""
    rows = db.rows(
        "SELECT * FROM volumes WHERE host = ? AND status = ? AND deleted_at IS NULL "
        "AND ? IN (snapshot_id, source_volume_id)",
        (host, VolumeStatus.CREATING, origin_id),
    )
    return [_volume(dict(row)) for row in rows]


def made_from(db: connection.Reader, snapshot_id: str, *, project_id: str) -> list[Volume]:
    """Volumes of a project that were made from this snapshot."""
    rows = db.rows(
        "SELECT * FROM volumes WHERE project_id = ? AND snapshot_id = ? AND deleted_at IS NULL",
        (project_id, snapshot_id),
    )
    return [_volume(dict(row)) for row in rows]


def of_instance(db: connection.Reader, instance_id: str) -> list[Volume]:
    """Volumes that the instance has, or is to have, the one it boots from first."""
    rows = db.rows(
        "SELECT * FROM volumes WHERE instance_id = ? AND deleted_at IS NULL "
        "ORDER BY boot_index IS NULL, boot_index, device, created_at, id",
        (instance_id,),
    )
    return [_volume(dict(row)) for row in rows]


def unfinished(
    db: connection.Reader, due: Iterable[VolumeState], *, host: str, now: str | None = None
) -> list[Volume]:
    """Volumes of `host` in one of the states `due`, and that no live claim holds."""
    wanted = set(due)
    marks = ", ".join("?" * len(wanted))
    rows = db.rows(
        f"SELECT * FROM volumes WHERE host = ? AND status IN ({marks}) AND status <> 'deleted' "
        f"AND (claim_expires_at IS NULL OR claim_expires_at < ?)",
        (host, *(state.status for state in wanted), now or clock.stamp()),
    )
    return [volume for row in rows if (volume := _volume(dict(row))).state in wanted]


def to_plug(db: connection.Reader, host: str, *, now: str | None = None) -> list[Volume]:
    """Volumes that a guest on `host` is to get or to let go of, that no live claim holds, and
    whose instance has no task: while it has one, its own step comes first.
    """
    rows = db.rows(
        "SELECT v.* FROM instances i CROSS JOIN volumes v ON v.instance_id = i.id "
        "WHERE i.host = ? AND i.deleted_at IS NULL AND i.task_state IS NULL "
        "AND v.instance_id IS NOT NULL "
        "AND (v.status, v.attach_status) IN (VALUES ('attaching', 'detached'), "
        "('detaching', 'attached')) "
        "AND (v.claim_expires_at IS NULL OR v.claim_expires_at < ?)",
        (host, now or clock.stamp()),
    )
    return [_volume(dict(row)) for row in rows]


def advance(
    tx: connection.Transaction, volume: Volume, event: VolumeEvent, **columns: object
) -> Volume:
    """Change the state by `event`, as `stateful.advance` does.

    Raises Conflict when `event` cannot happen in that state, Superseded when somebody else changed
    it first.
    """
    new = volume_states.after(event, volume.state)
    values = {"status": new.status, "attach_status": new.attach}
    stateful.advance(
        tx, NOUN, volume, event,
        was={
            "status": volume.status, "attach_status": volume.attach_status,
            "instance_id": volume.instance_id,
        },
        columns=values | deletion(volume.deleted_at, new.status) | columns,
        before=volume.state, after=new,
    )  # fmt: skip
    return get(tx, volume.id)


def deletion(deleted_at: str | None, status: str) -> dict[str, object]:
    """The columns that say since when nobody sees a volume or snapshot that comes into `status`."""
    if status in ("trashed", "deleted"):
        return {"deleted_at": deleted_at or clock.stamp()}
    if status == "deleting":  # from the trash it stays out of sight
        return {"trashed_until": None}
    return {"deleted_at": None, "trashed_until": None} if deleted_at else {}


def let_go(tx: connection.Transaction, instance_id: str) -> list[Volume]:
    """Take its volumes from an instance that has no guest, and gets none; those it had.

    Exports go next, by the volume worker. One that is still being made, and is to go with its
    instance, stays the instance's: whoever makes it sees at its end that nobody waits for it.
    """
    had = of_instance(tx, instance_id)
    for volume in had:
        if volume.state in volume_states.TRANSITIONS[VolumeEvent.UNPLUGGED]:
            advance(tx, volume, VolumeEvent.UNPLUGGED)
        elif volume.status is VolumeStatus.ERROR and volume.is_deleted_with_instance:
            advance(tx, volume, VolumeEvent.DELETE)
        elif volume.status in _UNMADE and not volume.is_deleted_with_instance:
            update(tx, volume.id, **NOT_ATTACHED)
    return had


def claim(
    tx: connection.Transaction,
    volume_id: str,
    due: Sequence[VolumeState],
    *,
    owner: str,
    for_s: float,
) -> Volume | None:
    """Take the row for one step; None when none of the states `due` is, or somebody has it."""
    where = " OR ".join(
        f"(status = :status_{n} AND attach_status = :attach_{n})" for n in range(len(due))
    )
    params: dict[str, object] = {}
    for n, state in enumerate(due):
        params |= {f"status_{n}": state.status, f"attach_{n}": state.attach}
    taken = claims.take(tx, TABLE, volume_id, where=where, params=params, owner=owner, for_s=for_s)
    return get(tx, volume_id) if taken else None


def update(tx: connection.Transaction, volume_id: str, **columns: object) -> Volume:
    """Change columns that are no state: name, description, is_bootable, reason."""
    sets = ", ".join(f"{name} = :{name}" for name in columns)
    tx.execute(
        f"UPDATE volumes SET {sets}, updated_at = :now WHERE id = :id",
        columns | {"now": clock.stamp(), "id": volume_id},
    )
    return get(tx, volume_id)


def metadata(db: connection.Reader, volume_id: str) -> dict[str, str]:
    """The user's own key-value pairs."""
    return key_values.of(db, NOUN, volume_id)


def set_metadata(tx: connection.Transaction, volume_id: str, pairs: Mapping[str, str]) -> None:
    """Replace the user's own key-value pairs."""
    key_values.replace(tx, NOUN, volume_id, pairs)


def usage(db: connection.Reader, project_id: str) -> dict[str, int]:
    """What counts against the project's quota: volumes, snapshots, gigabytes of both."""
    counts = {}
    for table in ("volumes", "snapshots"):
        row = db.row(
            f"SELECT count(*) AS count, coalesce(sum(size_gib), 0) AS size_gib FROM {table} "
            f"WHERE project_id = ? AND deleted_at IS NULL",
            (project_id,),
        )
        counts[table] = dict(row) if row else {"count": 0, "size_gib": 0}
    return {
        "volumes": counts["volumes"]["count"],
        "snapshots": counts["snapshots"]["count"],
        "gigabytes": counts["volumes"]["size_gib"] + counts["snapshots"]["size_gib"],
    }
