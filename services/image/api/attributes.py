"""What a user may say of an image, and what no image may be."""

import dataclasses
from dataclasses import dataclass
from typing import Final

from appliance import clock, context, errors, ids, policy
from appliance.model.image import Image, ImageStatus, Visibility
from services.image import inspection

NAME_CHARS_MAX: Final = 255  # Glance's limit, also for a tag and for a property's name
TAGS_MAX: Final = 128  # Glance's image_tag_quota
PROPERTIES_MAX: Final = 128  # Glance's image_property_quota
VALUE_CHARS_MAX: Final = 65_535  # what Glance's column holds
NUMBER_MAX: Final = 2**31 - 1  # of min_disk and min_ram: what Glance's columns hold

DISK_FORMATS: Final = inspection.DISK_FORMATS
CONTAINER_FORMATS: Final = inspection.CONTAINER_FORMATS
BOOTED_WITH: Final = ("kernel_id", "ramdisk_id")  # properties that name other images


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


def queued(ctx: context.RequestContext, new: NewImage) -> Image:
    """The row of a new image, without bytes. Raises BadRequest, TooLarge, Forbidden."""
    now = clock.stamp()
    image = Image(
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
    check(image)
    check_rights(ctx, image, before=None)
    return image


def check(image: Image) -> None:
    """Raise BadRequest for what no image may be, TooLarge for more than one may have."""
    texts = {"name": image.name or "", "owner": image.project_id}
    texts |= {f"tag {tag!r}": tag for tag in image.tags}
    texts |= {f"property {name!r}": name for name in image.properties}
    for what, text in texts.items():
        if len(text) > NAME_CHARS_MAX:
            raise errors.BadRequest(f"Invalid {what[:50]}: over {NAME_CHARS_MAX} characters.")
    for name, value in image.properties.items():
        if not name or len(value) > VALUE_CHARS_MAX:
            raise errors.BadRequest(f"Invalid property {name!r}: no name, or too long a value.")
        if name in BOOTED_WITH and value and not ids.is_uuid(value):  # empty: it names none
            raise errors.BadRequest(f"Invalid property {name}: {value[:50]!r} is no image's id.")
    if image.disk_format not in (None, *DISK_FORMATS):
        raise errors.BadRequest(f"Invalid disk format: {image.disk_format!r}.")
    if image.container_format not in (None, *CONTAINER_FORMATS):
        raise errors.BadRequest(f"Invalid container format: {image.container_format!r}.")
    _check_pair(image)
    numbers = (image.min_disk_gib, image.min_memory_mib)
    if min(numbers) < 0 or max(numbers) > NUMBER_MAX:
        raise errors.BadRequest(f"min_disk and min_ram are from 0 to {NUMBER_MAX}.")
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


def check_rights(ctx: context.RequestContext, image: Image, *, before: Image | None) -> None:
    """Raise Forbidden for what only an admin may make of an image."""
    was_public = before is not None and before.visibility is Visibility.PUBLIC
    if image.visibility is Visibility.PUBLIC and not was_public:
        policy.check(ctx, "publicize_image")
    was_community = before is not None and before.visibility is Visibility.COMMUNITY
    if image.visibility is Visibility.COMMUNITY and not was_community:
        policy.check(ctx, "communitize_image")
    owner = before.project_id if before else ctx.project_id
    if image.project_id != owner and not ctx.is_admin:
        raise errors.Forbidden("You are not permitted to create or give images to others.")
