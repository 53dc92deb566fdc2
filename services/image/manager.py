"""The image worker's work: imports, deletions, and uploads whose process died."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Final

from appliance import errors, ids
from appliance.db import connection, image_tasks, images
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
        self._copying = _Running()

    def import_data(self, image_id: str) -> None:
        """Fetch the bytes of an image from where its user put them: importing → active, or queued.

        Killed in the middle, it begins again, `queue.attempts_max` times.
        """
        with contextlib.suppress(errors.Superseded):
            image = self._abandoned(image_id, ImageStatus.IMPORTING)
            if image is not None:
                self._imports.run(self._data.take_over(image))

    def copy_image(self, task_id: str) -> None:
        """Have an image in further stores, as its task says; a task that ended stays so."""
        with contextlib.suppress(errors.NotFound, errors.Superseded):
            task = image_tasks.get(self._db, task_id)
            if task.status in image_tasks.OPEN and self._copying.begin(task_id):
                try:
                    self._imports.copy(task)
                finally:
                    self._copying.end(task_id)

    def tidy(self) -> None:
        """Forget tasks that ended long ago, and remove staged bytes that no image has."""
        with self._db.transaction() as tx:
            image_tasks.forget_expired(tx)
        self._imports.tidy_staging()

    def delete_data(self, image_id: str) -> None:
        """Remove the bytes of a deleted image: pending_delete → deleted.

        Nothing is done while an upload still writes: it removes them itself, or dies and is swept.
        """
        self._clean_up(image_id, ImageStatus.PENDING_DELETE)

    def repair_upload(self, image_id: str) -> None:
        """Remove what an upload left that nobody goes on with: saving → queued."""
        self._clean_up(image_id, ImageStatus.SAVING)

    def due(self) -> Iterator[tuple[str, str, ids.RequestId]]:
        """Steps that the rows say are due: each with its object's id and its request's."""
        for image in images.in_progress(self._db):
            if self._data.is_abandoned(image):
                yield _STEP_BY_STATUS[image.status], image.id, image.request_id
        for task in image_tasks.unfinished(self._db):
            if task.input.get("import_req", {}).get("method", {}).get("name") == "copy-image":
                yield "copy_image", task.id, ids.RequestId(task.request_id)

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


class _Running:
    """What this process is doing already: a sweep may ring a step that runs."""

    def __init__(self) -> None:
        self._names: set[str] = set()
        self._lock = threading.Lock()

    def begin(self, name: str) -> bool:
        """Whether it was not running, and is now."""
        with self._lock:
            is_new = name not in self._names
            self._names.add(name)
        return is_new

    def end(self, name: str) -> None:
        """It runs no more."""
        with self._lock:
            self._names.discard(name)
