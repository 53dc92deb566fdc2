"""The worker's regular look at its host: exports that rows want and are not there, and whatever is
there and no row wants.

Only what was seen in two rounds is removed: a row that changes just now has its own step at work.
"""

import contextlib
import logging
from collections.abc import Iterator
from typing import Final

from appliance import config, context, errors
from appliance.db import connection, snapshots, stateful, volumes
from appliance.model.volume import Volume
from appliance.model.volume_states import AttachStatus, SnapshotStatus, VolumeStatus
from services.volume import owners
from services.volume.alone import Alone
from services.volume.attachments import Attachments
from services.volume.doing import as_volume_error, doing
from services.volume.image_copy import ImageCopy
from services.volume.manager import passing_snapshot
from storage.blocks.export import Exporter
from storage.blocks.pool import Pool

log = logging.getLogger(__name__)

_PROMISED: Final = (VolumeStatus.RESERVED, VolumeStatus.ATTACHING)
_UNMADE: Final = (VolumeStatus.CREATING, VolumeStatus.DOWNLOADING)


class Reconciler:
    """Looks at one host."""

    def __init__(
        self,
        *,
        settings: config.Settings,
        db: connection.Database,
        pool: Pool,
        exporter: Exporter,
        images: ImageCopy,
        attachments: Attachments,
        alone: Alone,
    ) -> None:
        self._host = settings.host
        self._db = db
        self._pool = pool
        self._exporter = exporter
        self._images = images
        self._attachments = attachments
        self._alone = alone
        self._strangers: frozenset[tuple[str, str]] = frozenset()

    def look(self) -> None:
        """One round. Raises VolumeError when the pool or what exports it does not answer."""
        with as_volume_error():
            self._exporter.start()
            rows = volumes.on_host(self._db, self._host)
            self._free_forgotten(rows)
            self._show_missing(rows)
            self._remove_strangers()
        self._images.forget(unless=self._is_being_made)

    def _free_forgotten(self, rows: list[Volume]) -> None:
        """Volumes promised to an instance that failed or went before it could say so."""
        for row in rows:
            if row.status in _PROMISED and owners.find(self._db, row.instance_id) is None:
                with _on_behalf_of(row):
                    log.warning("volume %s: instance %s is gone", row.id, row.instance_id)
                    self._attachments.let_go(str(row.instance_id))

    def _show_missing(self, rows: list[Volume]) -> None:
        """tgtd was started anew, or the host was: guests log in again to the same export."""
        shown = self._exporter.shown()
        for row in rows:
            if _is_shown(row) and row.id not in shown:
                with _on_behalf_of(row), self._alone.on(row.id):
                    self._show(volumes.get(self._db, row.id))

    def _show(self, row: Volume) -> None:
        """Show one; what cannot be is said in its row, and others are none the worse for it."""
        if not _is_shown(row):
            return
        log.warning("volume %s: its export was gone", row.id)
        try:
            self._attachments.show(row)
        except errors.VolumeError as error:
            log.error("volume %s: it stays away from its guest: %s", row.id, error)  # noqa: TRY400
            with self._db.transaction() as tx:
                volumes.update(tx, row.id, reason=str(error))

    def _remove_strangers(self) -> None:
        strangers = frozenset(self._found_strangers())
        for kind, found_id in strangers & self._strangers:
            token = context.current.set(context.RequestContext(is_system=True))
            try:
                self._remove(kind, found_id)
            finally:
                context.current.reset(token)
        self._strangers = strangers

    def _found_strangers(self) -> Iterator[tuple[str, str]]:
        for volume_id in self._exporter.shown():
            if not self._is_export_wanted(volume_id):
                yield "export", volume_id
        for volume_id in self._pool.volumes():
            if self._row(volume_id) is None:
                yield "volume", volume_id
        passing = self._passing_snapshots()
        for snapshot_id in self._pool.snapshots():
            if snapshot_id not in passing and not self._is_snapshot_wanted(snapshot_id):
                yield "snapshot", snapshot_id

    def _remove(self, kind: str, found_id: str) -> None:
        log.warning("%s %s: no row wants it; it goes", kind, found_id)
        target = "export" if kind == "export" else "pool"
        with doing(f"remove stranger {kind}", target=target, id=found_id):
            if kind == "snapshot":
                self._pool.delete_snapshot(found_id)
                return
            with self._alone.on(found_id):
                if not self._is_export_wanted(found_id):
                    self._exporter.withdraw(found_id)
                if kind == "volume":
                    self._pool.delete(found_id)

    def _row(self, volume_id: str) -> Volume | None:
        try:
            row = volumes.get(self._db, volume_id)
        except errors.NotFound:
            return None
        is_gone = row.status is VolumeStatus.DELETED
        return None if is_gone or row.host != self._host else row

    def _is_being_made(self, volume_id: str) -> bool:
        row = self._row(volume_id)
        return row is not None and row.status in _UNMADE

    def _is_export_wanted(self, volume_id: str) -> bool:
        row = self._row(volume_id)
        return row is not None and row.attachment_id is not None

    def _is_snapshot_wanted(self, snapshot_id: str) -> bool:
        try:
            return snapshots.get(self._db, snapshot_id).status is not SnapshotStatus.DELETED
        except errors.NotFound:
            return False

    def _passing_snapshots(self) -> set[str]:
        """Those through which volumes are copied just now."""
        return {
            passing_snapshot(row.id)
            for row in volumes.on_host(self._db, self._host)
            if row.source_volume_id and row.status in _UNMADE
        }


def _is_shown(row: Volume) -> bool:
    """Whether the guest that has it, or is about to, needs the export."""
    return row.status is VolumeStatus.ATTACHING or row.attach_status is AttachStatus.ATTACHED


@contextlib.contextmanager
def _on_behalf_of(row: Volume) -> Iterator[None]:
    """What is found out about a volume belongs to its last request."""
    token = context.current.set(stateful.resume(row))
    try:
        yield
    finally:
        context.current.reset(token)
