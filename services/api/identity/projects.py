"""Projects, the tree that they are, and their tags (Keystone, api/projects.py)."""

from typing import Any, Final

import msgspec

from appliance import errors
from appliance.db import connection
from appliance.model.project import Project
from services.api.identity import documents, domains, listing, resource
from services.api.identity.documents import Field
from services.http import endpoint
from services.http.endpoint import Reply, Request, decoding, path
from services.identity.api import projects

_FIELDS: Final = {
    **domains.FIELDS,
    "domain_id": documents.ID_OR_NULL,
    "parent_id": documents.ID_OR_NULL,
    "is_domain": Field(kind=bool),
    "options": Field(kind=dict),
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
    tags = _Tags(db)
    return (
        *each.paths(),
        path(
            f"{_PROJECT}/tags",
            GET=endpoint.endpoint(tags.index),
            PUT=decoding(Tags, tags.replace),
            DELETE=endpoint.endpoint(tags.clear, status=204),
        ),
        path(
            f"{_PROJECT}/tags/{{tag}}",
            GET=endpoint.endpoint(tags.check, status=204),
            PUT=endpoint.endpoint(tags.add, status=201),
            DELETE=endpoint.endpoint(tags.remove, status=204),
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
        return {"tags": list(self._tags(request)), "links": listing.links(request)}

    def replace(self, request: Request, body: Tags) -> dict[str, Any]:
        kept = self._put(request, tuple(body.tags))
        return {"tags": list(kept), "links": listing.links(request)}

    def clear(self, request: Request) -> None:
        self._put(request, ())

    def check(self, request: Request) -> None:
        if request.path["tag"] not in self._tags(request):
            raise errors.NotFound("project tag", request.path["tag"])

    def add(self, request: Request) -> Reply:
        tag = request.path["tag"]
        self._put(request, tuple(dict.fromkeys((*self._tags(request), tag))))
        where = f"{request.origin}{request.url_path}"
        return Reply(status=201, headers={"Location": where})

    def remove(self, request: Request) -> None:
        self.check(request)
        self._put(request, tuple(t for t in self._tags(request) if t != request.path["tag"]))

    def _tags(self, request: Request) -> tuple[str, ...]:
        return projects.tags(self._db, request.ctx, request.path["project_id"])

    def _put(self, request: Request, wanted: tuple[str, ...]) -> tuple[str, ...]:
        return projects.put_tags(self._db, request.ctx, request.path["project_id"], wanted)


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
