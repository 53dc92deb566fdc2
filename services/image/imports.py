"""Imports: an image's bytes from where its user put them, looked at, made bootable, and stored.

Where that is, its task says: staged on this host, or on the web; without a task in the object
store, as a disk or as a bundle by its manifest.
"""

import contextlib
import logging
from collections.abc import Generator, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from appliance import clock, config, errors, trace
from appliance.db import connection, image_tasks, images
from appliance.model.image import Image, ImageStatus
from appliance.model.image_task import ImageTask, TaskStatus
from services.image import (
    conversion,
    glance_download,
    manifests,
    sources,
    web_download,
)
from services.image.chunks import Chunks
from services.image.data import Data
from services.image.incoming import Incoming
from services.image.inspection import Reader
from services.image.staging import Staging

log = logging.getLogger(__name__)

TELL_EVERY_S: Final = 1.0  # a task's row says this often how far it is
_ORPHAN_AGE_S: Final = 60.0  # staged bytes are named a moment before their image's row says so


class Imports:
    """Imports of images that we hold."""

    def __init__(
        self,
        settings: config.Settings,
        db: connection.Database,
        data: Data,
        *,
        objects: sources.Sources,
    ) -> None:
        self._settings = settings
        self._db = db
        self._data = data
        self._objects = objects
        self._staging = Staging(settings)

    def run(self, image: Image) -> None:
        """importing → active, or → queued with the reason and without bytes; its task ends with it.

        Raises Unavailable when the object store is away: the row stays, for the sweep; Superseded
        when the image was deleted meanwhile; otherwise what failed, when the row has it.
        """
        importing, task = image, image_tasks.open_of(self._db, image.id)
        if task is None and sources.PROPERTY not in image.properties:
            self._data.clean_up(image, reason=image.reason)  # it failed while its store was away
            return
        stores = _stores(task)
        try:
            importing = self._data.begin_import(image, store=stores[0] if stores else None)
            self._check_attempts(importing)
            active = self._fetch(importing, task)
        except errors.Unavailable as error:
            self._data.put_off(importing, str(error))
            raise
        except Exception as error:
            self._unstage(image)
            self._data.clean_up(importing, reason=str(error))
            self._end(task, image, TaskStatus.FAILURE, failed=stores, message=str(error))
            raise
        self._unstage(image)
        if task is not None:
            self._spread(active, task, stores[1:])

    def copy(self, task: ImageTask) -> None:
        """Have an active image in the stores of its task too, or those of them that an import had
        not come to; one that is not there any more ends the task.
        """
        image = images.get(self._db, task.image_id or "")
        if image.status is ImageStatus.IMPORTING:
            return  # its import ends the task
        if image.status is ImageStatus.ACTIVE:
            self._spread(image, task, _stores(task))
        else:
            why = f"Image {image.id} is {image.status}."
            self._end(task, image, TaskStatus.FAILURE, failed=_stores(task), message=why)

    def tidy_staging(self) -> None:
        """Remove staged bytes that no image has: a killed process's, a deleted image's."""
        wanted = images.staged(self._db)
        for name in self._staging.names(older_than_s=_ORPHAN_AGE_S):
            if not any(name.startswith(each) for each in wanted):
                self._staging.remove(name)

    def _spread(self, image: Image, task: ImageTask, stores: list[str]) -> None:
        """Copy to the further stores; what fails is said, and with `all_stores_must_succeed` ends
        the task as a failure, though what succeeded stays.
        """
        failed, reasons = list[str](), list[str]()
        for place, store in enumerate(stores):
            self._tell_stores(image, stores[place:], failed)
            if store in {image.store, *(copy.store for copy in image.copies)}:
                continue  # an earlier life of this worker had it copied
            try:
                self._data.copy(image, store)
            except (errors.StoreError, errors.Unavailable, errors.TooLarge) as error:
                log.warning("image %s: not copied to %s: %s", image.id, store, error)
                failed.append(store)
                reasons.append(f"{store}: {error}")
        must_all = task.input["import_req"].get("all_stores_must_succeed", True)
        ended = TaskStatus.FAILURE if failed and must_all else TaskStatus.SUCCESS
        self._end(task, image, ended, failed=failed, message="; ".join(reasons))

    def _check_attempts(self, image: Image) -> None:
        if image.attempts > self._settings.queue.attempts_max:
            raise errors.StoreError(
                f"The import was begun {image.attempts - 1} times and never finished. "
                f"{image.reason}".rstrip()
            )

    def _fetch(self, image: Image, task: ImageTask | None) -> Image:
        """The bytes, through all that is done to them, into the image's first store."""
        name, target = _source(image, task)
        if task is not None and name == "glance-download":
            image = self._adopted(image, task)
        with trace.hop("stream", f"import {name}", target=target, image=image.id) as span:
            with contextlib.ExitStack() as opened:
                reader: Reader = self._reader(image, task, opened)
                if task is not None and conversion.is_due(
                    image.disk_format, image.container_format, self._settings.image
                ):
                    image, reader = self._converted(image, task, reader, opened)
                image = self._data.fill(image, reader)
            span.bytes = image.size_bytes
        return image

    def _reader(self, image: Image, task: ImageTask | None, opened: contextlib.ExitStack) -> Reader:
        if task is None:
            return self._object(image, sources.parse(image.properties.get(sources.PROPERTY, "")))
        asked = task.input["import_req"]["method"]
        if asked["name"] == "glance-download":
            source = glance_download.find(self._db, self._settings, task)
            return self._told(task, self._data.open(source), source.size_bytes)
        if asked["name"] == "web-download":
            page = web_download.open_page(asked["uri"], self._settings.image)
            opened.callback(page.chunks.close)
            if (page.size_bytes or 0) > self._data.size_bytes_max:
                raise errors.TooLarge(
                    f"There are {page.size_bytes} bytes, over {self._data.size_bytes_max}."
                )
            return self._told(task, page.chunks, page.size_bytes)
        location = image.staged_location or ""
        size_bytes = self._staging.size_bytes(location)
        return self._told(task, self._staging.chunks(location), size_bytes)

    def _adopted(self, image: Image, task: ImageTask) -> Image:
        """The image as one of what it is filled with: another image of this cloud."""
        source = glance_download.find(self._db, self._settings, task)
        with self._db.transaction() as tx:
            now = images.get(tx, image.id)  # its user may have changed it since we hold it
            return images.update(tx, glance_download.adopted(now, source))

    def _object(self, image: Image, location: sources.Location) -> Reader:
        if not location.is_manifest:
            return Chunks(self._objects.chunks(image.project_id, location))
        from services.image import bundles, certificate  # cryptography, for the first bundle

        document = self._objects.read(
            image.project_id, location, size_bytes_max=manifests.BYTES_MAX
        )
        manifest = manifests.parse(document)

        def open_part(filename: str) -> Generator[bytes]:
            return self._objects.chunks(image.project_id, location.beside(filename))

        opener = certificate.Opener(self._settings.etc_dir)
        return bundles.Bundle(
            manifest,
            open_part,
            key=opener.open(manifest.encrypted_key),
            iv=opener.open(manifest.encrypted_iv),
        )

    def _converted(
        self, image: Image, task: ImageTask, reader: Reader, opened: contextlib.ExitStack
    ) -> tuple[Image, Reader]:
        """The bytes in another format, and the image as one of that; both wait on this host."""
        settings = self._settings.image
        checked = Incoming(
            reader,
            disk_format=image.disk_format,
            container_format="bare",  # whatever the row says: it goes to a program
            size_bytes_max=settings.size_bytes_max,
            virtual_size_bytes_max=settings.virtual_size_bytes_max,
            renew=lambda: self._data.renew(image),
        )
        source = self._staging.add(image.id, checked)
        opened.callback(self._staging.remove, source)
        made = f"{source}.{settings.convert_to}"
        opened.callback(self._staging.remove, made)

        def tell(part: float) -> None:
            self._data.renew(image)
            self._progress(task, int(part * 100), 100)

        with trace.hop("driver", "qemu-img convert", target="disk", image=image.id):
            conversion.convert(
                self._staging.path(source), self._staging.path(made),
                disk_format=image.disk_format or "", settings=settings, tell=tell,
            )  # fmt: skip
        chunks = self._staging.chunks(made)
        size_bytes = self._staging.size_bytes(made)
        return (
            replace(image, disk_format=settings.convert_to),
            self._told(task, chunks, size_bytes),
        )

    def _told(self, task: ImageTask, chunks: Iterator[bytes], total_bytes: int | None) -> Reader:
        """The chunks as a reader that says in the task how far it is."""

        def counted() -> Iterator[bytes]:
            done, due = 0, 0.0
            for chunk in chunks:
                done += len(chunk)
                if clock.now() >= due:
                    self._progress(task, done, total_bytes)
                    due = clock.now() + TELL_EVERY_S
                yield chunk
            self._progress(task, done, total_bytes)

        return Chunks(counted(), size_bytes=total_bytes)

    def _progress(self, task: ImageTask, done_bytes: int, total_bytes: int | None) -> None:
        with self._db.transaction() as tx:
            image_tasks.progress(tx, task.id, done_bytes=done_bytes, total_bytes=total_bytes)

    def _tell_stores(self, image: Image, left: list[str], failed: list[str]) -> None:
        with self._db.transaction() as tx:
            images.put_import(tx, image.id, importing_to=left, failed_to=failed)

    def _end(
        self,
        task: ImageTask | None,
        image: Image,
        status: TaskStatus,
        *,
        failed: list[str],
        message: str,
    ) -> None:
        if task is None:
            return
        result = {"image_id": image.id}
        expires_at = clock.stamp(clock.now() + self._settings.image.task_ttl_s)
        with self._db.transaction() as tx:
            images.put_import(tx, image.id, importing_to=(), failed_to=failed)
            image_tasks.end(
                tx, task.id, status, message=message, result=result, expires_at=expires_at
            )

    def _unstage(self, image: Image) -> None:
        if image.staged_location is not None:
            self._staging.remove(image.staged_location)
            with self._db.transaction() as tx:
                images.put_staged(tx, image.id, None)


def _stores(task: ImageTask | None) -> list[str]:
    asked: Mapping[str, Any] = task.input["import_req"] if task is not None else {}
    return [str(store) for store in asked.get("stores", [])]


def _source(image: Image, task: ImageTask | None) -> tuple[str, str]:
    """What a trace calls the source, and whose lane it is."""
    if task is None:
        return str(sources.parse(image.properties.get(sources.PROPERTY, ""))), "object"
    name = task.input["import_req"]["method"]["name"]
    return name, {"web-download": "web", "glance-download": "glance"}.get(name, "disk")
