"""The list of role assignments (Keystone, api/role_assignments.py)."""

from typing import Any, Final

from appliance import errors
from appliance.db import connection, groups, projects, users
from appliance.db import roles as role_rows
from appliance.model.project import Project
from services.api.identity import documents, listing
from services.http import endpoint
from services.http.endpoint import Request, path
from services.identity.api import assignments
from services.identity.api.assignments import Held, Query

_INHERIT: Final = "scope.OS-INHERIT:inherited_to"


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""

    def index(request: Request) -> dict[str, Any]:
        query = _query(request)
        found = assignments.index(db, request.ctx, query)
        names = _Names(db) if documents.flag(request.query, "include_names") else None
        views = [_view(db, one, request, names) for one in found]
        return {"role_assignments": views, "links": listing.links(request)}

    return (path("/v3/role_assignments", GET=endpoint.endpoint(index)),)


def _query(request: Request) -> Query:
    asked = request.query
    targets = [asked[name] for name in ("scope.project.id", "scope.domain.id") if name in asked]
    if len(targets) + ("scope.system" in asked) > 1:
        raise errors.BadRequest("Specify a domain or project or the system, not several of them.")
    has_subtree = bool(documents.flag(asked, "include_subtree"))
    if has_subtree and "scope.project.id" not in asked:
        raise errors.BadRequest("scope.project.id must be specified if include_subtree is.")
    if asked.keys() >= {"user.id", "group.id"}:
        raise errors.BadRequest("Specify a user or group, not both.")
    return Query(
        role_id=asked.get("role.id"), user_id=asked.get("user.id"), group_id=asked.get("group.id"),
        target_id=targets[0] if targets else None, is_system="scope.system" in asked,
        is_inherited=_INHERIT in asked, is_effective=bool(documents.flag(asked, "effective")),
        has_subtree=has_subtree,
    )  # fmt: skip


class _Names:
    """The names that go with the ids, each read once."""

    def __init__(self, db: connection.Reader) -> None:
        self._domains = {str(one.id): one.name for one in projects.listed(db, {"is_domain": 1})}
        self._roles = {one.id: one for one in role_rows.listed(db)}
        self._users = {str(one.id): one for one in users.listed(db)}
        self._groups = {one.id: one for one in groups.listed(db)}

    def domain(self, domain_id: str) -> dict[str, Any]:
        return {"id": domain_id, "name": self._domains.get(domain_id, "")}

    def role(self, role_id: str) -> dict[str, Any]:
        role = self._roles[role_id]
        home = {"domain": self.domain(role.domain_id)} if role.domain_id else {}
        return {"name": role.name} | home

    def user(self, user_id: str) -> dict[str, Any]:
        user = self._users[user_id]
        return {"name": user.name, "domain": self.domain(user.domain_id)}

    def group(self, group_id: str) -> dict[str, Any]:
        group = self._groups[group_id]
        return {"name": group.name, "domain": self.domain(group.domain_id)}

    def target(self, target: Project) -> dict[str, Any]:
        if target.is_domain:
            return {"name": target.name}
        return {"name": target.name, "domain": self.domain(target.domain_id)}


def _view(
    db: connection.Reader, held: Held, request: Request, names: _Names | None
) -> dict[str, Any]:
    one, view = held.assignment, dict[str, Any]()
    view["role"] = {"id": one.role_id} | (names.role(one.role_id) if names else {})
    if one.user_id is not None:
        view["user"] = {"id": one.user_id} | (names.user(one.user_id) if names else {})
    if one.group_id is not None:
        view["group"] = {"id": one.group_id} | (names.group(one.group_id) if names else {})
    target = projects.find(db, one.target_id) if one.target_id is not None else None
    if target is None:
        view["scope"] = {"system": {"all": True}}
    else:
        kind = "domain" if target.is_domain else "project"
        named = {"id": target.id} | (names.target(target) if names else {})
        view["scope"] = {kind: named}
    if one.is_inherited:
        view["scope"]["OS-INHERIT:inherited_to"] = "projects"
    view["links"] = _links(db, held, request)
    return view


def _links(db: connection.Reader, held: Held, request: Request) -> dict[str, str]:
    """Where the grant is that it follows from, and what else it follows from."""
    base, one = f"{request.origin}/identity/v3", held.granted
    who = f"users/{one.user_id}" if one.user_id else f"groups/{one.group_id}"
    target = projects.find(db, one.target_id) if one.target_id is not None else None
    place = "system"
    if target is not None:
        place = f"{'domains' if target.is_domain else 'projects'}/{target.id}"
    grant = f"{place}/{who}/roles/{one.role_id}"
    if one.is_inherited:
        grant = f"OS-INHERIT/{grant}/inherited_to_projects"
    links = {"assignment": f"{base}/{grant}"}
    if held.group_id:
        user_id = held.assignment.user_id
        links["membership"] = f"{base}/groups/{held.group_id}/users/{user_id}"
    if held.prior_role_id:
        links["prior_role"] = (
            f"{base}/prior_roles/{held.prior_role_id}/implies/{held.assignment.role_id}"
        )
    return links
