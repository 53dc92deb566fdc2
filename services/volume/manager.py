"""The work on a pool: each verb takes a claimed row, looks at the pool, changes it, and advances
the row. Knows no message's origin and no kind of pool; what instances have is in `attachments`.
"""

import logging
import uuid
from typing import Final

from appliance import config, ids, queue
from appliance.db import connection, snapshots, volumes
from appliance.errors import VolumeError
from appliance.model.volume import Snapshot, Volume
from appliance.model.volume_states import (
    AttachStatus,
    SnapshotEvent,
    SnapshotStatus,
    VolumeEvent,
    VolumeStatus,
)
from services.volume import owners
from services.volume.alone import Alone
from services.volume.doing import doing
from services.volume.image_copy import ImageCopy
from storage.blocks.export import Exporter
from storage.blocks.pool import Pool

log = logging.getLogger(__name__)

GIB_BYTES: Final = 1 << 30


class Manager:
    """Brings the pool of one host and its rows together."""

    def __init__(
        self,
        *,
        settings: config.Settings,
        db: connection.Database,
        topics: queue.Queue,
        pool: Pool,
        exporter: Exporter,
        images: ImageCopy,
        alone: Alone,
    ) -> None:
        self._topic = f"volume.{settings.host}"
        self._db = db
        self._topics = topics
        self._pool = pool
        self._exporter = exporter
        self._images = images
        self._alone = alone

    def create(self, volume: Volume) -> None:
        """Make the volume of what its row names, and hand it to the instance that waits for it.

        A crash before the row advances leaves a volume, or a part of one, that the next try finds.
        """
        self._created(self._make(volume))

    def create_failed(self, volume: Volume, error: Exception) -> None:
        """Say why there is no volume; an instance that waits for it fails with it.

        Where nobody waits any more, it is nobody's, or goes as it was to go with its instance.
        """
        with self._db.transaction() as tx:
            now = volumes.advance(
                tx, volumes.get(tx, volume.id), VolumeEvent.FAILED, reason=str(error)
            )
            is_awaited = owners.find(tx, now.instance_id) is not None
            if not is_awaited:
                now = self._unwanted(tx, now)
        if is_awaited:
            self._topics.ring(self._topic, "map", str(now.instance_id))
        elif now.status is VolumeStatus.DELETING:
            self._topics.ring(self._topic, "delete", now.id)

    def delete(self, volume: Volume) -> None:
        """Remove the volume, its snapshots that are to go with it, and any export of it."""
        with self._alone.on(volume.id), doing("delete", target="pool", volume=volume.id):
            self._exporter.withdraw(volume.id)
            for snapshot in snapshots.kept_of_volume(self._db, volume.id):
                if snapshot.status is SnapshotStatus.DELETING:
                    self._pool.delete_snapshot(snapshot.id)
            self._pool.delete(volume.id)
        self._advance(volume, VolumeEvent.DELETED)

    def delete_failed(self, volume: Volume, error: Exception) -> None:
        """Say why it is still there; it may be deleted again."""
        self._advance(volume, VolumeEvent.FAILED_DELETING, reason=str(error))

    def extend(self, volume: Volume) -> None:
        """Let the volume grow to what its row says already."""
        size_bytes = volume.size_gib * GIB_BYTES
        with self._alone.on(volume.id), doing("extend", target="pool", volume=volume.id) as span:
            span.note(size_gib=volume.size_gib)
            self._pool.extend(volume.id, size_bytes=size_bytes)
        self._advance(volume, VolumeEvent.EXTENDED, reason="")

    def extend_failed(self, volume: Volume, error: Exception) -> None:
        """Say why it has not grown; all that can be done with it is to delete it, as in Cinder."""
        self._advance(volume, VolumeEvent.FAILED_EXTENDING, reason=str(error))

    def snapshot(self, snapshot: Snapshot) -> None:
        """Keep the volume's bytes as they are now."""
        with doing("snapshot", target="pool", volume=snapshot.volume_id, snapshot=snapshot.id):
            self._keep(snapshot.volume_id, snapshot.id)
        with self._db.transaction() as tx:
            snapshots.advance(tx, snapshot, SnapshotEvent.CREATED)

    def snapshot_failed(self, snapshot: Snapshot, error: Exception) -> None:
        """Say why there is no snapshot."""
        with self._db.transaction() as tx:
            snapshots.advance(tx, snapshot, SnapshotEvent.FAILED, reason=str(error))

    def delete_snapshot(self, snapshot: Snapshot) -> None:
        """Remove the snapshot."""
        with doing("delete snapshot", target="pool", snapshot=snapshot.id):
            self._pool.delete_snapshot(snapshot.id)
        with self._db.transaction() as tx:
            snapshots.advance(tx, snapshot, SnapshotEvent.DELETED)

    def delete_snapshot_failed(self, snapshot: Snapshot, error: Exception) -> None:
        """Say why it is still there; it may be deleted again."""
        with self._db.transaction() as tx:
            snapshots.advance(tx, snapshot, SnapshotEvent.FAILED_DELETING, reason=str(error))

    def _make(self, volume: Volume) -> Volume:
        """Have the pool make it; the row, which an image's copy advances."""
        size_bytes = volume.size_gib * GIB_BYTES
        if volume.snapshot_id:
            with doing("create", target="pool", volume=volume.id, snapshot=volume.snapshot_id):
                self._pool.create_from(volume.snapshot_id, volume.id, size_bytes=size_bytes)
        elif volume.source_volume_id:
            self._clone(volume, volume.source_volume_id)
        elif volume.image_id:
            image_id, volume = volume.image_id, self._fetching(volume)
            self._images.fill(volume.id, image_id, size_bytes=size_bytes)
        else:
            with doing("create", target="pool", volume=volume.id) as span:
                span.note(size_gib=volume.size_gib)
                self._pool.create(volume.id, size_bytes=size_bytes)
        return volume

    def _clone(self, volume: Volume, source_id: ids.VolumeId) -> None:
        """Copy another volume by way of a snapshot that nobody sees."""
        passing_id = passing_snapshot(volume.id)
        with doing("create", target="pool", volume=volume.id, source=source_id):
            if volume.id not in self._pool.volumes():
                self._keep(source_id, passing_id)
                self._pool.create_from(
                    passing_id, volume.id, size_bytes=volume.size_gib * GIB_BYTES
                )
            self._pool.delete_snapshot(passing_id)

    def _fetching(self, volume: Volume) -> Volume:
        if volume.status is VolumeStatus.DOWNLOADING:  # by one that was killed
            return volume
        with self._db.transaction() as tx:
            return volumes.advance(
                tx, volume, VolumeEvent.FETCHING, claim_owner=volume.claim_owner,
                claim_expires_at=volume.claim_expires_at, attempts=volume.attempts,
            )  # fmt: skip

    def _created(self, volume: Volume) -> None:
        """Advance the row, whose instance may have gone meanwhile, and wake who is next."""
        with self._db.transaction() as tx:
            now = volumes.get(tx, volume.id)
            if owners.find(tx, now.instance_id):
                now = volumes.advance(
                    tx, now, VolumeEvent.CREATED_FOR, reason="",
                    attachment_id=now.attachment_id or ids.new_uuid(),
                )  # fmt: skip
            else:
                now = volumes.advance(tx, now, VolumeEvent.CREATED, reason="")
                now = self._unwanted(tx, now)
        log.info("volume %s: created with %d GiB, now %s", now.id, now.size_gib, now.state)
        if now.status is not VolumeStatus.AVAILABLE:
            step = "export" if now.status is VolumeStatus.RESERVED else "delete"
            self._topics.ring(self._topic, step, now.id)

    def _unwanted(self, tx: connection.Transaction, volume: Volume) -> Volume:
        """The volume without an instance; one that was to go with its instance goes."""
        if volume.is_deleted_with_instance:
            volume = volumes.advance(tx, volume, VolumeEvent.DELETE)
        return volumes.update(tx, volume.id, **volumes.NOT_ATTACHED)

    def _keep(self, volume_id: str, snapshot_id: str) -> None:
        """Take a snapshot, unless it is there. Raises VolumeError when a guest writes meanwhile."""
        with self._alone.on(volume_id):
            if snapshot_id in self._pool.snapshots():
                return
            volume = volumes.get(self._db, volume_id)
            is_written_to = (
                volume.status is VolumeStatus.ATTACHING
                or volume.attach_status is AttachStatus.ATTACHED
            )
            if is_written_to and not self._pool.can_snapshot_in_use:
                raise VolumeError(
                    f"volume {volume_id} was attached to instance {volume.instance_id} before its "
                    f"bytes could be kept: detach it and try again"
                )
            self._pool.snapshot(volume_id, snapshot_id)

    def _advance(self, volume: Volume, event: VolumeEvent, **columns: object) -> None:
        with self._db.transaction() as tx:
            now = volumes.advance(tx, volume, event, **columns)
        log.info("volume %s: %s, now %s", volume.id, event, now.state)


def passing_snapshot(volume_id: str) -> str:
    """Id of the snapshot through which a volume is made of another: always the same."""
    return str(uuid.uuid5(uuid.UUID(volume_id), "source"))
