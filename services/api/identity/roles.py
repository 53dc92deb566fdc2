"""Roles, and which implies which (Keystone, api/roles.py and role_inferences.py)."""

from typing import Any, Final

from appliance.db import connection
from appliance.model.role import Role
from services.api.identity import documents, groups, listing, resource
from services.http import endpoint
from services.http.endpoint import Reply, Request, path
from services.identity.api import roles

_FIELDS: Final = {
    "name": documents.NAME,
    "domain_id": documents.ID_OR_NULL,
    "description": documents.TEXT,
    "options": documents.Field(kind=dict),
}
_IMPLIES: Final = "/v3/roles/{prior_id}/implies"


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    each = resource.Resource(
        db=db, noun="role", plural="roles", verbs=roles, fields=_FIELDS, view=view,
        where=resource.equal("name", "domain_id"), model=_model,
    )  # fmt: skip
    inferred = _Inferences(db)
    return (
        *each.paths(),
        path(_IMPLIES, GET=endpoint.endpoint(inferred.of_role)),
        path(
            f"{_IMPLIES}/{{implied_id}}",
            GET=endpoint.endpoint(inferred.show),
            HEAD=endpoint.endpoint(inferred.check, status=204),
            PUT=endpoint.endpoint(inferred.create),
            DELETE=endpoint.endpoint(inferred.delete, status=204),
        ),
        path("/v3/role_inferences", GET=endpoint.endpoint(inferred.index)),
    )


def view(role: Role, request: Request) -> dict[str, Any]:
    """A role as answers show it."""
    return {
        **role.extra,
        "id": role.id,
        "name": role.name,
        "domain_id": role.domain_id or None,
        "description": role.description or None,
        "options": {"immutable": True} if roles.is_immutable(role) else {},
        "links": listing.own(request, f"roles/{role.id}"),
    }


class _Inferences:
    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def index(self, request: Request) -> dict[str, Any]:
        found = roles.inferences(self._db, request.ctx)
        views = [
            {
                "prior_role": _short(prior, request),
                "implies": [_short(one, request) for one in some],
            }
            for prior, some in found
        ]
        return {"role_inferences": views, "links": listing.links(request)}

    def of_role(self, request: Request) -> dict[str, Any]:
        prior, found = roles.implied(self._db, request.ctx, request.path["prior_id"])
        implied = [_short(one, request) for one in found]
        view = {"prior_role": _short(prior, request), "implies": implied}
        return {"role_inference": view, "links": listing.links(request)}

    def show(self, request: Request) -> dict[str, Any]:
        return _pair(roles.show_implied(self._db, request.ctx, *_ids(request)), request)

    def check(self, request: Request) -> None:
        roles.show_implied(self._db, request.ctx, *_ids(request))

    def create(self, request: Request) -> Reply:
        made = roles.imply(self._db, request.ctx, *_ids(request))
        return Reply(status=201, body=_pair(made, request))

    def delete(self, request: Request) -> None:
        roles.imply_no_more(self._db, request.ctx, *_ids(request))


def _ids(request: Request) -> tuple[str, str]:
    return request.path["prior_id"], request.path["implied_id"]


def _pair(both: tuple[Role, Role], request: Request) -> dict[str, Any]:
    prior, implied = both
    pair = {"prior_role": _short(prior, request), "implies": _short(implied, request)}
    return {"role_inference": pair, "links": listing.links(request)}


def _short(role: Role, request: Request) -> dict[str, Any]:
    return {"id": role.id, "name": role.name, "links": listing.own(request, f"roles/{role.id}")}


def _model(said: documents.Said) -> dict[str, Any]:
    known = groups.described(said)
    known.pop("options", None)
    if "domain_id" in known:
        known["domain_id"] = known["domain_id"] or ""
    return known
