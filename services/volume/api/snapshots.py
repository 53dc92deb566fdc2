"""Snapshots: what a request may ask of them. The messages of what is refused are Cinder's."""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from appliance import clock, config, context, errors, ids, policy, quota, trace
from appliance import queue as topics
from appliance.db import connection, journal, metadata, pages, snapshots, volumes
from appliance.model.journal import Inverse
from appliance.model.volume import Snapshot, Volume
from appliance.model.volume_states import (
    SNAPSHOT_TRANSITIONS,
    SnapshotEvent,
    SnapshotStatus,
    VolumeStatus,
)
from services.volume.api import create, sources, trash, types


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSnapshot:
    """A snapshot that somebody asks for; `is_forced`: also of a volume that a guest has."""

    volume_id: str
    name: str = ""
    description: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    is_forced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """The verbs; may be used by many threads."""

    db: connection.Database
    queue: topics.Queue
    place: types.Place
    trash: config.Trash

    def create(self, ctx: context.RequestContext, request: CreateSnapshot) -> Snapshot:
        """Write the snapshot asked for and wake the volume's worker: nothing is made yet.

        Raises NotFound, BadRequest or OverQuota with nothing left behind.
        """
        policy.check(ctx, "volume:create_snapshot")
        create.check_texts(name=request.name, description=request.description)
        create.check_metadata(request.metadata)
        with self.db.transaction() as tx:
            volume = volumes.get_visible(tx, request.volume_id, ctx)
            self._check_volume(volume, is_forced=request.is_forced)
            quota.check(
                tx,
                ctx.project_id,
                asked={"snapshots": 1, "gigabytes": volume.size_gib},
                used=volumes.usage(tx, ctx.project_id),
            )
            snapshot = _write(tx, ctx, request, volume=volume)
            journal.note_of(tx, ctx, "snapshot.create", snapshot)
        self._ring(snapshot, "snapshot")
        return snapshot

    def _check_volume(self, volume: Volume, *, is_forced: bool) -> None:
        fit = [VolumeStatus.AVAILABLE] + [VolumeStatus.IN_USE] * is_forced
        if volume.status not in fit:
            raise errors.BadRequest(
                f"Invalid volume: Volume {volume.id} status must be {', '.join(fit)}, but current "
                f"status is: {volume.status}."
            )
        if volume.status is VolumeStatus.IN_USE and not self.place.volume_type.can_snapshot_in_use:
            raise errors.BadRequest(
                f"Invalid volume: Volume {volume.id} is in-use, and a volume of type "
                f"{volume.volume_type} must be available to have a snapshot taken: detach it first."
            )

    def get(self, ctx: context.RequestContext, snapshot_id: str) -> Snapshot:
        """The snapshot, if the caller may see it. Raises NotFound."""
        policy.check(ctx, "volume:get_snapshot")
        return snapshots.get_visible(self.db, snapshot_id, ctx)

    def page(
        self,
        ctx: context.RequestContext,
        *,
        keep: Callable[[Snapshot], bool] = lambda _: True,
        is_all_projects: bool = False,
        marker: str | None = None,
        limit: int = 1000,
    ) -> list[Snapshot]:
        """At most `limit` snapshots that `keep` keeps, newest first, those after id `marker`.

        Raises BadRequest when there is no such marker.
        """
        policy.check(ctx, "volume:get_all_snapshots")
        if is_all_projects:
            policy.check(ctx, "volume:get_all:all_tenants")
        project_id = None if is_all_projects else ctx.project_id
        found = pages.each(snapshots.of_project, self.db, project_id, marker=marker)
        return list(itertools.islice(filter(keep, found), limit))

    def metadata(self, snapshot: Snapshot) -> dict[str, str]:
        """The key-value pairs of a snapshot that the caller was shown."""
        return snapshots.metadata(self.db, snapshot.id)

    def update(
        self,
        ctx: context.RequestContext,
        snapshot_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> Snapshot:
        """Change the name, the description or both; None leaves it. Raises NotFound, BadRequest."""
        policy.check(ctx, "volume:update_snapshot")
        given = {"name": name, "description": description}
        texts = {what: text for what, text in given.items() if text is not None}
        create.check_texts(**texts)
        with self.db.transaction() as tx:
            snapshot = snapshots.get_visible(tx, snapshot_id, ctx)
            if not texts:
                return snapshot
            before = {what: getattr(snapshot, what) for what in texts}
            inverse = Inverse(verb="snapshot.update", args={"snapshot_id": snapshot_id, **before})
            journal.note_of(tx, ctx, "snapshot.update", snapshot, inverse)
            return snapshots.update(tx, snapshot_id, **texts)

    def set_metadata(
        self,
        ctx: context.RequestContext,
        snapshot_id: str,
        pairs: Mapping[str, str],
        *,
        is_whole: bool = False,
    ) -> dict[str, str]:
        """Add `pairs` to the snapshot's metadata, or let them replace it; what it is then."""
        policy.check(ctx, "volume:update_snapshot")
        create.check_metadata(pairs)
        with self.db.transaction() as tx:
            _note_metadata(tx, ctx, snapshots.get_visible(tx, snapshot_id, ctx))
            return metadata.change(tx, snapshots.NOUN, snapshot_id, pairs, is_whole=is_whole)

    def delete_metadata(self, ctx: context.RequestContext, snapshot_id: str, key: str) -> None:
        """Take one pair away. Raises NotFound."""
        policy.check(ctx, "volume:update_snapshot")
        with self.db.transaction() as tx:
            _note_metadata(tx, ctx, snapshots.get_visible(tx, snapshot_id, ctx))
            metadata.delete(tx, snapshots.NOUN, snapshot_id, key)

    def delete(self, ctx: context.RequestContext, snapshot_id: str) -> None:
        """Delete the snapshot; volumes made from it stay. An available one goes to the trash.

        Raises BadRequest while it is being made, or a volume is being made from it.
        """
        policy.check(ctx, "volume:delete_snapshot")
        with self.db.transaction() as tx:
            snapshot = snapshots.get_visible(tx, snapshot_id, ctx)
            if snapshot.status is not SnapshotStatus.DELETING:
                _check_deletable(snapshot)
                sources.check_not_needed(tx, snapshot)
                until = self.trash.until() if snapshot.status is SnapshotStatus.AVAILABLE else None
                _note_deletion(tx, ctx, snapshot, until=until)
                event = SnapshotEvent.TRASH if until else SnapshotEvent.DELETE
                snapshot = snapshots.advance(tx, snapshot, event, trashed_until=until)
        if snapshot.status is SnapshotStatus.DELETING:
            self._ring(snapshot, "delete_snapshot")

    def restore(self, ctx: context.RequestContext, snapshot_id: str) -> Snapshot:
        """Have a snapshot back from the trash, as it was.

        Raises Conflict when its volume is deleted, Gone when it is not there any more, OverQuota,
        NotFound.
        """
        policy.check(ctx, "volume:delete_snapshot")
        with self.db.transaction() as tx:
            snapshot = trash.snapshot(tx, ctx, snapshot_id)
            if volumes.get(tx, snapshot.volume_id).deleted_at:
                raise errors.Conflict(
                    f"The volume of snapshot {snapshot.name or snapshot_id} is deleted too: "
                    "undo that first."
                )
            quota.check(
                tx, snapshot.project_id,
                asked={"snapshots": 1, "gigabytes": snapshot.size_gib},
                used=volumes.usage(tx, snapshot.project_id),
            )  # fmt: skip
            inverse = Inverse(verb="snapshot.delete", args={"snapshot_id": snapshot_id})
            journal.note_of(tx, ctx, "snapshot.restore", snapshot, inverse)
            return snapshots.advance(tx, snapshot, SnapshotEvent.RESTORE)

    def _ring(self, snapshot: Snapshot, step: str) -> None:
        self.queue.ring(f"volume.{snapshot.host}", step, snapshot.id)


_DELETABLE: Final = tuple(SNAPSHOT_TRANSITIONS[SnapshotEvent.DELETE])


def _check_deletable(snapshot: Snapshot) -> None:
    if snapshot.status not in _DELETABLE:
        raise errors.BadRequest(
            f"Invalid snapshot: Snapshot status must be {' or '.join(_DELETABLE)}, but current "
            f"status is: {snapshot.status}."
        )


def _note_metadata(
    tx: connection.Transaction, ctx: context.RequestContext, snapshot: Snapshot
) -> None:
    pairs = snapshots.metadata(tx, snapshot.id)
    args = {"snapshot_id": snapshot.id, "pairs": pairs, "is_whole": True}
    inverse = Inverse(verb="snapshot.set_metadata", args=args)
    journal.note_of(tx, ctx, "snapshot.set_metadata", snapshot, inverse)


def _note_deletion(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    snapshot: Snapshot,
    *,
    until: str | None,
) -> None:
    inverse = Inverse(verb="snapshot.restore", args={"snapshot_id": snapshot.id})
    journal.note_of(
        tx, ctx, "snapshot.delete", snapshot, inverse if until else None,
        undo_until=until,
        why_final="" if until else trash.why_final(snapshot.status),
    )  # fmt: skip


def _write(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    request: CreateSnapshot,
    *,
    volume: Volume,
) -> Snapshot:
    new_id, now = ids.SnapshotId(ids.new_uuid()), clock.stamp()
    with trace.hop(
        "state", "created", target="database", snapshot=new_id, after=SnapshotStatus.CREATING
    ) as span:
        snapshot = Snapshot(
            id=new_id,
            project_id=ctx.project_id,
            user_id=ctx.user_id,
            volume_id=volume.id,
            name=request.name,
            description=request.description,
            size_gib=volume.size_gib,
            host=volume.host,
            status=SnapshotStatus.CREATING,
            reason="",
            created_at=now,
            updated_at=now,
            deleted_at=None,
            request_id=ctx.request_id,
            hop_id=span.id,
            claim_owner=None,
            claim_expires_at=None,
            attempts=0,
        )
        snapshots.create(tx, snapshot)
        snapshots.set_metadata(tx, new_id, request.metadata)
    return snapshot
