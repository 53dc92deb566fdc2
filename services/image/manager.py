"""The image worker's work: imports, deletions, and uploads whose process died."""

import contextlib
import logging
from collections.abc import Iterator
from typing import Final

from appliance import errors
from appliance.db import connection, images
from appliance.model.image import Image, ImageStatus
from services.image.data import Data
from services.image.imports import Imports

log = logging.getLogger(__name__)

_STEP_BY_STATUS: Final = {
    ImageStatus.SAVING: "repair_upload",
    ImageStatus.IMPORTING: "import_data",
    ImageStatus.PENDING_DELETE: "delete_data",
}


class Manager:
    """What the worker does to one image; every step may run twice."""

    def __init__(self, db: connection.Database, data: Data, imports: Imports) -> None:
        self._db = db
        self._data = data
        self._imports = imports

    def import_data(self, image_id: str) -> None:
        """Fetch the bytes of an image from where its user put them: importing → active, or queued.

        Killed in the middle, it begins again, `queue.attempts_max` times.
        """
        with contextlib.suppress(errors.Superseded):
            image = self._abandoned(image_id, ImageStatus.IMPORTING)
            if image is not None:
                self._imports.run(self._data.take_over(image))

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
                yield _STEP_BY_STATUS[image.status], image

    def _clean_up(self, image_id: str, status: ImageStatus) -> None:
        with contextlib.suppress(errors.Superseded):
            image = self._abandoned(image_id, status)
            if image is not None:
                self._data.clean_up(self._data.take_over(image))

    def _abandoned(self, image_id: str, status: ImageStatus) -> Image | None:
        """The image, if it is in that status and nobody is at work on it."""
        try:
            image = images.get(self._db, image_id)
        except errors.NotFound:
            return None
        if image.status is status and self._data.is_abandoned(image):
            return image
        log.debug("image %s: %s is not due", image_id, status)
        return None
