"""Groups and their users (Keystone, api/groups.py)."""

from typing import Any, Final

from appliance.db import connection
from appliance.model.user import Group
from services.api.identity import documents, listing, resource
from services.http import endpoint
from services.http.endpoint import Request, path
from services.identity.api import groups

_FIELDS: Final = {
    "name": documents.NAME,
    "domain_id": documents.ID,
    "description": documents.TEXT,
}


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    each = resource.Resource(
        db=db, noun="group", plural="groups", verbs=groups, fields=_FIELDS, view=view,
        where=resource.equal("name", "domain_id"), model=described,
    )  # fmt: skip
    members = _Members(db)
    return (
        *each.paths(),
        path(
            "/v3/groups/{group_id}/users/{user_id}",
            GET=endpoint.endpoint(members.check, status=204),
            PUT=endpoint.endpoint(members.add, status=204),
            DELETE=endpoint.endpoint(members.remove, status=204),
        ),
    )


def view(group: Group, request: Request) -> dict[str, Any]:
    """A group as answers show it."""
    return {
        **group.extra,
        "id": group.id,
        "name": group.name,
        "domain_id": group.domain_id,
        "description": group.description,
        "links": listing.own(request, f"groups/{group.id}"),
    }


def described(said: documents.Said) -> dict[str, Any]:
    """What was said of a noun whose description is a text, as its model has it."""
    known = dict(said.known)
    if "description" in known:
        known["description"] = known["description"] or ""
    return known | {"extra": said.extra}


class _Members:
    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def check(self, request: Request) -> None:
        groups.check_member(self._db, request.ctx, *_names(request))

    def add(self, request: Request) -> None:
        groups.add_member(self._db, request.ctx, *_names(request))

    def remove(self, request: Request) -> None:
        groups.remove_member(self._db, request.ctx, *_names(request))


def _names(request: Request) -> tuple[str, str]:
    return request.path["group_id"], request.path["user_id"]
