"""The image worker's work: finish deletions, and repair uploads whose process died."""

import contextlib
import logging
from collections.abc import Iterator

from appliance import errors
from appliance.db import connection, images
from appliance.model.image import Image, ImageStatus
from services.image.data import Data

log = logging.getLogger(__name__)


class Manager:
    """What the worker does to one image; every step may run twice."""

    def __init__(self, db: connection.Database, data: Data) -> None:
        self._db = db
        self._data = data

    def delete_data(self, image_id: str) -> None:
        """Remove the bytes of a deleted image: pending_delete → deleted.

        Nothing is done while an upload still writes: it removes them itself, or dies and is swept.
        """
        self._clean_up(image_id, ImageStatus.PENDING_DELETE)

    def repair_upload(self, image_id: str) -> None:
        """Remove what an upload left that nobody goes on with: saving → queued."""
        self._clean_up(image_id, ImageStatus.SAVING)

    def due(self) -> Iterator[tuple[str, Image]]:
        """Steps that the rows say are due."""
        for image in images.in_progress(self._db):
            if self._data.is_abandoned(image):
                is_deleted = image.status is ImageStatus.PENDING_DELETE
                yield ("delete_data" if is_deleted else "repair_upload"), image

    def _clean_up(self, image_id: str, status: ImageStatus) -> None:
        try:
            image = images.get(self._db, image_id)
        except errors.NotFound:
            return
        if image.status is not status or not self._data.is_abandoned(image):
            log.debug("image %s: %s is not due", image_id, status)
            return
        with contextlib.suppress(errors.Superseded):
            self._data.clean_up(self._data.take_over(image))
