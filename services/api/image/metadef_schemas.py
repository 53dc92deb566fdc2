"""JSON schemas of metadata definitions, as clients ask for them (Glance, /v2/schemas/metadefs)."""

from typing import Any, Final

from services.http import endpoint
from services.http.endpoint import path

_TEXT: Final = {"type": "string"}
_NAME: Final = {"type": "string", "maxLength": 80}
_MOMENT: Final = {"type": "string", "format": "date-time", "readOnly": True}
_STAMPS: Final = {"created_at": _MOMENT, "updated_at": _MOMENT}
_LINKS: Final = {"self": _TEXT | {"readOnly": True}, "schema": _TEXT | {"readOnly": True}}
_ASSOCIATION: Final = {
    "name": _NAME, "prefix": _TEXT, "properties_target": _TEXT, **_STAMPS,
}  # fmt: skip
_PROPERTY: Final = {
    "name": _NAME,
    "title": _TEXT,
    "type": {
        "type": "string",
        "enum": ["array", "boolean", "integer", "number", "object", "string"],
    },
    "description": _TEXT,
    "operators": {"type": "array", "items": _TEXT},
    "enum": {"type": "array"},
    "default": {},
    "minimum": {"type": "number"},
    "maximum": {"type": "number"},
    "pattern": _TEXT,
    "readonly": {"type": "boolean"},
}
_PROPERTIES: Final = {
    "type": "object", "additionalProperties": {"type": "object", "properties": _PROPERTY},
}  # fmt: skip
_OBJECT: Final = {
    "name": _NAME, "description": _TEXT, "required": {"type": "array", "items": _TEXT},
    "properties": _PROPERTIES, **_STAMPS, **_LINKS,
}  # fmt: skip
_TAG: Final = {"name": _NAME, **_STAMPS, **_LINKS}
_NAMESPACE: Final = {
    "namespace": _NAME,
    "display_name": _NAME,
    "description": _TEXT,
    "visibility": {"type": "string", "enum": ["public", "private"]},
    "protected": {"type": "boolean"},
    "owner": _TEXT,
    "resource_type_associations": {"type": "array", "items": {"type": "object"}},
    "properties": _PROPERTIES,
    "objects": {"type": "array", "items": {"type": "object", "properties": _OBJECT}},
    "tags": {"type": "array", "items": {"type": "object", "properties": _TAG}},
    **_STAMPS,
    **_LINKS,
}
# one → (many, what one is made of, what must be said)
_NOUNS: Final[dict[str, tuple[str, dict[str, Any], list[str]]]] = {
    "namespace": ("namespaces", _NAMESPACE, ["namespace"]),
    "resource_type_association": ("resource_type_associations", _ASSOCIATION, ["name"]),
    "property": ("properties", _PROPERTY, ["name", "title", "type"]),
    "object": ("objects", _OBJECT, ["name"]),
    "tag": ("tags", _TAG, ["name"]),
}
# a schema's name → the last word of its path, where that is another
_WORDS: Final = {
    "resource_type_association": "resource_type", "resource_type_associations": "resource_types",
}  # fmt: skip


def paths() -> tuple[endpoint.Path, ...]:
    """Under `/image`."""
    found = []
    for one, (many, properties, required) in _NOUNS.items():
        single = {
            "name": one, "type": "object", "properties": properties, "required": required,
            "additionalProperties": False,
        }  # fmt: skip
        plural = _many(many, single)
        found += [_path(one, single), _path(many, plural)]
    return tuple(found)


def _many(name: str, single: dict[str, Any]) -> dict[str, Any]:
    items: dict[str, Any] = {"type": "array", "items": single}
    if name == "properties":
        items = {"type": "object", "additionalProperties": single}
    names: dict[str, Any] = {name: items, "first": _TEXT, "next": _TEXT, "schema": _TEXT}
    return {"name": name, "properties": names}


def _path(name: str, schema: dict[str, Any]) -> endpoint.Path:
    word = _WORDS.get(name, name)
    return path(f"/v2/schemas/metadefs/{word}", GET=endpoint.endpoint(lambda _: schema))
