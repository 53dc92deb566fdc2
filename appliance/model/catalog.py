"""What the catalog is made of: services, their endpoints, and regions; and policies beside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

INTERFACES: Final = ("public", "internal", "admin")


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One row of `regions`; its id is what a client chose."""

    id: str
    description: str = ""
    parent_region_id: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One row of `catalog_services`; `type` is what clients look for: `compute`, `image`."""

    id: str
    type: str
    name: str = ""
    description: str | None = None
    is_enabled: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One row of `endpoints`; `url` may have `%(project_id)s` or `$(project_id)s` in it."""

    id: str
    service_id: str
    interface: str
    url: str
    region_id: str | None = None
    is_enabled: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One row of `policies`: a text that Keystone keeps for others, and never reads."""

    id: str
    type: str
    blob: str
    extra: Mapping[str, Any] = field(default_factory=dict)
