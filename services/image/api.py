"""What a request may ask of the image service: policy, then rows, then a message."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from appliance import clock, config, context, errors, ids, policy, queue
from appliance.db import connection, images
from appliance.model.image import Image, ImageEvent, ImageStatus, Visibility
from services.image import inspection, stores
from services.image.data import Data
from services.image.inspection import Reader

TOPIC: Final = "image"
NAME_CHARS_MAX: Final = 255  # Glance's limit, also for a tag and for a property's name
TAGS_MAX: Final = 128  # Glance's image_tag_quota
PROPERTIES_MAX: Final = 128  # Glance's image_property_quota
VALUE_CHARS_MAX: Final = 65_535  # what Glance's column holds

DISK_FORMATS: Final = inspection.DISK_FORMATS
CONTAINER_FORMATS: Final = inspection.CONTAINER_FORMATS

Change = Callable[[Image], Image]  # runs inside the transaction: it only computes


def open_images(
    settings: config.Settings,
    db: connection.Database,
    topics: queue.Queue,
    account: stores.Account,
) -> "Images":
    """The verbs, on every store there is; `account` says how to get into the object store."""
    return Images(db, topics, Data(settings, db, stores.open_stores(settings, account)))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage:
    """What a user says of an image before its bytes come."""

    id: str | None = None
    name: str | None = None
    visibility: Visibility = Visibility.SHARED
    owner: str | None = None
    container_format: str | None = None
    disk_format: str | None = None
    min_disk_gib: int = 0
    min_memory_mib: int = 0
    is_protected: bool = False
    is_hidden: bool = False
    properties: dict[str, str] = dataclasses.field(default_factory=dict)
    tags: tuple[str, ...] = ()


class Images:
    """The verbs on images; safe for threads."""

    def __init__(self, db: connection.Database, topics: queue.Queue, data: Data) -> None:
        self._db = db
        self._queue = topics
        self._data = data

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
        image = _queued(ctx, new)
        _check(image)
        _check_rights(ctx, image, before=None)
        with self._db.transaction() as tx:
            images.create(tx, image)
        return image

    def update(self, ctx: context.RequestContext, image_id: str, change: Change) -> Image:
        """Apply `change` to the image as it is now. Raises Forbidden, NotFound, what it raises."""
        policy.check(ctx, "modify_image")
        with self._db.transaction() as tx:
            before = self._own(tx, ctx, image_id)
            after = change(before)
            _check(after)
            _check_rights(ctx, after, before=before)
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


def _queued(ctx: context.RequestContext, new: NewImage) -> Image:
    now = clock.stamp()
    return Image(
        id=ids.ImageId(new.id or ids.new_uuid()),
        name=new.name,
        status=ImageStatus.QUEUED,
        visibility=new.visibility,
        project_id=ids.ProjectId(new.owner or ctx.project_id),
        container_format=new.container_format,
        disk_format=new.disk_format,
        size_bytes=None,
        virtual_size_bytes=None,
        checksum_md5=None,
        checksum_sha512=None,
        checksum_xxh3=None,
        min_disk_gib=new.min_disk_gib,
        min_memory_mib=new.min_memory_mib,
        is_protected=int(new.is_protected),
        is_hidden=int(new.is_hidden),
        store=None,
        location=None,
        request_id=ctx.request_id,
        created_at=now,
        updated_at=now,
        deleted_at=None,
        claim_owner=None,
        claim_expires_at=None,
        properties=new.properties,
        tags=tuple(dict.fromkeys(new.tags)),
    )


def _check(image: Image) -> None:
    """Raise BadRequest for what no image may be, TooLarge for more than one may have."""
    texts = {"name": image.name or "", **{f"tag {tag!r}": tag for tag in image.tags}}
    texts |= {f"property {name!r}": name for name in image.properties}
    for what, text in texts.items():
        if len(text) > NAME_CHARS_MAX:
            raise errors.BadRequest(f"Invalid {what[:50]}: over {NAME_CHARS_MAX} characters.")
    for name, value in image.properties.items():
        if not name or len(value) > VALUE_CHARS_MAX:
            raise errors.BadRequest(f"Invalid property {name!r}: no name, or too long a value.")
    if image.disk_format not in (None, *DISK_FORMATS):
        raise errors.BadRequest(f"Invalid disk format: {image.disk_format!r}.")
    if image.container_format not in (None, *CONTAINER_FORMATS):
        raise errors.BadRequest(f"Invalid container format: {image.container_format!r}.")
    _check_pair(image)
    if min(image.min_disk_gib, image.min_memory_mib) < 0:
        raise errors.BadRequest("min_disk and min_ram are not negative.")
    if len(image.tags) > TAGS_MAX or len(image.properties) > PROPERTIES_MAX:
        raise errors.TooLarge(f"At most {TAGS_MAX} tags and {PROPERTIES_MAX} properties.")


def _check_pair(image: Image) -> None:
    """Amazon's kinds of image go by one name in both formats (Glance, domain/__init__.py)."""
    disk, container, amazon = image.disk_format, image.container_format, ("aki", "ari", "ami")
    if disk and container and disk != container and (disk in amazon or container in amazon):
        raise errors.BadRequest(
            "Invalid mix of disk and container formats. When setting a disk or container format "
            "to one of 'aki', 'ari', or 'ami', the container and disk formats must match."
        )


def _check_rights(ctx: context.RequestContext, image: Image, *, before: Image | None) -> None:
    """Raise Forbidden for what only an admin may make of an image."""
    was_public = before is not None and before.visibility is Visibility.PUBLIC
    if image.visibility is Visibility.PUBLIC and not was_public:
        policy.check(ctx, "publicize_image")
    owner = before.project_id if before else ctx.project_id
    if image.project_id != owner and not ctx.is_admin:
        raise errors.Forbidden("You are not permitted to create or give images to others.")
