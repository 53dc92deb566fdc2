"""What a body says of a metadata definition, checked as Glance's schemas have it.

What is not known to us is the client's own, and is shown to it again.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from appliance import errors
from appliance.model.metadef import Kind

Json = dict[str, Any]

_CHARS_MAX: Final = 80  # of a name (Glance's column)
_OURS: Final = frozenset({"name", "self", "schema", "created_at", "updated_at"})


class Resource(msgspec.Struct):
    """A type of resource that a namespace is about."""

    name: str
    prefix: str | None = None
    properties_target: str | None = None


class NamespaceBody(msgspec.Struct):
    """The body of `POST` and `PUT /namespaces`."""

    namespace: str
    display_name: str | None = None
    description: str | None = None
    visibility: str = "private"
    protected: bool = False
    owner: str | None = None
    resource_type_associations: list[Resource] = []
    objects: list[Json] = []
    properties: dict[str, Json] = {}
    tags: list[Json] = []


class Property(msgspec.Struct):
    """A property: a small JSON schema."""

    title: str
    type: Literal["array", "boolean", "integer", "number", "object", "string"]
    description: str = ""
    operators: list[str] = []
    enum: list[Any] = []
    minimum: float | None = None
    maximum: float | None = None
    pattern: str = ""
    readonly: bool = False
    items: Json = {}


class Object(msgspec.Struct):
    """A group of properties."""

    description: str | None = None
    required: list[str] = []
    properties: dict[str, Property] = {}


_SHAPES: Final = {Kind.PROPERTY: Property, Kind.OBJECT: Object}


def fields(body: NamespaceBody) -> Json:
    """What a namespace's row keeps. Raises BadRequest."""
    if body.visibility not in ("public", "private"):
        raise errors.BadRequest("A namespace's visibility is public or private.")
    if len(body.display_name or "") > _CHARS_MAX or len(body.owner or "") > 255:
        raise errors.BadRequest(
            f"A display_name has at most {_CHARS_MAX} characters, an owner's id 255."
        )
    owner = {"project_id": body.owner} if body.owner else {}
    return owner | {
        "namespace": checked(body.namespace), "display_name": body.display_name,
        "description": body.description, "visibility": body.visibility,
        "is_protected": int(body.protected),
    }  # fmt: skip


def members(body: NamespaceBody) -> dict[Kind, dict[str, Json]]:
    """All that a new namespace has in it. Raises BadRequest."""
    return {
        Kind.OBJECT: dict(named(Kind.OBJECT, one) for one in body.objects),
        Kind.PROPERTY: dict(
            named(Kind.PROPERTY, {**one, "name": name}) for name, one in body.properties.items()
        ),
        Kind.TAG: dict(named(Kind.TAG, one) for one in body.tags),
    }


def tags(body: Json) -> dict[str, Json]:
    """The tags of `{"tags": […]}`. Raises BadRequest."""
    if not isinstance(body.get("tags"), list):
        raise errors.BadRequest("'tags' is a required property, and a list.")
    return dict(named(Kind.TAG, one) for one in body["tags"])


def named(kind: Kind, body: Mapping[str, Any]) -> tuple[str, Json]:
    """The name in a member's body, and the rest of it. Raises BadRequest."""
    if not isinstance(body, dict) or not isinstance(body.get("name"), str):
        raise errors.BadRequest("'name' is a required property, and a text.")
    rest = {key: body[key] for key in body if key not in _OURS}
    if kind in _SHAPES:
        try:
            msgspec.convert(rest, _SHAPES[kind])
        except msgspec.ValidationError as error:
            raise errors.BadRequest(f"Invalid {kind} {body['name'][:80]}: {error}") from error
    return checked(body["name"]), rest


def checked(name: str) -> str:
    """A name that may be kept, and found again in a path. Raises BadRequest."""
    if not 0 < len(name) <= _CHARS_MAX or "/" in name:
        raise errors.BadRequest(f"A name has 1 to {_CHARS_MAX} characters, and no slash.")
    return name
