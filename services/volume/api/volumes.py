"""Volumes: what a request may ask of them. The messages of what is refused are Cinder's."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from appliance import config, context, errors, policy, quota
from appliance import queue as topics
from appliance.db import connection, images, journal, metadata, pages, snapshots, volumes
from appliance.model.image import Image
from appliance.model.journal import Inverse
from appliance.model.volume import Snapshot, Volume
from appliance.model.volume_states import (
    TRANSITIONS,
    SnapshotEvent,
    SnapshotStatus,
    VolumeEvent,
    VolumeStatus,
)
from services.volume.api import create, sources, trash, types
from services.volume.api.create import CreateVolume


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What stands beside a volume's own row. `image`: what its bytes were first, deleted or not."""

    metadata: Mapping[str, str]
    image: Image | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volumes:
    """The verbs; may be used by many threads."""

    db: connection.Database
    queue: topics.Queue
    place: types.Place
    trash: config.Trash

    def create(self, ctx: context.RequestContext, request: CreateVolume) -> Volume:
        """Write the volume asked for and wake its worker: a promise, nothing is made yet.

        Raises NotFound, BadRequest, OverQuota or IdempotentMismatch with nothing left behind.
        """
        policy.check(ctx, "volume:create")
        with self.db.transaction() as tx:
            volume = create.once(tx, ctx, request, place=self.place)
            journal.note_of(tx, ctx, "volume.create", volume)
        self._ring(volume, "create")  # a volume that is made already is no step's work
        return volume

    def get(self, ctx: context.RequestContext, volume_id: str) -> Volume:
        """The volume, if the caller may see it. Raises NotFound."""
        policy.check(ctx, "volume:get")
        return volumes.get_visible(self.db, volume_id, ctx)

    def page(
        self,
        ctx: context.RequestContext,
        *,
        keep: Callable[[Volume], bool] = lambda _: True,
        is_all_projects: bool = False,
        marker: str | None = None,
        limit: int = 1000,
    ) -> list[Volume]:
        """At most `limit` volumes that `keep` keeps, newest first, those after id `marker`.

        Raises BadRequest when there is no such marker.
        """
        policy.check(ctx, "volume:get_all")
        if is_all_projects:
            policy.check(ctx, "volume:get_all:all_tenants")
        project_id = None if is_all_projects else ctx.project_id
        found = pages.each(volumes.of_project, self.db, project_id, marker=marker)
        return list(itertools.islice(filter(keep, found), limit))

    def details(self, volume: Volume) -> Details:
        """Metadata and image of a volume that the caller was shown."""
        return Details(metadata=volumes.metadata(self.db, volume.id), image=self._image(volume))

    def _image(self, volume: Volume) -> Image | None:
        try:
            return images.get(self.db, volume.image_id) if volume.image_id else None
        except errors.NotFound:
            return None

    def update(
        self,
        ctx: context.RequestContext,
        volume_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> Volume:
        """Change name and description, replace all metadata; None leaves it as it is.

        Raises NotFound or BadRequest with nothing changed.
        """
        policy.check(ctx, "volume:update")
        given = {"name": name, "description": description}
        texts = {what: text for what, text in given.items() if text is not None}
        create.check_texts(**texts)
        create.check_metadata(metadata or {})
        with self.db.transaction() as tx:
            volume = volumes.get_visible(tx, volume_id, ctx)
            before: dict[str, object] = {what: getattr(volume, what) for what in texts}
            if metadata is not None:
                before["metadata"] = volumes.metadata(tx, volume_id)
                volumes.set_metadata(tx, volume_id, metadata)
            if before:
                inverse = Inverse(verb="volume.update", args={"volume_id": volume_id, **before})
                journal.note_of(tx, ctx, "volume.update", volume, inverse)
            return volumes.update(tx, volume_id, **texts) if texts else volume

    def set_bootable(
        self, ctx: context.RequestContext, volume_id: str, *, is_bootable: bool
    ) -> Volume:
        """Say whether an instance may boot from the volume; nothing looks at its bytes."""
        policy.check(ctx, "volume:update")
        with self.db.transaction() as tx:
            volume = volumes.get_visible(tx, volume_id, ctx)
            args = {"volume_id": volume_id, "is_bootable": bool(volume.is_bootable)}
            inverse = Inverse(verb="volume.set_bootable", args=args)
            journal.note_of(tx, ctx, "volume.update", volume, inverse)
            return volumes.update(tx, volume_id, is_bootable=int(is_bootable))

    def set_metadata(
        self,
        ctx: context.RequestContext,
        volume_id: str,
        pairs: Mapping[str, str],
        *,
        is_whole: bool = False,
    ) -> dict[str, str]:
        """Add `pairs` to the volume's metadata, or let them replace it; what it is then."""
        policy.check(ctx, "volume:create_volume_metadata")
        create.check_metadata(pairs)
        with self.db.transaction() as tx:
            _note_metadata(tx, ctx, volumes.get_visible(tx, volume_id, ctx))
            return metadata.change(tx, volumes.NOUN, volume_id, pairs, is_whole=is_whole)

    def delete_metadata(self, ctx: context.RequestContext, volume_id: str, key: str) -> None:
        """Take one pair away. Raises NotFound."""
        policy.check(ctx, "volume:create_volume_metadata")
        with self.db.transaction() as tx:
            _note_metadata(tx, ctx, volumes.get_visible(tx, volume_id, ctx))
            metadata.delete(tx, volumes.NOUN, volume_id, key)

    def extend(self, ctx: context.RequestContext, volume_id: str, size_gib: int) -> Volume:
        """Let the volume grow to `size_gib`; it counts as that large at once.

        Raises BadRequest when it is not available or would not grow, OverQuota.
        """
        policy.check(ctx, "volume:extend")
        with self.db.transaction() as tx:
            volume = volumes.get_visible(tx, volume_id, ctx)
            if volume.status is not VolumeStatus.AVAILABLE:
                raise errors.BadRequest(
                    f"Invalid volume: Volume {volume_id} status must be 'available' to extend, "
                    f"currently {volume.status}."
                )
            if size_gib <= volume.size_gib:
                raise errors.BadRequest(
                    "Invalid input received: New size for extend must be greater than current "
                    f"size. (current: {volume.size_gib}, extended: {size_gib})."
                )
            quota.check(
                tx,
                volume.project_id,
                asked={"gigabytes": size_gib - volume.size_gib},
                used=volumes.usage(tx, volume.project_id),
            )
            volume = volumes.advance(tx, volume, VolumeEvent.EXTEND, size_gib=size_gib)
            journal.note_of(tx, ctx, "volume.extend", volume)
        self._ring(volume, "extend")
        return volume

    def delete(
        self, ctx: context.RequestContext, volume_id: str, *, is_with_snapshots: bool = False
    ) -> None:
        """Delete the volume; one that is being deleted already is fine.

        An available one goes to the trash, where nobody sees it until `restore` or its time is
        over. Raises BadRequest when it is in use, something is being done to it, it is being
        copied, or has snapshots (those go with it if `is_with_snapshots`).
        """
        policy.check(ctx, "volume:delete")
        with self.db.transaction() as tx:
            volume = volumes.get_visible(tx, volume_id, ctx)
            gone = list[Snapshot]()
            if volume.status is not VolumeStatus.DELETING:
                _check_deletable(volume)
                sources.check_not_needed(tx, volume)
                until = self.trash.until() if volume.status is VolumeStatus.AVAILABLE else None
                if is_with_snapshots:
                    gone = _delete_snapshots(tx, volume, until=until)
                elif snapshots.of_volume(tx, volume_id):
                    raise errors.BadRequest(_UNDELETABLE)
                _note_deletion(tx, ctx, volume, gone, until=until)
                event = VolumeEvent.TRASH if until else VolumeEvent.DELETE
                volume = volumes.advance(tx, volume, event, trashed_until=until)
        for snapshot in gone:
            if snapshot.status is SnapshotStatus.DELETING:
                self.queue.ring(f"volume.{volume.host}", "delete_snapshot", snapshot.id)
        if volume.status is VolumeStatus.DELETING:
            self._ring(volume, "delete")

    def restore(
        self, ctx: context.RequestContext, volume_id: str, *, snapshot_ids: Iterable[str] = ()
    ) -> Volume:
        """Have a volume back from the trash, as it was, and these snapshots of it with it.

        Raises Gone when it is not there any more, OverQuota, NotFound.
        """
        policy.check(ctx, "volume:delete")
        with self.db.transaction() as tx:
            volume = trash.volume(tx, ctx, volume_id)
            found = [trash.snapshot(tx, ctx, one) for one in snapshot_ids]
            quota.check(
                tx, volume.project_id,
                asked={
                    "volumes": 1, "snapshots": len(found),
                    "gigabytes": volume.size_gib + sum(each.size_gib for each in found),
                },
                used=volumes.usage(tx, volume.project_id),
            )  # fmt: skip
            args = {"volume_id": volume_id, "is_with_snapshots": bool(found)}
            inverse = Inverse(verb="volume.delete", args=args)
            journal.note_of(tx, ctx, "volume.restore", volume, inverse)
            for snapshot in found:
                snapshots.advance(tx, snapshot, SnapshotEvent.RESTORE)
            return volumes.advance(tx, volume, VolumeEvent.RESTORE)

    def _ring(self, volume: Volume, step: str) -> None:
        self.queue.ring(f"volume.{volume.host}", step, volume.id)


_DELETABLE: Final = tuple(state.status for state in TRANSITIONS[VolumeEvent.DELETE])
_UNDELETABLE: Final = (
    f"Invalid volume: Volume status must be {' or '.join(_DELETABLE)} and must not be attached or "
    "have snapshots."
)


def _check_deletable(volume: Volume) -> None:
    if volume.state not in TRANSITIONS[VolumeEvent.DELETE]:
        raise errors.BadRequest(_UNDELETABLE)


def _delete_snapshots(
    tx: connection.Transaction, volume: Volume, *, until: str | None
) -> list[Snapshot]:
    """Let all its snapshots go, to the trash where the volume goes there too; as they are then."""
    gone = list[Snapshot]()
    for snapshot in snapshots.of_volume(tx, volume.id):
        if snapshot.status is not SnapshotStatus.DELETING:
            sources.check_not_needed(tx, snapshot)
            kept_until = until if snapshot.status is SnapshotStatus.AVAILABLE else None
            event = SnapshotEvent.TRASH if kept_until else SnapshotEvent.DELETE
            try:
                snapshot = snapshots.advance(tx, snapshot, event, trashed_until=kept_until)
            except errors.Conflict as error:
                raise errors.BadRequest(f"Invalid volume: {error}") from error
        gone.append(snapshot)
    return gone


def _note_metadata(tx: connection.Transaction, ctx: context.RequestContext, volume: Volume) -> None:
    args = {"volume_id": volume.id, "pairs": volumes.metadata(tx, volume.id), "is_whole": True}
    inverse = Inverse(verb="volume.set_metadata", args=args)
    journal.note_of(tx, ctx, "volume.set_metadata", volume, inverse)


def _note_deletion(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    volume: Volume,
    gone: Iterable[Snapshot],
    *,
    until: str | None,
) -> None:
    kept = [each.id for each in gone if each.status is SnapshotStatus.TRASHED]
    inverse = Inverse(verb="volume.restore", args={"volume_id": volume.id, "snapshot_ids": kept})
    journal.note_of(
        tx, ctx, "volume.delete", volume, inverse if until else None,
        undo_until=until,
        why_final="" if until else trash.why_final(volume.status),
    )  # fmt: skip
