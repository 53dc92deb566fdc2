"""Imports of another image: its bytes, and what belongs to them (Glance, import method
`glance-download`).

Only an image of this cloud is had: another's would want its user's token, which no queue carries.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from appliance import config, context, errors, ids
from appliance.db import catalog, connection, images
from appliance.model.image import Image, ImageStatus
from appliance.model.image_task import ImageTask

_CHARS_MAX: Final = 255  # of a region's id
# properties that come along: those that say how to boot it (Glance, extra_properties)
_BELONGING: Final = ("hw_", "trait:", "os_distro", "os_secure_boot", "os_type")


def check(asked: Mapping[str, Any]) -> None:
    """Raise BadRequest for what names no image of any cloud."""
    if not ids.is_uuid(str(asked.get("glance_image_id", ""))):
        raise errors.BadRequest("'glance_image_id': image id does not look like a UUID")
    if not 0 < len(str(asked.get("glance_region", ""))) <= _CHARS_MAX:
        raise errors.BadRequest(
            f"'glance_region' is required for 'glance-download': 1 to {_CHARS_MAX} characters."
        )


def find(db: connection.Reader, settings: config.Settings, task: ImageTask) -> Image:
    """The image that a task names, if the project whose task it is may see it.

    Raises StoreError for an endpoint that is not this cloud's or an image without bytes, NotFound.
    """
    asked = task.input["import_req"]["method"]
    _check_endpoint(
        db, settings, region=asked["glance_region"], interface=asked["glance_service_interface"]
    )
    ctx = context.RequestContext(project_id=ids.ProjectId(task.project_id))
    image = images.get_visible(db, asked["glance_image_id"], ctx)
    if image.status is not ImageStatus.ACTIVE:
        raise errors.StoreError(f"image {image.id} is {image.status}: it has no data to download")
    return image


def adopted(image: Image, source: Image) -> Image:
    """The image with the formats of `source`, and the properties that belong to its bytes."""
    belonging = {
        name: value for name, value in source.properties.items() if name.startswith(_BELONGING)
    }
    return replace(
        image,
        disk_format=source.disk_format,
        container_format=source.container_format,
        properties=dict(image.properties) | belonging,
    )


def _check_endpoint(
    db: connection.Reader, settings: config.Settings, *, region: str, interface: str
) -> None:
    services = {one.id for one in catalog.services.listed(db, {"type": "image", "is_enabled": 1})}
    place = {"region_id": region, "interface": interface, "is_enabled": 1}
    urls = [one.url for one in catalog.endpoints.listed(db, place) if one.service_id in services]
    if not urls:
        raise errors.StoreError(
            f"The catalog has no {interface[:50]} endpoint of an Image API in region {region[:50]}."
        )
    if f"{settings.api_url}/image" not in urls:
        raise errors.StoreError(
            f"The Image API of region {region[:50]} is another cloud's: download the image there "
            "and upload it, or import it with web-download."
        )
