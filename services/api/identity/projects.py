"""Projects, and the one domain they are in."""

from typing import Any

import msgspec

from appliance import errors
from appliance.db import connection
from appliance.model.user import DOMAIN_ID, DOMAIN_NAME
from services.api.identity import listing
from services.http import endpoint
from services.http.endpoint import Request, decoding, path
from services.identity.api import projects


class NewProject(msgspec.Struct):
    """The inner object of `POST /projects`."""

    name: str
    description: str | None = None
    enabled: bool = True


class CreateProject(msgspec.Struct):
    """The body of `POST /projects`."""

    project: NewProject


class ChangedProject(msgspec.Struct):
    """The inner object of `PATCH /projects/{id}`."""

    name: str | None = None
    description: str | None = None
    enabled: bool | None = None


class UpdateProject(msgspec.Struct):
    """The body of `PATCH /projects/{id}`."""

    project: ChangedProject


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    each = _Projects(db)
    return (
        path(
            "/v3/projects",
            GET=endpoint.endpoint(each.index),
            POST=decoding(CreateProject, each.create, status=201),
        ),
        path(
            "/v3/projects/{project_id}",
            GET=endpoint.endpoint(each.show),
            PATCH=decoding(UpdateProject, each.update),
            DELETE=endpoint.endpoint(each.delete, status=204),
        ),
        path("/v3/users/{user_id}/projects", GET=endpoint.endpoint(each.of_user)),
        path("/v3/domains", GET=endpoint.endpoint(_domains)),
        path("/v3/domains/{domain_id}", GET=endpoint.endpoint(_domain)),
    )


class _Projects:
    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def index(self, request: Request) -> dict[str, Any]:
        name = request.query.get("name")
        return listing.of(
            "projects", projects.index(self._db, request.ctx, name=name), request=request
        )

    def of_user(self, request: Request) -> dict[str, Any]:
        own = projects.mine(self._db, request.ctx, request.path["user_id"])
        return listing.of("projects", own, request=request)

    def show(self, request: Request) -> dict[str, Any]:
        project = projects.show(self._db, request.ctx, request.path["project_id"])
        return {"project": listing.view(project, request)}

    def create(self, request: Request, body: CreateProject) -> dict[str, Any]:
        project = projects.create(
            self._db, request.ctx,
            name=body.project.name, description=body.project.description or "",
            is_enabled=body.project.enabled,
        )  # fmt: skip
        return {"project": listing.view(project, request)}

    def update(self, request: Request, body: UpdateProject) -> dict[str, Any]:
        project = projects.update(
            self._db, request.ctx, request.path["project_id"],
            name=body.project.name, description=body.project.description,
            is_enabled=body.project.enabled,
        )  # fmt: skip
        return {"project": listing.view(project, request)}

    def delete(self, request: Request) -> None:
        projects.delete(self._db, request.ctx, request.path["project_id"])


def _domains(request: Request) -> dict[str, Any]:
    is_asked = request.query.get("name") in (None, DOMAIN_NAME)
    return {
        "domains": [_domain_view(request)] if is_asked else [],
        "links": listing.links(request),
    }


def _domain(request: Request) -> dict[str, Any]:
    if request.path["domain_id"] != DOMAIN_ID:
        raise errors.NotFound("domain", request.path["domain_id"])
    return {"domain": _domain_view(request)}


def _domain_view(request: Request) -> dict[str, Any]:
    return {
        "id": DOMAIN_ID,
        "name": DOMAIN_NAME,
        "description": "The only domain of this cloud",
        "enabled": True,
        "tags": [],
        "options": {},
        "links": {"self": f"{request.origin}/identity/v3/domains/{DOMAIN_ID}"},
    }
