"""What clients ask about the service itself: schemas, stores, ways to import."""

from typing import Any, Final

from appliance import config
from appliance.model.image import ImageStatus, Visibility
from services.http import endpoint
from services.http.endpoint import Request, path
from services.image.api import CONTAINER_FORMATS, DISK_FORMATS

_TEXT: Final = {"type": ["null", "string"]}
_NUMBER: Final = {"type": ["null", "integer"]}
_READ_ONLY: Final = {"readOnly": True}
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


def paths(settings: config.Settings) -> tuple[endpoint.Path, ...]:
    """Under `/image`."""
    default = settings.image.store

    def stores(_: Request) -> dict[str, Any]:
        found: list[dict[str, str]] = [{"id": name} for name in ("swift", "file")]
        for store in found:
            if store["id"] == default:
                store["default"] = "true"
        return {"stores": found}

    return (
        path("/v2/schemas/image", GET=endpoint.endpoint(lambda _: _IMAGE_SCHEMA)),
        path("/v2/schemas/images", GET=endpoint.endpoint(lambda _: _IMAGES_SCHEMA)),
        path("/v2/info/stores", GET=endpoint.endpoint(stores)),
        path("/v2/info/import", GET=endpoint.endpoint(_import)),
    )


def _import(_: Request) -> dict[str, Any]:
    """No way to import but the upload itself."""
    described = {"description": "Import methods available.", "type": "array", "value": []}
    return {"import-methods": described}
