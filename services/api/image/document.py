"""An image as the Image API writes and reads it: one flat JSON object, own properties among it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from appliance import errors
from appliance.model.image import Image, ImageStatus, Visibility
from appliance.model.image_copy import ImageCopy
from services.image.api import NewImage

READ_ONLY: Final = frozenset(
    {
        "created_at", "updated_at", "status", "checksum", "size", "virtual_size", "direct_url",
        "self", "file", "schema", "os_hash_algo", "os_hash_value",
    }
)  # fmt: skip
RESERVED: Final = frozenset({"location", "locations", "deleted", "deleted_at", "stores"})
RESERVED_PREFIX: Final = "os_glance_"


class Said(msgspec.Struct, forbid_unknown_fields=True):
    """What a user may say of an image, own properties aside."""

    id: str | None = None
    name: str | None = None
    visibility: Visibility = Visibility.SHARED
    owner: str | None = None
    container_format: str | None = None
    disk_format: str | None = None
    min_disk: int = 0
    min_ram: int = 0
    protected: bool = False
    os_hidden: bool = False
    tags: list[str] = []


BASE: Final = frozenset(Said.__struct_fields__)


def check_names(names: Mapping[str, Any]) -> None:
    """Raise Forbidden when one of the attributes is not a user's to set."""
    for name in names:
        if name in READ_ONLY:
            raise errors.Forbidden(f"Attribute '{name}' is read-only.")
        if name in RESERVED or name.startswith(RESERVED_PREFIX):
            raise errors.Forbidden(f"Attribute '{name}' is reserved.")


def parse(document: Mapping[str, Any]) -> NewImage:
    """What a document says. Raises Forbidden, and BadRequest for a wrong type."""
    check_names(document)
    properties = {name: value for name, value in document.items() if name not in BASE}
    for name, value in properties.items():
        if not isinstance(value, str):
            raise errors.BadRequest(f"Invalid input for property {name}: {value!r} is no text.")
    try:
        said = msgspec.convert(
            {name: value for name, value in document.items() if name in BASE}, Said
        )
    except msgspec.ValidationError as error:
        raise errors.BadRequest(
            f"Provided object does not match schema 'image': {error}"
        ) from error
    return NewImage(
        id=said.id,
        name=said.name,
        visibility=said.visibility,
        owner=said.owner,
        container_format=said.container_format,
        disk_format=said.disk_format,
        min_disk_gib=said.min_disk,
        min_memory_mib=said.min_ram,
        is_protected=said.protected,
        is_hidden=said.os_hidden,
        properties=properties,
        tags=tuple(said.tags),
    )


def of_user(image: Image) -> dict[str, Any]:
    """What a user may say of the image, as it is now: the part that `parse` reads back."""
    return {
        **image.properties,
        "id": image.id,
        "name": image.name,
        "visibility": image.visibility,
        "owner": image.project_id,
        "container_format": image.container_format,
        "disk_format": image.disk_format,
        "min_disk": image.min_disk_gib,
        "min_ram": image.min_memory_mib,
        "protected": bool(image.is_protected),
        "os_hidden": bool(image.is_hidden),
        "tags": list(image.tags),
    }


def view(
    image: Image, *, stores: Sequence[str] = (), has_locations: bool = False
) -> dict[str, Any]:
    """The whole image; of one whose import failed also why; its locations where they are shown.

    The stores that it is in are named in the order of `stores`, others after them.
    """
    return (
        of_user(image)
        | _import(image)
        | _places(image, stores, has_locations=has_locations)
        | {
            "status": image.status,
            "size": image.size_bytes,
            "virtual_size": image.virtual_size_bytes,
            "checksum": image.checksum_md5,
            "os_hash_algo": "sha512" if image.checksum_sha512 else None,
            "os_hash_value": image.checksum_sha512,
            "created_at": _seconds(image.created_at),
            "updated_at": _seconds(image.updated_at),
            "self": f"/v2/images/{image.id}",
            "file": f"/v2/images/{image.id}/file",
            "schema": "/v2/schemas/image",
        }
    )


def _import(image: Image) -> dict[str, Any]:
    """How its last import is doing, by stores; and why one failed that has none of them."""
    said: dict[str, Any] = {}
    if image.importing_to is not None:
        said["os_glance_importing_to_stores"] = image.importing_to
        said["os_glance_failed_import"] = image.failed_to or ""
    elif image.status is ImageStatus.QUEUED and image.reason:
        said["os_glance_failed_import"] = image.reason
    return said


def _places(image: Image, order: Sequence[str], *, has_locations: bool) -> dict[str, Any]:
    """The stores that have the image, and (where that is shown) its locations."""
    is_there = image.status in (ImageStatus.ACTIVE, ImageStatus.DEACTIVATED)
    own = [(image.store, image.location)] if is_there and image.location is not None else []
    found = {store or "" for store, _ in own} | {copy.store for copy in image.copies}
    stores = [store for store in order if store in found] + sorted(found - set(order))
    said: dict[str, Any] = {"stores": ",".join(stores)} if stores else {}
    if has_locations:
        shown = [{"url": f"{store}://{name}", "metadata": {}} for store, name in own]
        shown += [{"url": _url(copy), "metadata": dict(copy.metadata)} for copy in image.copies]
        said["locations"] = shown
        if shown:
            said["direct_url"] = shown[0]["url"]
    return said


def _url(copy: ImageCopy) -> str:
    return copy.location if copy.store == "http" else f"{copy.store}://{copy.location}"


def _seconds(stamp: str) -> str:
    """`2010-10-21T16:42:07Z`, as Glance writes a moment."""
    return f"{stamp[:19]}Z"
