"""Changes of an image as a JSON patch (RFC 6902), the part of it that Glance has."""

import dataclasses
from typing import Any, Final, Literal

import msgspec

from appliance import errors, ids
from appliance.model.image import Image, ImageStatus
from services.api.image import document

MEDIA_TYPES: Final = (
    "application/openstack-images-v2.1-json-patch",
    "application/openstack-images-v2.0-json-patch",
    "application/json-patch+json",
)


class Change(msgspec.Struct):
    """One operation; `path` is a JSON pointer of one step."""

    op: Literal["add", "replace", "remove"]
    path: str
    value: Any = None


def parse(given: dict[str, Any]) -> Change:
    """An operation as RFC 6902 writes it, or as v2.0 did: `{"replace": "/name", "value": …}`.

    Raises BadRequest.
    """
    if "op" not in given:
        named = [name for name in ("add", "replace", "remove") if name in given]
        if len(named) != 1:
            raise errors.BadRequest("An operation is one of add, replace and remove.")
        given = {"op": named[0], "path": given[named[0]], **_value(given)}
    if given["op"] != "remove" and "value" not in given:
        raise errors.BadRequest('Operation "add" or "replace" requires a member named "value".')
    try:
        return msgspec.convert(given, Change)
    except msgspec.ValidationError as error:
        raise errors.BadRequest(f"Invalid operation: {error}") from error


def _value(given: dict[str, Any]) -> dict[str, Any]:
    return {"value": given["value"]} if "value" in given else {}


def apply(image: Image, changes: list[Change]) -> Image:
    """The image with all `changes`. Raises BadRequest, Forbidden, and Conflict when one has nothing
    to replace or remove.
    """
    before = document.of_user(image)
    wanted = dict(before)
    for change in changes:
        _apply(wanted, change)
    if image.status is not ImageStatus.QUEUED:
        for name in ("container_format", "disk_format"):
            if wanted[name] != before[name]:
                raise errors.Forbidden(
                    f"Attribute '{name}' can be replaced only for a queued image."
                )
    said = document.parse(wanted)
    return dataclasses.replace(
        image,
        name=said.name,
        visibility=said.visibility,
        project_id=ids.ProjectId(said.owner or image.project_id),
        container_format=said.container_format,
        disk_format=said.disk_format,
        min_disk_gib=said.min_disk_gib,
        min_memory_mib=said.min_memory_mib,
        is_protected=int(said.is_protected),
        is_hidden=int(said.is_hidden),
        properties=said.properties,
        tags=said.tags,
    )


def _apply(wanted: dict[str, Any], change: Change) -> None:
    name = _name(change.path)
    document.check_names({name: None})
    if name == "id":
        raise errors.Forbidden("Attribute 'id' is read-only.")
    if change.op == "remove" and name in document.BASE:
        raise errors.Forbidden(f"Property {name} may not be removed.")
    if change.op != "add" and name not in wanted:
        raise errors.Conflict(f"Property {name} does not exist.")
    if change.op == "remove":
        del wanted[name]
    else:
        wanted[name] = change.value


def _name(pointer: str) -> str:
    """The one step of a JSON pointer. Raises BadRequest for any other."""
    steps = pointer.split("/")
    if len(steps) != 2 or steps[0] or not steps[1]:
        raise errors.BadRequest(f"Invalid JSON pointer for this resource: '{pointer}'")
    return steps[1].replace("~1", "/").replace("~0", "~")
