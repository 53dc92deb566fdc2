"""What a browser's page from elsewhere may do with a container (Swift, "CORS"; Fetch standard).

The container's metadata says which origins; what it names is told to them. Like Swift in strict
mode, an origin that is not named is told nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.http.endpoint import Reply
from services.object.refusals import HTML, Refused

ORIGINS: Final = "X-Container-Meta-Access-Control-Allow-Origin"
MAX_AGE: Final = "X-Container-Meta-Access-Control-Max-Age"
EXPOSED: Final = "X-Container-Meta-Access-Control-Expose-Headers"
ALWAYS_EXPOSED: Final = (
    "cache-control", "content-language", "content-type", "expires", "last-modified", "pragma",
    "etag", "x-timestamp", "x-trans-id", "x-openstack-request-id",
)  # fmt: skip


def is_allowed(metadata: Mapping[str, str], origin: str) -> bool:
    """Return whether a container lets pages of `origin` see its answers."""
    allowed = metadata.get(ORIGINS, "").split()
    return "*" in allowed or origin in allowed


def told(metadata: Mapping[str, str], origin: str, answer: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that let a page of `origin` read an answer; none if it may not."""
    if not is_allowed(metadata, origin):
        return {}
    meta = [
        name for name in answer if name.lower().startswith(("x-container-meta", "x-object-meta"))
    ]
    exposed = [
        *ALWAYS_EXPOSED,
        *(name.lower() for name in meta),
        *metadata.get(EXPOSED, "").split(),
    ]
    return {
        **_origin(metadata, origin),
        "Access-Control-Expose-Headers": ", ".join(dict.fromkeys(exposed)),
    }


def preflight(headers: Mapping[str, str], metadata: Mapping[str, str], allowed: str) -> Reply:
    """Answer OPTIONS: what a page may do (401 if nothing), or, asked by no page, the verbs."""
    origin = headers.get("origin")
    if origin is None:
        return Reply(headers={"Allow": allowed}, content_type=HTML)
    method = headers.get("access-control-request-method", "")
    if not is_allowed(metadata, origin) or method not in allowed.split(", "):
        raise Refused(401)
    found = {
        "Allow": allowed,
        "Access-Control-Allow-Methods": allowed,
        **_origin(metadata, origin),
    }
    if age := metadata.get(MAX_AGE):
        found["Access-Control-Max-Age"] = age
    if wanted := headers.get("access-control-request-headers"):
        found["Access-Control-Allow-Headers"] = wanted
        found["Vary"] = ", ".join(
            filter(None, (found.get("Vary"), "Access-Control-Request-Headers"))
        )
    return Reply(headers=found, content_type=HTML)


def _origin(metadata: Mapping[str, str], origin: str) -> dict[str, str]:
    if "*" in metadata.get(ORIGINS, "").split():
        return {"Access-Control-Allow-Origin": "*"}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
