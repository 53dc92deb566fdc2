"""The verbs on images: policy, then rows, then a message."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from appliance import clock, config, context, errors, ids, policy, queue
from appliance.db import connection, image_copies, image_tasks, images, journal
from appliance.db.image_tasks import Page
from appliance.model.image import Image, ImageEvent, ImageStatus
from appliance.model.image_copy import ImageCopy
from appliance.model.image_task import ImageTask
from appliance.model.journal import Inverse
from services.image import stores
from services.image.api import attributes, registration
from services.image.api.attributes import NewImage
from services.image.api.imports import Imports
from services.image.api.locations import Locations
from services.image.api.members import Members
from services.image.api.metadefs import Metadefs
from services.image.api.ownership import is_owner, owned
from services.image.data import Data
from services.image.inspection import Reader
from services.image.sources import Sources

TOPIC: Final = "image"
_RESTORED: Final = {
    ImageStatus.ACTIVE: ImageEvent.RESTORE,
    ImageStatus.DEACTIVATED: ImageEvent.RESTORE_DEACTIVATED,
}
# what `update` may change, and an undo puts back
_CHANGEABLE: Final = (
    "name", "visibility", "project_id", "container_format", "disk_format", "min_disk_gib",
    "min_memory_mib", "is_protected", "is_hidden", "properties", "tags",
)  # fmt: skip
TASKS_MAX: Final = 1000  # of one image: their list has no pages, and the ended ones go

Change = Callable[[Image], Image]  # runs inside the transaction: it only computes


def open_images(
    settings: config.Settings,
    db: connection.Database,
    topics: queue.Queue,
    account: stores.Account,
) -> "Images":
    """The verbs, on every store there is; `account` says how to get into the object store."""
    data = Data(settings, db, stores.open_stores(settings, account))
    return Images(settings, db, topics, data=data, objects=Sources(account))


class Images:
    """The verbs on images; safe for threads."""

    def __init__(
        self,
        settings: config.Settings,
        db: connection.Database,
        topics: queue.Queue,
        *,
        data: Data,
        objects: Sources,
    ) -> None:
        self._db = db
        self._queue = topics
        self._trash = settings.trash
        self._data = data
        self.members = Members(db)
        self.imports = Imports(settings, db, topics, stores=stores.written(settings))
        self.locations = Locations(settings.image, db)
        self.metadefs = Metadefs(db)
        self._registrar = registration.Registrar(db, objects, size_bytes_max=data.size_bytes_max)

    def index(self, ctx: context.RequestContext, query: images.Query) -> list[Image]:
        """The images that `ctx` may see and `query` asks for. Raises Forbidden, BadRequest."""
        policy.check(ctx, "get_images")
        return images.visible(self._db, ctx, query)

    def show(self, ctx: context.RequestContext, image_id: str) -> Image:
        """One image. Raises Forbidden, NotFound."""
        policy.check(ctx, "get_image")
        return images.get_visible(self._db, image_id, ctx)

    def create(self, ctx: context.RequestContext, new: NewImage) -> Image:
        """A queued image, without bytes. Raises Forbidden, BadRequest, Conflict."""
        policy.check(ctx, "add_image")
        if new.id is not None and not ids.is_uuid(new.id):
            raise errors.BadRequest(f"Invalid image id format: {new.id!r} is no UUID.")
        image = attributes.queued(ctx, new)
        with self._db.transaction() as tx:
            images.create(tx, image)
            journal.note_of(tx, ctx, "image.create", image)
        return image

    def register(
        self,
        ctx: context.RequestContext,
        *,
        location: str,
        name: str,
        description: str = "",
        architecture: str | None = None,
        kernel_id: str | None = None,
        ramdisk_id: str | None = None,
        properties: Mapping[str, str] | None = None,
    ) -> Image:
        """Promise an image of what the caller's project has in the object store at `location`:
        `container/image.manifest.xml`, a bundle, or `container/disk.qcow2`, a disk as it is.

        The image is `importing`; the worker makes it active, or queued with a reason. What is not
        said is the manifest's to say; `kernel_id` and `ramdisk_id` are images' ids. Raises
        Forbidden, BadRequest, NotFound (the object, kernel or ramdisk), TooLarge, Unavailable.
        """
        policy.check(ctx, "add_image")
        asked = registration.Registration(
            location=location, name=name, description=description, architecture=architecture,
            kernel_id=kernel_id, ramdisk_id=ramdisk_id, properties=properties or {},
        )  # fmt: skip
        image = attributes.queued(ctx, self._registrar.new_image(ctx, asked))
        with self._db.transaction() as tx:
            images.create(tx, image)
            importing = images.advance(tx, image, ImageEvent.IMPORT)
            journal.note_of(tx, ctx, "image.create", image)
        self._queue.ring(TOPIC, "import_data", image.id)
        return importing

    def update(self, ctx: context.RequestContext, image_id: str, change: Change) -> Image:
        """Apply `change` to the image as it is now. Raises Forbidden, NotFound, what it raises."""
        policy.check(ctx, "modify_image")
        with self._db.transaction() as tx:
            before = owned(tx, ctx, image_id)
            after = change(before)
            attributes.check(after)
            attributes.check_rights(ctx, after, before=before)
            if _fields(after) != _fields(before):
                args = {"image_id": image_id, "fields": _fields(before)}
                journal.note_of(
                    tx, ctx, "image.update", before, Inverse(verb="image.update", args=args)
                )
            return images.update(tx, after)

    def add_tag(self, ctx: context.RequestContext, image_id: str, tag: str) -> None:
        """Tag the image; it may have the tag. Raises Forbidden, NotFound, BadRequest."""
        self.update(
            ctx, image_id, lambda image: dataclasses.replace(image, tags=(*image.tags, tag))
        )

    def delete_tag(self, ctx: context.RequestContext, image_id: str, tag: str) -> None:
        """Take a tag away. Raises Forbidden, NotFound."""

        def untagged(image: Image) -> Image:
            if tag not in image.tags:
                raise errors.NotFound("tag", tag)
            return dataclasses.replace(image, tags=tuple(t for t in image.tags if t != tag))

        self.update(ctx, image_id, untagged)

    def deactivate(self, ctx: context.RequestContext, image_id: str) -> None:
        """Let nobody but admins have the bytes; twice is as good. Raises NotFound, Forbidden (also
        when it is neither active nor deactivated, as Glance).
        """
        self._act(ctx, "deactivate", image_id, ImageEvent.DEACTIVATE)

    def reactivate(self, ctx: context.RequestContext, image_id: str) -> None:
        """End what `deactivate` did. Raises like it."""
        self._act(ctx, "reactivate", image_id, ImageEvent.REACTIVATE)

    def _act(
        self, ctx: context.RequestContext, rule: str, image_id: str, event: ImageEvent
    ) -> None:
        policy.check(ctx, rule)
        with self._db.transaction() as tx:
            image = owned(tx, ctx, image_id)
            try:
                now = images.advance(tx, image, event)
            except errors.Superseded:
                raise
            except errors.Conflict as error:
                raise errors.Forbidden(str(error)) from error
            if now.status is not image.status:
                back = "reactivate" if event is ImageEvent.DEACTIVATE else "deactivate"
                inverse = Inverse(verb=f"image.{back}", args={"image_id": image_id})
                journal.note_of(tx, ctx, f"image.{rule}", image, inverse)

    def delete(self, ctx: context.RequestContext, image_id: str) -> None:
        """Let nobody see the image any more. Its bytes are in the trash until `restore`, or until
        their time is over and the worker removes them; of one that has none to be used, at once.

        Raises Forbidden when it is protected or another's, NotFound.
        """
        policy.check(ctx, "delete_image")
        with self._db.transaction() as tx:
            image = owned(tx, ctx, image_id)
            if image.is_protected:
                raise errors.Forbidden(f"Image {image_id} is protected and cannot be deleted.")
            until = self._trash.until() if image.status in _RESTORED else None
            _note_deletion(tx, ctx, image, until=until)
            # an upload keeps its claim: it notices, and removes what it has written itself
            gone = images.advance(
                tx, image, ImageEvent.DELETE, deleted_at=clock.stamp(), trashed_until=until,
                claim_owner=image.claim_owner, claim_expires_at=image.claim_expires_at,
            )  # fmt: skip
        if gone.status is ImageStatus.PENDING_DELETE and until is None:
            self._queue.ring(TOPIC, "delete_data", image_id)

    def restore(self, ctx: context.RequestContext, image_id: str, *, status: str) -> Image:
        """Have an image back from the trash in the status that it had (active, deactivated).

        Raises NotFound, Conflict (it is not deleted), Gone (its bytes are).
        """
        policy.check(ctx, "delete_image")
        with self._db.transaction() as tx:
            image = images.get(tx, image_id)
            if not is_owner(ctx, image):
                raise errors.NotFound("image", image_id)
            if image.deleted_at is None:
                raise errors.Conflict(f"The image {image.name or image_id} is not deleted.")
            if not image.trashed_until or image.trashed_until <= clock.stamp():
                raise errors.Gone(
                    f"The image {image.name or image_id} is not in the trash any more: "
                    "its time was over, or its room was needed."
                )
            inverse = Inverse(verb="image.delete", args={"image_id": image_id})
            journal.note_of(tx, ctx, "image.restore", image, inverse)
            event = _RESTORED[ImageStatus(status)]
            return images.advance(tx, image, event, deleted_at=None, trashed_until=None)

    def delete_copy(self, ctx: context.RequestContext, image_id: str, store: str) -> None:
        """Remove an image's bytes from one of its stores. Raises Forbidden (the last place; not an
        admin), NotFound, StoreError, Unavailable.
        """
        policy.check(ctx, "delete_image_location")
        with self._db.transaction() as tx:
            image = owned(tx, ctx, image_id)
            places = [image.store] * (image.location is not None)
            places += [copy.store for copy in image.copies]
            if store not in places:
                raise errors.NotFound("store", store)
            if len(places) == 1:
                raise errors.Forbidden("Cannot delete the last location of an image.")
            gone = next((copy for copy in image.copies if copy.store == store), None)
            if gone is None:  # the image's own place: nobody reads it from here on
                gone = ImageCopy(
                    image_id=image_id, store=store, location=image.location or "",
                    created_at=clock.stamp(),
                )  # fmt: skip
                images.move(tx, image_id, store=None, location=None)
                image_copies.create(tx, gone)
            journal.note_of(tx, ctx, "image.delete_copy", image)
        self._data.copies.remove(gone)

    def tasks(self, ctx: context.RequestContext, image_id: str) -> list[ImageTask]:
        """The caller's project's tasks (an admin's: all) of an image, newest first: whoever sees
        an image need not see from where its owner had it. Raises Forbidden, NotFound.
        """
        policy.check(ctx, "get_task")
        images.get_visible(self._db, image_id, ctx)
        where = {"image_id": image_id} | _own(ctx)
        return image_tasks.listed(self._db, where, page=Page(limit=TASKS_MAX))

    def all_tasks(
        self, ctx: context.RequestContext, where: Mapping[str, object], *, page: Page
    ) -> list[ImageTask]:
        """The tasks of the caller's project (an admin's: all) with these columns, page by page.

        Raises Forbidden, BadRequest for a marker that is none of them.
        """
        policy.check(ctx, "get_tasks")
        return image_tasks.listed(self._db, {**where, **_own(ctx)}, page=page)

    def task(self, ctx: context.RequestContext, task_id: str) -> ImageTask:
        """One task. Raises Forbidden, NotFound."""
        policy.check(ctx, "get_task")
        task = image_tasks.get(self._db, task_id)
        if not ctx.is_admin and task.project_id != ctx.project_id:
            raise errors.NotFound("task", task_id)
        return task

    def add_task(self, ctx: context.RequestContext, new: NewImage, uri: str) -> ImageTask:
        """Promise an image that is fetched from the web (Glance's older `POST /v2/tasks`); what is
        wrong with the URI the task will say. Raises Forbidden, BadRequest.
        """
        policy.check(ctx, "add_task")
        image = self.create(ctx, new)
        return self.imports.promise(ctx, image.id, uri)

    def upload(
        self,
        ctx: context.RequestContext,
        image_id: str,
        reader: Reader,
        *,
        store: str | None = None,
    ) -> Image:
        """Fill a queued image with bytes, in the store named or that of new images; what they are
        is looked at as they come.

        Raises Forbidden, NotFound, Conflict (not queued), BadRequest (no formats, no such store, or
        cut off), UnsupportedMedia (not what it says), TooLarge, Gone (deleted meanwhile). After any
        of them no byte is left, and an image that is still there is queued.
        """
        policy.check(ctx, "upload_image")
        if store is not None and store not in self.imports.stores:
            raise errors.BadRequest(f"The store {store[:50]!r} is none that images are put in.")
        return self._data.upload(owned(self._db, ctx, image_id), reader, store=store)

    def download(
        self,
        ctx: context.RequestContext,
        image: Image,
        *,
        offset: int = 0,
        length: int | None = None,
    ) -> Iterator[bytes]:
        """The bytes of an active image, from `offset`, `length` of them or all.

        Raises Forbidden (deactivated, too), Conflict (no bytes yet), StoreError, Unavailable.
        """
        policy.check(ctx, "download_image")
        if image.status is ImageStatus.DEACTIVATED:
            if not ctx.is_admin:
                raise errors.Forbidden("The requested image has been deactivated.")
            return self._data.open(image, offset=offset, length=length)
        if image.status is not ImageStatus.ACTIVE:
            raise errors.Conflict(f"Image {image.id} is {image.status}: it has no data yet.")
        return self._data.open(image, offset=offset, length=length)


def _fields(image: Image) -> dict[str, object]:
    return {name: getattr(image, name) for name in _CHANGEABLE}


def _note_deletion(
    tx: connection.Transaction, ctx: context.RequestContext, image: Image, *, until: str | None
) -> None:
    args = {"image_id": image.id, "status": image.status}
    is_kept = image.status in _RESTORED
    why_final = "nothing is kept: trash.kept_s is 0" if is_kept else f"it was {image.status}"
    journal.note_of(
        tx, ctx, "image.delete", image, Inverse(verb="image.restore", args=args) if until else None,
        undo_until=until,
        why_final="" if until else why_final,
    )  # fmt: skip


def _own(ctx: context.RequestContext) -> dict[str, object]:
    """Which tasks are the caller's to see."""
    return {} if ctx.is_admin else {"project_id": ctx.project_id}
