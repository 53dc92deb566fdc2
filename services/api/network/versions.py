"""The version documents, and which of Neutron's extensions are here."""

from typing import Any, Final

from appliance import errors
from services.http.endpoint import Path, Request, endpoint, path

_RESOURCES: Final = ("network", "subnet", "port", "security-group", "security-group-rule")

# alias → name (neutron-lib, api/definitions)
EXTENSIONS: Final = {
    "filter-validation": "Filter parameters validation",
    "net-mtu": "Network MTU",
    "pagination": "Pagination support",
    "project-id": "project_id field enabled",
    "quotas": "Quota management support",
    "security-group": "security-group",
    "sorting": "Sorting support",
    "standard-attr-timestamp": "Resource timestamps",
}


def paths() -> tuple[Path, ...]:
    """`/` and `/v2.0` for everybody; the extensions for who has a token."""
    return (
        path("", GET=endpoint(_versions, is_public=True)),
        path("/v2.0", GET=endpoint(_resources, is_public=True)),
        path("/v2.0/extensions", GET=endpoint(_extensions)),
        path("/v2.0/extensions/{alias}", GET=endpoint(_extension)),
    )


def _versions(request: Request) -> dict[str, Any]:
    link = {"rel": "self", "href": f"{request.origin}/network/v2.0/"}
    return {"versions": [{"id": "v2.0", "status": "CURRENT", "links": [link]}]}


def _resources(request: Request) -> dict[str, Any]:
    return {
        "resources": [
            {
                "name": name,
                "collection": f"{name}s",
                "links": [{"rel": "self", "href": f"{request.origin}/network/v2.0/{name}s"}],
            }
            for name in _RESOURCES
        ]
    }


def _extensions(request: Request) -> dict[str, Any]:
    return {"extensions": [_entry(alias) for alias in EXTENSIONS]}


def _extension(request: Request) -> dict[str, Any]:
    alias = request.path["alias"]
    if alias not in EXTENSIONS:
        raise errors.NotFound("extension", alias)
    return {"extension": _entry(alias)}


def _entry(alias: str) -> dict[str, Any]:
    return {
        "alias": alias,
        "name": EXTENSIONS[alias],
        "description": EXTENSIONS[alias],
        "links": [],
        "updated": "2013-02-03T10:00:00-00:00",
    }
