"""Which versions there are: what clients ask first, without a token."""

from typing import Any, Final

from services.http import endpoint
from services.http.endpoint import Reply, Request, path

# the newest Identity API version whose calls are answered here (Keystone, Train and later)
_VERSION: Final = "v3.14"
_UPDATED: Final = "2020-04-07T00:00:00Z"


def paths() -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    return (
        path("", GET=endpoint.endpoint(_versions, is_public=True)),
        path("/v3", GET=endpoint.endpoint(_v3, is_public=True)),
    )


def root_paths() -> tuple[endpoint.Path, ...]:
    """Under `/`."""
    return (path("/", GET=endpoint.endpoint(_versions, is_public=True)),)


def _versions(request: Request) -> Reply:
    return Reply(status=300, body={"versions": {"values": [_version(request)]}})


def _v3(request: Request) -> dict[str, Any]:
    return {"version": _version(request)}


def _version(request: Request) -> dict[str, Any]:
    return {
        "id": _VERSION,
        "status": "stable",
        "updated": _UPDATED,
        "links": [{"rel": "self", "href": f"{request.origin}/identity/v3/"}],
        "media-types": [
            {
                "base": "application/json",
                "type": "application/vnd.openstack.identity-v3+json",
            }
        ],
    }
