"""Which versions of the Image API there are (Glance, api/versions.py)."""

from typing import Any, Final

from services.http import endpoint
from services.http.endpoint import Reply, Request, path

_NEWEST: Final = 13  # v2.13: stores, import and its tasks; what came later is caches


def paths() -> tuple[endpoint.Path, ...]:
    """Under `/image`; the first is where the catalog points to."""
    return (
        path("", GET=endpoint.endpoint(_choices, is_public=True)),
        path("/", GET=endpoint.endpoint(_choices, is_public=True)),
        path("/v2/", GET=endpoint.endpoint(_choices, is_public=True)),
        path("/versions/", GET=endpoint.endpoint(_versions, is_public=True)),
        path("/versions", GET=endpoint.endpoint(_versions, is_public=True)),
        path("/v2", GET=endpoint.endpoint(_choices, is_public=True)),
    )


def _choices(request: Request) -> Reply:
    return Reply(status=300, body=_versions(request))


def _versions(request: Request) -> dict[str, Any]:
    links = [{"rel": "self", "href": f"{request.origin}/image/v2/"}]
    return {
        "versions": [
            {
                "id": f"v2.{minor}",
                "status": "CURRENT" if minor == _NEWEST else "SUPPORTED",
                "links": links,
            }
            for minor in range(_NEWEST, -1, -1)
        ]
    }
