"""The image worker's work: imports, deletions, and uploads whose process died."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Final

from appliance import errors, ids
from appliance.db import connection, image_copies, image_tasks, images
from appliance.model.image import Image, ImageStatus
from services.image.data import Data
from services.image.imports import Imports
from services.image.trash import Trash

log = logging.getLogger(__name__)

_STEP_BY_STATUS: Final = {
    ImageStatus.SAVING: "repair_upload",
    ImageStatus.IMPORTING: "import_data",
    ImageStatus.PENDING_DELETE: "delete_data",
}


class Manager:
    """What the worker does to one image; every step may run twice."""

    def __init__(self, db: connection.Database, data: Data, imports: Imports, trash: Trash) -> None:
        self._db = db
        self._data = data
        self._imports = imports
        self._trash = trash
        self._filling = _Running()

    def import_data(self, image_id: str) -> None:
        """Fetch the bytes of an image from where its user put them: importing → active, or queued.

        Killed in the middle, it begins again, `queue.attempts_max` times.
        """
        with contextlib.suppress(errors.Superseded), self._filling.alone(image_id) as is_alone:
            image = self._abandoned(image_id, ImageStatus.IMPORTING)
            if image is not None and is_alone:
                self._imports.run(self._data.take_over(image))

    def copy_image(self, task_id: str) -> None:
        """Have an image in further stores, as its task says, or end the task of an image that is
        not there any more; one that ended stays so.
        """
        with contextlib.suppress(errors.NotFound, errors.Superseded):
            task = image_tasks.get(self._db, task_id)
            with self._filling.alone(task.image_id or "") as is_alone:
                if task.status in image_tasks.OPEN and is_alone:
                    self._imports.copy(task)

    def tidy(self) -> None:
        """Forget tasks that ended long ago; remove staged bytes that no image has, and copies that
        nobody goes on with. What was in the trash for long enough goes for good.
        """
        self._trash.look()
        with self._db.transaction() as tx:
            image_tasks.forget_expired(tx)
        self._imports.tidy_staging()
        for copy in image_copies.left(self._db):
            with contextlib.suppress(errors.StoreError, errors.Unavailable):
                self._data.copies.remove(copy)  # where its store is away: at the next sweep

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
        for task in image_tasks.left(self._db):
            if not self._filling.is_at(task.image_id or ""):
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
        is_due = image.status is status and image.trashed_until is None
        if is_due and self._data.is_abandoned(image):
            return image
        log.debug("image %s: %s is not due", image_id, status)
        return None


class _Running:
    """Which images this process is at already: a sweep may ring a step that runs."""

    def __init__(self) -> None:
        self._ids: set[str] = set()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def alone(self, image_id: str) -> Iterator[bool]:
        """Whether nobody else is at the image; nobody else is meanwhile."""
        with self._lock:
            is_alone = image_id not in self._ids
            self._ids.add(image_id)
        try:
            yield is_alone
        finally:
            if is_alone:
                with self._lock:
                    self._ids.discard(image_id)

    def is_at(self, image_id: str) -> bool:
        """Whether somebody is."""
        with self._lock:
            return image_id in self._ids
