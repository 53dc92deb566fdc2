"""Roles, who has them, and the catalog as administrators list it."""

from typing import Any

from appliance import config, errors
from appliance.db import connection
from appliance.model.user import DOMAIN_ID, DOMAIN_NAME, Assignment
from services.api.identity import listing
from services.http import endpoint
from services.http.endpoint import Request, path
from services.identity.api import catalog, roles


def paths(settings: config.Settings, db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    each, listed = _Grants(db), _Listed(settings)
    grants = "/v3/projects/{project_id}/users/{user_id}/roles"
    return (
        path("/v3/roles", GET=endpoint.endpoint(each.roles)),
        path("/v3/roles/{role_id}", GET=endpoint.endpoint(each.role)),
        path("/v3/role_assignments", GET=endpoint.endpoint(each.assignments)),
        path(grants, GET=endpoint.endpoint(each.index)),
        path(
            grants + "/{role_id}",
            PUT=endpoint.endpoint(each.assign, status=204),
            HEAD=endpoint.endpoint(each.check, status=204),
            DELETE=endpoint.endpoint(each.unassign, status=204),
        ),
        path("/v3/services", GET=endpoint.endpoint(listed.services)),
        path("/v3/endpoints", GET=endpoint.endpoint(listed.endpoints)),
        path("/v3/regions", GET=endpoint.endpoint(listed.regions)),
    )


class _Grants:
    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def roles(self, request: Request) -> dict[str, Any]:
        found = roles.index(self._db, request.ctx, name=request.query.get("name"))
        return listing.of("roles", found, request=request)

    def role(self, request: Request) -> dict[str, Any]:
        found = roles.show(self._db, request.ctx, request.path["role_id"])
        return {"role": listing.view(found, request)}

    def assignments(self, request: Request) -> dict[str, Any]:
        query = request.query
        found = roles.assignments(
            self._db, request.ctx,
            user_id=query.get("user.id"), project_id=query.get("scope.project.id"),
            role_id=query.get("role.id"),
        )  # fmt: skip
        has_names = query.get("include_names", "").lower() in ("true", "1")
        views = [_assignment(item, request, has_names=has_names) for item in found]
        return {"role_assignments": views, "links": listing.links(request)}

    def index(self, request: Request) -> dict[str, Any]:
        found = self._granted(request)
        return {
            "roles": [{"id": item.role_id, "name": item.role_name} for item in found],
            "links": listing.links(request),
        }

    def check(self, request: Request) -> None:
        if request.path["role_id"] not in {item.role_id for item in self._granted(request)}:
            raise errors.NotFound("role assignment", request.path["role_id"])

    def assign(self, request: Request) -> None:
        roles.assign(
            self._db, request.ctx, request.path["role_id"],
            user_id=request.path["user_id"], project_id=request.path["project_id"],
        )  # fmt: skip

    def unassign(self, request: Request) -> None:
        roles.unassign(
            self._db, request.ctx, request.path["role_id"],
            user_id=request.path["user_id"], project_id=request.path["project_id"],
        )  # fmt: skip

    def _granted(self, request: Request) -> list[Assignment]:
        return roles.assignments(
            self._db, request.ctx,
            user_id=request.path["user_id"], project_id=request.path["project_id"],
        )  # fmt: skip


class _Listed:
    """The catalog, taken apart; the same for everybody."""

    def __init__(self, settings: config.Settings) -> None:
        self._services = catalog.services(settings)

    def services(self, request: Request) -> dict[str, Any]:
        views = [
            {"id": each.id, "type": each.type, "name": each.name, "enabled": True, "links": {}}
            for each in self._services
            if request.query.get("type") in (None, each.type)
        ]
        return {"services": views, "links": listing.links(request)}

    def endpoints(self, request: Request) -> dict[str, Any]:
        views: list[dict[str, Any]] = [
            {
                "id": each.endpoint_id(interface), "interface": interface, "service_id": each.id,
                "region": catalog.REGION, "region_id": catalog.REGION, "enabled": True,
                "url": each.url, "links": {},
            }
            for each in self._services
            for interface in catalog.INTERFACES
        ]  # fmt: skip
        return {"endpoints": views, "links": listing.links(request)}

    def regions(self, request: Request) -> dict[str, Any]:
        region: dict[str, Any] = {
            "id": catalog.REGION, "description": "", "parent_region_id": None, "links": {},
        }  # fmt: skip
        return {"regions": [region], "links": listing.links(request)}


def _assignment(item: Assignment, request: Request, *, has_names: bool) -> dict[str, Any]:
    role: dict[str, Any] = {"id": item.role_id}
    user: dict[str, Any] = {"id": item.user_id}
    project: dict[str, Any] = {"id": item.project_id}
    if has_names:
        domain = {"id": DOMAIN_ID, "name": DOMAIN_NAME}
        role |= {"name": item.role_name}
        user |= {"name": item.user_name, "domain": domain}
        project |= {"name": item.project_name, "domain": domain}
    grant = f"/projects/{item.project_id}/users/{item.user_id}/roles/{item.role_id}"
    return {
        "role": role,
        "user": user,
        "scope": {"project": project},
        "links": {"assignment": f"{request.origin}/identity/v3{grant}"},
    }
