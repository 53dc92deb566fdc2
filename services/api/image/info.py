"""What clients ask about the service itself: schemas, stores, ways to import."""

from typing import Any, Final

from appliance import config, policy
from appliance.model.image import ImageStatus, Visibility
from appliance.model.image_member import MemberStatus
from appliance.model.image_task import TaskStatus
from services.http import endpoint
from services.http.endpoint import Request, path
from services.image.api import CONTAINER_FORMATS, DISK_FORMATS, written_stores
from services.image.api.attributes import BOOTED_WITH
from services.image.api.imports import METHODS

_TEXT: Final = {"type": ["null", "string"]}
_NUMBER: Final = {"type": ["null", "integer"]}
_READ_ONLY: Final = {"readOnly": True}
_ID_OR_EMPTY: Final = "^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"
_IMAGE: Final[dict[str, Any]] = {
    "id": {"type": "string"},
    "name": _TEXT | {"maxLength": 255},
    "status": {"type": "string", "enum": list(ImageStatus)} | _READ_ONLY,
    "visibility": {"type": "string", "enum": list(Visibility)},
    "protected": {"type": "boolean"},
    "os_hidden": {"type": "boolean"},
    "checksum": _TEXT | _READ_ONLY,
    "os_hash_algo": _TEXT | _READ_ONLY,
    "os_hash_value": _TEXT | _READ_ONLY,
    "owner": _TEXT,
    "size": _NUMBER | _READ_ONLY,
    "virtual_size": _NUMBER | _READ_ONLY,
    "container_format": _TEXT | {"enum": [None, *CONTAINER_FORMATS]},
    "disk_format": _TEXT | {"enum": [None, *DISK_FORMATS]},
    "created_at": {"type": "string"} | _READ_ONLY,
    "updated_at": {"type": "string"} | _READ_ONLY,
    "tags": {"type": "array", "items": {"type": "string", "maxLength": 255}},
    "min_disk": {"type": "integer"},
    "min_ram": {"type": "integer"},
    **{name: {"type": "string", "pattern": _ID_OR_EMPTY} for name in BOOTED_WITH},
    "self": {"type": "string"} | _READ_ONLY,
    "file": {"type": "string"} | _READ_ONLY,
    "schema": {"type": "string"} | _READ_ONLY,
}
_IMAGE_SCHEMA: Final = {
    "name": "image",
    "properties": _IMAGE,
    "additionalProperties": {"type": "string"},
    "links": [
        {"rel": "self", "href": "{self}"},
        {"rel": "enclosure", "href": "{file}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}
_IMAGES_SCHEMA: Final = {
    "name": "images",
    "properties": {
        "images": {"type": "array", "items": _IMAGE_SCHEMA},
        "first": {"type": "string"},
        "next": {"type": "string"},
        "schema": {"type": "string"},
    },
    "links": [
        {"rel": "first", "href": "{first}"},
        {"rel": "next", "href": "{next}"},
        {"rel": "describedby", "href": "{schema}"},
    ],
}


_MEMBER: Final[dict[str, Any]] = {
    "image_id": {"type": "string"},
    "member_id": {"type": "string"},
    "status": {"type": "string", "enum": list(MemberStatus)},
    "created_at": {"type": "string"} | _READ_ONLY,
    "updated_at": {"type": "string"} | _READ_ONLY,
    "schema": {"type": "string"} | _READ_ONLY,
}
_TASK: Final[dict[str, Any]] = {
    "id": {"type": "string"},
    "type": {"type": "string"},
    "status": {"type": "string", "enum": list(TaskStatus)},
    "input": {"type": ["null", "object"]},
    "result": {"type": ["null", "object"]},
    "owner": {"type": "string"},
    "message": {"type": "string"},
    "image_id": _TEXT,
    "request_id": {"type": "string"},
    "user_id": {"type": "string"},
    "expires_at": _TEXT,
    "created_at": {"type": "string"},
    "updated_at": {"type": "string"},
    "self": {"type": "string"},
    "schema": {"type": "string"},
}
_TASK_SCHEMA: Final = {"name": "task", "properties": _TASK}
_MEMBER_SCHEMA: Final = {"name": "member", "properties": _MEMBER}


def _many(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a list of what `schema` describes."""
    return {
        "name": name,
        "properties": {name: {"type": "array", "items": schema}, "schema": {"type": "string"}},
        "links": [{"rel": "describedby", "href": "{schema}"}],
    }


def paths(settings: config.Settings) -> tuple[endpoint.Path, ...]:
    """Under `/image`."""
    written = written_stores(settings)

    def index(request: Request) -> dict[str, Any]:
        found: list[dict[str, Any]] = [{"id": name} for name in written]
        found[0]["default"] = "true"
        for weight, one in enumerate(reversed(found)):  # the first weighs most, as in Glance
            one |= {"weight": weight} if len(found) > 1 else {}
        return {"stores": found}

    def detail(request: Request) -> dict[str, Any]:
        policy.check(request.ctx, "stores_info_detail")
        found = index(request)["stores"]
        return {"stores": [one | {"type": one["id"], "properties": {}} for one in found]}

    return (
        path("/v2/schemas/image", GET=endpoint.endpoint(lambda _: _IMAGE_SCHEMA)),
        path("/v2/schemas/images", GET=endpoint.endpoint(lambda _: _IMAGES_SCHEMA)),
        path("/v2/schemas/member", GET=endpoint.endpoint(lambda _: _MEMBER_SCHEMA)),
        path(
            "/v2/schemas/members",
            GET=endpoint.endpoint(lambda _: _many("members", _MEMBER_SCHEMA)),
        ),
        path("/v2/schemas/task", GET=endpoint.endpoint(lambda _: _TASK_SCHEMA)),
        path("/v2/schemas/tasks", GET=endpoint.endpoint(lambda _: _many("tasks", _TASK_SCHEMA))),
        path("/v2/info/stores", GET=endpoint.endpoint(index)),
        path("/v2/info/stores/detail", GET=endpoint.endpoint(detail)),
        path("/v2/info/import", GET=endpoint.endpoint(_import)),
    )


def _import(_: Request) -> dict[str, Any]:
    described = {
        "description": "Import methods available.", "type": "array", "value": list(METHODS),
    }  # fmt: skip
    return {"import-methods": described}
