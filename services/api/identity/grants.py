"""Grants of roles on projects, domains and the system (Keystone, api/projects.py and others)."""

from collections.abc import Iterator
from typing import Any

from appliance.db import connection
from appliance.model.role import SYSTEM, Assignment
from services.api.identity import listing, roles
from services.http import endpoint
from services.http.endpoint import Path, Request, path
from services.identity.api import grants

_TARGETS = ("/projects/{target_id}", "/domains/{target_id}")


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    each = _Grants(db)
    return tuple(_paths(each))


def _paths(each: "_Grants") -> Iterator[Path]:
    for who in ("users/{user_id}", "groups/{group_id}"):
        for target in (*_TARGETS, "/system"):
            yield from _pair(each, f"/v3{target}/{who}/roles", "")
        for target in _TARGETS:
            yield from _pair(each, f"/v3/OS-INHERIT{target}/{who}/roles", "/inherited_to_projects")


def _pair(each: "_Grants", start: str, end: str) -> Iterator[Path]:
    """The list of roles given, and one of them."""
    yield path(f"{start}{end}", GET=endpoint.endpoint(each.index))
    yield path(
        f"{start}/{{role_id}}{end}",
        GET=endpoint.endpoint(each.check, status=204),
        PUT=endpoint.endpoint(each.create, status=204),
        DELETE=endpoint.endpoint(each.revoke, status=204),
    )


class _Grants:
    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def index(self, request: Request) -> dict[str, Any]:
        found = grants.index(self._db, request.ctx, _grant(request))
        return listing.of("roles", found, roles.view, request=request)

    def check(self, request: Request) -> None:
        grants.check(self._db, request.ctx, _grant(request))

    def create(self, request: Request) -> None:
        grants.create(self._db, request.ctx, _grant(request))

    def revoke(self, request: Request) -> None:
        grants.revoke(self._db, request.ctx, _grant(request))


def _grant(request: Request) -> Assignment:
    """The grant that a path names."""
    return Assignment(
        role_id=request.path.get("role_id", ""),
        user_id=request.path.get("user_id"),
        group_id=request.path.get("group_id"),
        target_id=request.path.get("target_id", SYSTEM),
        is_inherited=int("/OS-INHERIT/" in request.url_path),
    )
