"""Deleted images that can still be had back: which of them go for good, and when."""

import logging
import shutil
from typing import Final

from appliance import clock, config
from appliance.db import connection, images, journal

log = logging.getLogger(__name__)

_MIB: Final = 1 << 20


class Trash:
    """The trashed images of one cloud."""

    def __init__(self, settings: config.Settings, db: connection.Database) -> None:
        self._settings = settings
        self._db = db

    def look(self) -> None:
        """Let go of what is over; of everything where the state folder's disk is short of room.

        Their bytes are then to be removed as those of any deleted image: the sweep finds the rows.
        """
        free_bytes = shutil.disk_usage(self._settings.home).free
        is_short = free_bytes < self._settings.trash.free_mib * _MIB
        empty(self._db, until=None if is_short else clock.stamp())


def empty(db: connection.Database, *, until: str | None = None) -> list[str]:
    """Let go of the images whose time is over then, or of all; their ids."""
    gone = []
    for image_id in images.trashed(db, until=until):
        with db.transaction() as tx:
            if images.let_go(tx, image_id):
                journal.expire(tx, "image.delete", image_id)
                gone.append(image_id)
                log.info("image %s: it leaves the trash for good", image_id)
    return gone
