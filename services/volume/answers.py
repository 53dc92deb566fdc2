"""What anybody may ask of a host's volume worker at once: what there is of volumes, and for whom.

It looks and changes nothing. Paths are told relative to the cloud's folder.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from appliance import config, inquiry
from appliance.db import connection, volumes
from services.volume.doing import as_volume_error
from storage.blocks.export import Exporter, Shown
from storage.blocks.pool import Pool

Json = dict[str, Any]


def answers(
    settings: config.Settings, db: connection.Reader, pool: Pool, exporter: Exporter
) -> inquiry.Answers:
    """Question to function."""
    looks = _Looks(settings, db, pool, exporter)
    return {"volumes": looks.volumes}


class _Looks:
    def __init__(
        self, settings: config.Settings, db: connection.Reader, pool: Pool, exporter: Exporter
    ) -> None:
        self._settings = settings
        self._db = db
        self._pool = pool
        self._exporter = exporter

    def volumes(self, volume_id: str) -> Json:
        """One volume, or all that rows want here; all snapshots; and what no row wants."""
        rows = {row.id for row in volumes.on_host(self._db, self._settings.host)}
        known = volumes.kept_ids(self._db, self._settings.host)
        wanted = {row for row in rows if volume_id in ("", row)}
        with as_volume_error():
            kept, taken = set(self._pool.volumes()), set(self._pool.snapshots())
            shown = self._exporter.shown()
            return {
                "volumes": {key: self._volume(key, kept, shown) for key in sorted(wanted)},
                "snapshots": {key: self._snapshot(key) for key in sorted(taken)},
                "strays": sorted((kept | set(shown)) - known),
            }

    def _volume(self, key: str, kept: set[str], shown: Mapping[str, Shown]) -> Json:
        place = self._pool.place(key)
        export = shown.get(key)
        return {
            "path": self._short(place),
            "is_there": key in kept,
            "size_bytes": _size_bytes(place),
            "used_bytes": _used_bytes(place),
            "export": {"lun": export.lun, "is_right": export.path == place} if export else None,
            "sessions": list(self._exporter.sessions(key)) if export else [],
        }

    def _snapshot(self, key: str) -> Json:
        place = self._pool.snapshot_place(key)
        return {
            "path": self._short(place),
            "size_bytes": _size_bytes(place),
            "used_bytes": _used_bytes(place),
        }

    def _short(self, path: Path) -> str:
        home = self._settings.home
        return str(path.relative_to(home)) if path.is_relative_to(home) else str(path)


def _size_bytes(place: Path) -> int | None:
    """Of a file or a block device; None when it cannot be looked at."""
    try:
        descriptor = os.open(place, os.O_RDONLY)
    except OSError:
        return None
    try:
        return os.lseek(descriptor, 0, os.SEEK_END)
    finally:
        os.close(descriptor)


def _used_bytes(place: Path) -> int | None:
    """What it takes on the disk: of a file its blocks, of a device all; None when unknown."""
    try:
        found = place.stat()
    except OSError:
        return None
    return found.st_blocks * 512 if stat.S_ISREG(found.st_mode) else _size_bytes(place)
