"""The work on exports: what instances have, are to get and have let go of; rows say which.

A guest logs in with a name and a password that are derived from its attachment (`appliance.chap`):
they are made here and in the compute worker, and pass through nothing between them.
"""

import logging
from pathlib import Path

from appliance import chap, config, queue
from appliance.db import claims, connection, instances, snapshots, volumes
from appliance.errors import HostError, VolumeError
from appliance.model.instance import Instance
from appliance.model.states import Event
from appliance.model.volume import Target, Volume
from appliance.model.volume_states import VolumeEvent, VolumeStatus
from services.volume import owners
from services.volume.alone import Alone
from services.volume.doing import doing
from storage.blocks.export import Export, Exporter, iqn
from storage.blocks.pool import Pool

log = logging.getLogger(__name__)


class Attachments:
    """The exports of one host."""

    def __init__(
        self,
        *,
        settings: config.Settings,
        db: connection.Database,
        topics: queue.Queue,
        pool: Pool,
        exporter: Exporter,
        alone: Alone,
    ) -> None:
        self._settings = settings
        self._topic = f"volume.{settings.host}"
        self._db = db
        self._topics = topics
        self._pool = pool
        self._exporter = exporter
        self._alone = alone

    def export(self, volume: Volume) -> None:
        """Make the volume's export, and wake who plugs it in, or waits for all of its volumes.

        A crash before the row advances leaves an export that the next try finds.
        """
        with self._alone.on(volume.id):
            target = self.show(volume)
        with self._db.transaction() as tx:
            volumes.advance(tx, volume, VolumeEvent.EXPORTED, target=str(target), reason="")
            instance = owners.find(tx, volume.instance_id)
        log.info("volume %s: exported at %s", volume.id, target)
        if owners.is_in_build(instance):
            self._topics.ring(self._topic, "map", str(volume.instance_id))
        elif instance:
            self._topics.ring(f"compute.{instance.host}", "attach", volume.id)
        else:
            self.let_go(str(volume.instance_id))

    def export_failed(self, volume: Volume, error: Exception) -> None:
        """Take back what was promised to the instance; one in build fails with it."""
        with self._db.transaction() as tx:
            volumes.advance(tx, volume, VolumeEvent.UNPLUGGED, reason=str(error))
            is_in_build = owners.is_in_build(owners.find(tx, volume.instance_id))
        if is_in_build:
            self._topics.ring(self._topic, "map", str(volume.instance_id))
        else:
            self._topics.ring(self._topic, "withdraw", volume.id)

    def withdraw(self, volume: Volume) -> None:
        """Take the export away; the volume is free, or goes with its instance.

        One that an instance in build cannot get stays so until `map` has said why.
        """
        if owners.is_in_build(owners.find(self._db, volume.instance_id)):
            with self._db.transaction() as tx:
                claims.keep_trying(tx, volumes.TABLE, volume.id)
            return
        with self._alone.on(volume.id), doing("withdraw", target="export", volume=volume.id):
            self._exporter.withdraw(volume.id)
        with self._db.transaction() as tx:
            event = self._after_withdrawal(tx, volume)
            now = volumes.advance(tx, volume, event, **volumes.NOT_ATTACHED)
        log.info("volume %s: withdrawn, now %s", volume.id, now.state)
        if now.status is VolumeStatus.DELETING:
            self._topics.ring(self._topic, "delete", volume.id)

    def still_withdrawing(self, volume: Volume, error: Exception) -> None:
        """It is never given up: the reason is kept, and tried again when the claim ends."""
        with self._db.transaction() as tx:
            claims.keep_trying(tx, volumes.TABLE, volume.id)
            volumes.update(tx, volume.id, reason=str(error))

    def is_decided(self, instance: Instance) -> bool:
        """Whether `map` has something to do: all volumes are exported, or one never will be."""
        had = volumes.of_instance(self._db, instance.id)
        return any(map(_is_lost, had)) or all(map(_is_exported, had))

    def map(self, instance: Instance) -> None:
        """Let an instance start once all its volumes are exported; until then nothing happens.

        Raises VolumeError when it cannot get one of them.
        """
        had = volumes.of_instance(self._db, instance.id)
        for volume in filter(_is_lost, had):
            raise VolumeError(f"volume {volume.id}: {volume.reason or volume.state}")
        with self._db.transaction() as tx:
            if not all(map(_is_exported, had)):
                claims.keep_trying(tx, instances.TABLE, instance.id)
                return
            instances.advance(tx, instance, Event.MAPPED)
        log.info("instance %s: has %d volumes to start with", instance.id, len(had))
        self._topics.ring(f"compute.{instance.host}", "spawn", instance.id)

    def map_failed(self, instance: Instance, error: Exception) -> None:
        """Say which volume it was; the others, and the instance's network, are taken back."""
        with self._db.transaction() as tx:
            instances.advance(tx, instance, Event.FAILED)
            instances.add_fault(tx, instance.id, error, details=_tried(error))
            had = volumes.let_go(tx, instance.id)
        self._topics.ring(f"network.{instance.host}", "release", instance.id)
        for volume in had:
            self._topics.ring(self._topic, "withdraw", volume.id)

    def let_go(self, instance_id: str) -> None:
        """Free what an instance held that is gone without having said so."""
        with self._db.transaction() as tx:
            had = volumes.let_go(tx, instance_id)
        for volume in had:
            self._topics.ring(self._topic, "withdraw", volume.id)

    def show(self, volume: Volume) -> Target:
        """Have the export be as the row wants it; where it is. The caller holds the volume."""
        at = self._settings.volume
        with doing("show", target="export", volume=volume.id) as span:
            path = self._pool.device(volume.id)
            shown = self._exporter.show(self._export(volume, path=path))
            target = Target(address=at.address, port=at.port, iqn=iqn(volume.id), lun=shown.lun)
            span.note(path=str(path), at=str(target), instance=volume.instance_id)
        return target

    def _export(self, volume: Volume, *, path: Path) -> Export:
        if volume.attachment_id is None:
            raise VolumeError(f"volume {volume.id} is {volume.state} without an attachment")
        return Export(
            volume_id=volume.id,
            path=path,
            initiator=chap.initiator(self._settings.host),
            username=chap.username(volume.attachment_id),
            password=chap.password(self._settings, volume.attachment_id),
        )

    def _after_withdrawal(self, tx: connection.Transaction, volume: Volume) -> VolumeEvent:
        """A volume with snapshots outlives its instance: they need it."""
        goes = volume.is_deleted_with_instance and owners.find(tx, volume.instance_id) is None
        if goes and not snapshots.of_volume(tx, volume.id):
            return VolumeEvent.WITHDRAWN_FOR_GOOD
        return VolumeEvent.WITHDRAWN


def _is_lost(volume: Volume) -> bool:
    return volume.status in (VolumeStatus.ERROR, VolumeStatus.DETACHING)


def _is_exported(volume: Volume) -> bool:
    return volume.status is VolumeStatus.ATTACHING


def _tried(error: Exception) -> str:
    """What was tried, a line a thing, for the fault row."""
    tried = error.tried if isinstance(error, HostError) else {}
    return "\n".join(f"{what}: {value}" for what, value in tried.items())
