"""What is in the trash and may be had back: found for who may, or a sentence why not."""

from typing import Final

from appliance import clock, context, errors
from appliance.db import connection, snapshots, volumes
from appliance.model.volume import Snapshot, Volume

_TRASHED: Final = "trashed"


def volume(tx: connection.Transaction, ctx: context.RequestContext, volume_id: str) -> Volume:
    """The volume, if it is in the trash and may be had back. Raises NotFound, Gone, Conflict."""
    found = volumes.get(tx, volume_id)
    _check(found, ctx, noun=volumes.NOUN)
    return found


def snapshot(tx: connection.Transaction, ctx: context.RequestContext, snapshot_id: str) -> Snapshot:
    """The snapshot, if it is in the trash and may be had back. Raises NotFound, Gone, Conflict."""
    found = snapshots.get(tx, snapshot_id)
    _check(found, ctx, noun=snapshots.NOUN)
    return found


def why_final(status: str) -> str:
    """Why what was in this status when it was deleted is not kept."""
    return "nothing is kept: trash.kept_s is 0" if status == "available" else f"it was {status}"


def _check(found: Volume | Snapshot, ctx: context.RequestContext, *, noun: str) -> None:
    if not (ctx.is_admin or found.project_id == ctx.project_id):
        raise errors.NotFound(noun, found.id)
    if found.deleted_at is None:
        raise errors.Conflict(f"The {noun} {found.name or found.id} is not deleted.")
    if found.status != _TRASHED or str(found.trashed_until) <= clock.stamp():
        raise errors.Gone(
            f"The {noun} {found.name or found.id} is not in the trash any more: "
            "its time was over, or its room was needed."
        )
