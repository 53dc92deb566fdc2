"""The calls of Image v2 that this client makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tui.client.call import Call


def images(name: str | None = None) -> Call:
    """List images, all of them or those of one name."""
    query = "" if name is None else f"?name={name}"
    return Call(service="image", method="GET", path=f"/v2/images{query}")


def image(image_id: str) -> Call:
    """Show one image."""
    return Call(service="image", method="GET", path=f"/v2/images/{image_id}")


def tagged_images(tag: str) -> Call:
    """List the images that have a tag."""
    return Call(service="image", method="GET", path=f"/v2/images?{urlencode({'tag': tag})}")


def create_image(image: Mapping[str, Any]) -> Call:
    """Register an image that has no data yet."""
    return Call(service="image", method="POST", path="/v2/images", body=image)


def upload_image(image_id: str) -> Call:
    """Send an image's data: goes with ``Session.upload``."""
    return Call(service="image", method="PUT", path=f"/v2/images/{image_id}/file")


def hide_image(image_id: str) -> Call:
    """Take an image out of the lists; it stays for those who know its id."""
    change = {"op": "replace", "path": "/os_hidden", "value": True}
    return Call(
        service="image", method="PATCH", path=f"/v2/images/{image_id}", body=[change],
        media_type="application/openstack-images-v2.1-json-patch",
    )  # fmt: skip


def delete_image(image_id: str) -> Call:
    """Delete an image."""
    return Call(service="image", method="DELETE", path=f"/v2/images/{image_id}")
