"""Projects, the tree that they are, and their tags (Keystone, api/projects.py)."""

from typing import Any, Final
from urllib.parse import quote

import msgspec

from appliance import errors
from appliance.db import connection
from appliance.model.project import Project
from services.api.identity import documents, domains, listing, resource
from services.api.identity.documents import Field
from services.http import endpoint
from services.http.endpoint import Reply, Request, decoding, path
from services.identity.api import projects, tags

_FIELDS: Final = {
    **domains.FIELDS,
    "domain_id": documents.ID_OR_NULL,
    "parent_id": documents.ID_OR_NULL,
    "is_domain": Field(kind=bool),
}
_PROJECT: Final = "/v3/projects/{project_id}"


class Tags(msgspec.Struct):
    """The body of `PUT /projects/{id}/tags`."""

    tags: list[str]


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    each = _Projects(
        db=db, noun="project", plural="projects", verbs=projects, fields=_FIELDS, view=view,
        where=_where, model=domains.fields,
    )  # fmt: skip
    of_project = _Tags(db)
    return (
        *each.paths(),
        path(
            f"{_PROJECT}/tags",
            GET=endpoint.endpoint(of_project.index),
            PUT=decoding(Tags, of_project.replace),
            DELETE=endpoint.endpoint(of_project.clear, status=204),
        ),
        path(
            f"{_PROJECT}/tags/{{tag}}",
            GET=endpoint.endpoint(of_project.check, status=204),
            PUT=endpoint.endpoint(of_project.add, status=201),
            DELETE=endpoint.endpoint(of_project.remove, status=204),
        ),
        path("/v3/users/{user_id}/projects", GET=endpoint.endpoint(each.of_user)),
    )


def view(project: Project, request: Request) -> dict[str, Any]:
    """A project as answers show it."""
    return {
        **project.extra,
        "id": project.id,
        "name": project.name,
        "domain_id": project.domain_id or None,
        "description": project.description,
        "enabled": bool(project.is_enabled),
        "parent_id": project.parent_id,
        "is_domain": bool(project.is_domain),
        "tags": list(project.tags),
        "options": {},
        "links": listing.own(request, f"projects/{project.id}"),
    }


class _Projects(resource.Resource):
    """Projects; one that is shown may bring its family."""

    def index(self, request: Request) -> dict[str, Any]:
        """Those that have the tags asked for."""
        found = projects.index(self.db, request.ctx, self.where(request))
        asked = [one for one in found if _has_asked_tags(set(one.tags), request)]
        return listing.of("projects", asked, view, request=request)

    def of_user(self, request: Request) -> dict[str, Any]:
        """`GET /v3/users/{user_id}/projects`."""
        own = projects.mine(self.db, request.ctx, request.path["user_id"])
        return listing.of("projects", own, view, request=request)

    def show(self, request: Request) -> dict[str, Any]:
        """One, with what is above and below it where that is asked for."""
        project = projects.show(self.db, request.ctx, request.path["key"])
        return {"project": view(project, request) | self._family(request, project)}

    def _family(self, request: Request, project: Project) -> dict[str, Any]:
        """What `parents_as_list` and its like ask to be told beside."""
        asked = request.query
        if ("parents_as_list" in asked and "parents_as_ids" in asked) or (
            "subtree_as_list" in asked and "subtree_as_ids" in asked
        ):
            raise errors.BadRequest("Of a list and its ids only one can be asked for.")
        if not asked.keys() & {
            "parents_as_list",
            "parents_as_ids",
            "subtree_as_list",
            "subtree_as_ids",
        }:
            return {}
        above, below = projects.family(self.db, request.ctx, project.id)
        told: dict[str, Any] = {}
        if "parents_as_list" in asked:
            told["parents"] = [{"project": view(one, request)} for one in above]
        if "parents_as_ids" in asked:
            chain: dict[str, Any] | None = None
            for one in reversed(above):
                chain = {one.id: chain}
            told["parents"] = chain
        if "subtree_as_list" in asked:
            told["subtree"] = [{"project": view(one, request)} for one in below]
        if "subtree_as_ids" in asked:
            told["subtree"] = _nested(project.id, below)
        return told


class _Tags:
    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def index(self, request: Request) -> dict[str, Any]:
        found = tags.index(self._db, request.ctx, request.path["project_id"])
        return {"tags": list(found), "links": listing.links(request)}

    def replace(self, request: Request, body: Tags) -> dict[str, Any]:
        project_id, wanted = request.path["project_id"], tuple(body.tags)
        kept = tags.replace(self._db, request.ctx, project_id, wanted)
        return {"tags": list(kept), "links": listing.links(request)}

    def clear(self, request: Request) -> None:
        tags.replace(self._db, request.ctx, request.path["project_id"], ())

    def check(self, request: Request) -> None:
        tags.check(self._db, request.ctx, *_named(request))

    def add(self, request: Request) -> Reply:
        tags.add(self._db, request.ctx, *_named(request))
        where = f"{request.origin}{quote(request.url_path)}"
        return Reply(status=201, headers={"Location": where})

    def remove(self, request: Request) -> None:
        tags.remove(self._db, request.ctx, *_named(request))


def _named(request: Request) -> tuple[str, str]:
    return request.path["project_id"], request.path["tag"]


def _where(request: Request) -> dict[str, object]:
    is_domain = documents.flag(request.query, "is_domain")
    where = domains.filters(request)
    return where if is_domain is None else where | {"is_domain": int(is_domain)}


def _has_asked_tags(own: set[str], request: Request) -> bool:
    """Keystone's four filters by tags."""

    def asked(name: str) -> set[str]:
        return set(filter(None, request.query.get(name, "").split(",")))

    return (
        asked("tags") <= own
        and (not asked("tags-any") or bool(asked("tags-any") & own))
        and (not asked("not-tags") or not asked("not-tags") <= own)
        and not asked("not-tags-any") & own
    )


def _nested(root: str, below: list[Project]) -> dict[str, Any] | None:
    """`{child: {grandchild: None}}`, as `subtree_as_ids` shows a tree."""
    children: dict[str | None, list[str]] = {}
    for one in below:
        children.setdefault(one.parent_id, []).append(one.id)

    def under(parent: str) -> dict[str, Any] | None:
        return {child: under(child) for child in children.get(parent, [])} or None

    return under(root)
