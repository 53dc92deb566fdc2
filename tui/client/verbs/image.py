"""The calls of Image v2 that this client makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

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
    return change_image(image_id, "os_hidden", True)


def change_image(image_id: str, field: str, value: Any) -> Call:
    """Set a field or a property of an image."""
    op = "replace" if field in _FIELDS else "add"
    return _patch(image_id, {"op": op, "path": f"/{_pointer(field)}", "value": value})


def forget_property(image_id: str, name: str) -> Call:
    """Take a property from an image."""
    return _patch(image_id, {"op": "remove", "path": f"/{_pointer(name)}"})


def download_image(image_id: str) -> Call:
    """Read an image's data: goes with ``Session.stream``."""
    return Call(service="image", method="GET", path=f"/v2/images/{image_id}/file")


def deactivate_image(image_id: str) -> Call:
    """Hold an image's data back."""
    return _act(image_id, "deactivate")


def reactivate_image(image_id: str) -> Call:
    """Give an image's data out again."""
    return _act(image_id, "reactivate")


def import_image(image_id: str, url: str) -> Call:
    """Have the cloud fetch an image's data."""
    body = {"method": {"name": "web-download", "uri": url}}
    return Call(service="image", method="POST", path=f"/v2/images/{image_id}/import", body=body)


def tag_image(image_id: str, tag: str) -> Call:
    """Put a tag on an image."""
    path = f"/v2/images/{image_id}/tags/{quote(tag, safe='')}"
    return Call(service="image", method="PUT", path=path)


def untag_image(image_id: str, tag: str) -> Call:
    """Take a tag from an image."""
    path = f"/v2/images/{image_id}/tags/{quote(tag, safe='')}"
    return Call(service="image", method="DELETE", path=path)


def members(image_id: str) -> Call:
    """List the projects that an image is shared with."""
    return Call(service="image", method="GET", path=f"/v2/images/{image_id}/members")


def share_image(image_id: str, project_id: str) -> Call:
    """Let a project see an image."""
    path = f"/v2/images/{image_id}/members"
    return Call(service="image", method="POST", path=path, body={"member": project_id})


def unshare_image(image_id: str, project_id: str) -> Call:
    """Let a project see an image no more."""
    path = f"/v2/images/{image_id}/members/{quote(project_id, safe='')}"
    return Call(service="image", method="DELETE", path=path)


def answer_share(image_id: str, project_id: str, status: str) -> Call:
    """Take a shared image into one's lists, or not: accepted, rejected, pending."""
    path = f"/v2/images/{image_id}/members/{quote(project_id, safe='')}"
    return Call(service="image", method="PUT", path=path, body={"status": status})


def delete_image(image_id: str) -> Call:
    """Delete an image."""
    return Call(service="image", method="DELETE", path=f"/v2/images/{image_id}")


_FIELDS: Final = ("name", "visibility", "protected", "os_hidden", "min_disk", "min_ram")


def _pointer(field: str) -> str:
    return field.replace("~", "~0").replace("/", "~1")


def _act(image_id: str, action: str) -> Call:
    return Call(service="image", method="POST", path=f"/v2/images/{image_id}/actions/{action}")


def _patch(image_id: str, change: Mapping[str, Any]) -> Call:
    return Call(
        service="image", method="PATCH", path=f"/v2/images/{image_id}", body=[change],
        media_type="application/openstack-images-v2.1-json-patch",
    )  # fmt: skip
