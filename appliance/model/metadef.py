"""Metadata definitions: what properties mean that people put on images, flavors and volumes.

A namespace groups them; objects, properties and tags are its members.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a member of a namespace is."""

    OBJECT = "object"
    PROPERTY = "property"
    TAG = "tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    """One row of `metadef_namespaces`; a private one is its project's alone to see."""

    namespace: str
    project_id: str
    created_at: str
    updated_at: str
    display_name: str | None = None
    description: str | None = None
    visibility: str = "private"
    is_protected: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One row of `metadef_members`; `body` is what its author said beside the name."""

    namespace: str
    kind: Kind
    name: str
    created_at: str
    updated_at: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Association:
    """One row of `metadef_associations`: a namespace is about a type of resource."""

    namespace: str
    resource_type: str
    created_at: str
    updated_at: str
    prefix: str | None = None
    properties_target: str | None = None
