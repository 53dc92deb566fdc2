"""The verbs on images: policy, then rows, then a message."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from appliance import clock, config, context, errors, ids, policy, queue
from appliance.db import connection, images
from appliance.model.image import Image, ImageEvent, ImageStatus
from services.image import stores
from services.image.api import attributes, registration
from services.image.api.attributes import NewImage
from services.image.data import Data
from services.image.inspection import Reader
from services.image.sources import Sources

TOPIC: Final = "image"

Change = Callable[[Image], Image]  # runs inside the transaction: it only computes


def open_images(
    settings: config.Settings,
    db: connection.Database,
    topics: queue.Queue,
    account: stores.Account,
) -> "Images":
    """The verbs, on every store there is; `account` says how to get into the object store."""
    data = Data(settings, db, stores.open_stores(settings, account))
    return Images(db, topics, data, objects=Sources(account))


class Images:
    """The verbs on images; safe for threads."""

    def __init__(
        self, db: connection.Database, topics: queue.Queue, data: Data, *, objects: Sources
    ) -> None:
        self._db = db
        self._queue = topics
        self._data = data
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
        self._queue.ring(TOPIC, "import_data", image.id)
        return importing

    def update(self, ctx: context.RequestContext, image_id: str, change: Change) -> Image:
        """Apply `change` to the image as it is now. Raises Forbidden, NotFound, what it raises."""
        policy.check(ctx, "modify_image")
        with self._db.transaction() as tx:
            before = self._own(tx, ctx, image_id)
            after = change(before)
            attributes.check(after)
            attributes.check_rights(ctx, after, before=before)
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

    def delete(self, ctx: context.RequestContext, image_id: str) -> None:
        """Let nobody see the image any more; the worker removes its bytes.

        Raises Forbidden when it is protected or another's, NotFound.
        """
        policy.check(ctx, "delete_image")
        with self._db.transaction() as tx:
            image = self._own(tx, ctx, image_id)
            if image.is_protected:
                raise errors.Forbidden(f"Image {image_id} is protected and cannot be deleted.")
            # an upload keeps its claim: it notices, and removes what it has written itself
            gone = images.advance(
                tx, image, ImageEvent.DELETE, deleted_at=clock.stamp(),
                claim_owner=image.claim_owner, claim_expires_at=image.claim_expires_at,
            )  # fmt: skip
        if gone.status is ImageStatus.PENDING_DELETE:
            self._queue.ring(TOPIC, "delete_data", image_id)

    def upload(self, ctx: context.RequestContext, image_id: str, reader: Reader) -> Image:
        """Fill a queued image with bytes; what they are is looked at as they come.

        Raises Forbidden, NotFound, Conflict (not queued), BadRequest (no formats, or cut off),
        UnsupportedMedia (not what it says), TooLarge, Gone (deleted meanwhile). After any of them
        no byte is left, and an image that is still there is queued.
        """
        policy.check(ctx, "upload_image")
        return self._data.upload(self._own(self._db, ctx, image_id), reader)

    def download(
        self,
        ctx: context.RequestContext,
        image: Image,
        *,
        offset: int = 0,
        length: int | None = None,
    ) -> Iterator[bytes]:
        """The bytes of an active image, from `offset`, `length` of them or all.

        Raises Forbidden, Conflict (no bytes yet), StoreError, Unavailable.
        """
        policy.check(ctx, "download_image")
        if image.status is not ImageStatus.ACTIVE:
            raise errors.Conflict(f"Image {image.id} is {image.status}: it has no data yet.")
        return self._data.open(image, offset=offset, length=length)

    def _own(self, db: connection.Reader, ctx: context.RequestContext, image_id: str) -> Image:
        """The image, to be changed by its project or an admin. Raises NotFound, Forbidden."""
        image = images.get_visible(db, image_id, ctx)
        if not ctx.is_admin and image.project_id != ctx.project_id:
            raise errors.Forbidden(f"You are not permitted to modify image {image_id}.")
        return image
