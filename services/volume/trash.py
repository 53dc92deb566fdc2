"""The volume host's trash: what nobody wanted back in time goes for good, all of it when its room
is needed. A volume takes its trashed snapshots along: they would be nothing's.
"""

import errno
import logging
from collections.abc import Callable
from typing import Final, TypeVar

from appliance import clock, config, context, queue
from appliance.db import connection, journal, snapshots, stateful, volumes
from appliance.errors import VolumeError
from appliance.model.volume import Snapshot, Volume
from appliance.model.volume_states import SnapshotEvent, SnapshotStatus, VolumeEvent
from services.volume.doing import as_volume_error
from storage.blocks.errors import NoSpace
from storage.blocks.pool import Pool

log = logging.getLogger(__name__)

_MIB: Final = 1 << 20

Row = TypeVar("Row", Volume, Snapshot)


class Trash:
    """The trashed volumes and snapshots of one host."""

    def __init__(
        self,
        *,
        settings: config.Settings,
        db: connection.Database,
        topics: queue.Queue,
        pool: Pool,
    ) -> None:
        self._settings = settings.trash
        self._host = settings.host
        self._db = db
        self._topics = topics
        self._pool = pool

    def look(self) -> None:
        """Let go of what is over, and of everything where the pool is short of room.

        A crash leaves rows that are due as before, or `deleting`: then the sweep rings the step.
        """
        with as_volume_error():
            is_short = self._pool.capacity().free_bytes < self._settings.free_mib * _MIB
        self.empty(until=None if is_short else clock.stamp())

    def empty(self, *, until: str | None = None) -> list[Volume | Snapshot]:
        """Let go of what is over at that moment, or of everything; what that was.

        Their steps are rung: the bytes go soon after.
        """
        gone = list[Volume | Snapshot]()
        for volume in volumes.trashed(self._db, self._host, until=until):
            gone += self._let_go(volume)
        for snapshot in snapshots.trashed(self._db, self._host, until=until):
            gone += self._let_go_snapshot(snapshot)
        return gone

    def making_room(
        self, work: Callable[[Row], None], again: Callable[[Row], Row]
    ) -> Callable[[Row], None]:
        """The work, done once more after the trash was emptied, if the pool was full; `again` reads
        the row as the first try left it.
        """

        def done(row: Row) -> None:
            try:
                work(row)
            except VolumeError as error:
                if not _is_full(error) or not self._empty_now():
                    raise
                log.warning("%s: there was no room: the trash was emptied for it", row.id)
                work(again(row))

        return done

    def _empty_now(self) -> bool:
        """Have the room of everything in the trash at once; whether that was anything.

        The steps that were rung find nothing to do, and say so in the rows.
        """
        gone = self.empty()
        with as_volume_error():
            for row in gone:
                if isinstance(row, Snapshot):
                    self._pool.delete_snapshot(row.id)
            for row in gone:
                if isinstance(row, Volume):
                    self._pool.delete(row.id)
        return bool(gone)

    def _let_go(self, volume: Volume) -> list[Volume | Snapshot]:
        with self._db.transaction() as tx:
            now = volumes.get(tx, volume.id)
            if now.trashed_until != volume.trashed_until or not volume.trashed_until:
                return []  # somebody had it back
            along = [
                snapshot
                for snapshot in snapshots.kept_of_volume(tx, volume.id)
                if snapshot.status is SnapshotStatus.TRASHED
            ]
            for snapshot in along:
                _expire_snapshot(tx, snapshot)
            journal.expire(tx, "volume.delete", volume.id)
            volumes.advance(tx, now, VolumeEvent.EXPIRE, **_as_asked(now))
        log.info("volume %s: it leaves the trash for good", volume.id)
        for snapshot in along:
            self._ring("delete_snapshot", snapshot.id, stateful.resume(snapshot))
        self._ring("delete", volume.id, stateful.resume(volume))
        return [volume, *along]

    def _let_go_snapshot(self, snapshot: Snapshot) -> list[Volume | Snapshot]:
        with self._db.transaction() as tx:
            now = snapshots.get(tx, snapshot.id)
            if now.trashed_until != snapshot.trashed_until or not snapshot.trashed_until:
                return []
            _expire_snapshot(tx, now)
        log.info("snapshot %s: it leaves the trash for good", snapshot.id)
        self._ring("delete_snapshot", snapshot.id, stateful.resume(snapshot))
        return [snapshot]

    def _ring(self, step: str, object_id: str, ctx: context.RequestContext) -> None:
        """Wake the step, for the request that deleted it."""
        token = context.current.set(ctx)
        try:
            self._topics.ring(f"volume.{self._host}", step, object_id)
        finally:
            context.current.reset(token)


def _is_full(error: VolumeError) -> bool:
    cause = error.__cause__
    return isinstance(cause, NoSpace) or (
        isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)
    )


def _expire_snapshot(tx: connection.Transaction, snapshot: Snapshot) -> None:
    journal.expire(tx, "snapshot.delete", snapshot.id)
    snapshots.advance(tx, snapshot, SnapshotEvent.EXPIRE, **_as_asked(snapshot))


def _as_asked(row: Volume | Snapshot) -> dict[str, object]:
    """The request that deleted it stays the one that its row names."""
    return {"request_id": row.request_id}
