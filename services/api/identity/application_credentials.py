"""Application credentials (Keystone, api/users.py)."""

from typing import Annotated, Any

import msgspec

from appliance import errors
from appliance.db import connection, roles
from appliance.model.access_rule import AccessRule
from appliance.model.application_credential import ApplicationCredential
from services.api.identity import access_rules, listing, moments
from services.http import endpoint
from services.http.endpoint import Request, decoding, path
from services.identity.api import application_credentials as verbs

_COLLECTION = "/v3/users/{user_id}/application_credentials"
_CHARS_MAX = 255  # of a name, a service, a path: what fits a column of Keystone's
_LIST_MAX = 100  # roles, and access rules, of one credential
_METHODS = frozenset({"POST", "GET", "HEAD", "PATCH", "PUT", "DELETE"})


class RoleSaid(msgspec.Struct):
    """A role, by id or name."""

    id: str | None = None
    name: str | None = None


class RuleSaid(msgspec.Struct):
    """An access rule: a new one, or by the id of one that is there."""

    id: str | None = None
    service: str | None = None
    method: str | None = None
    path: str | None = None


class New(msgspec.Struct):
    """The inner object of a POST."""

    name: str
    description: Annotated[str, msgspec.Meta(max_length=65_535)] | None = None
    secret: str | None = None
    expires_at: str | None = None
    roles: Annotated[list[RoleSaid], msgspec.Meta(max_length=_LIST_MAX)] = []
    unrestricted: bool | None = None
    access_rules: Annotated[list[RuleSaid], msgspec.Meta(max_length=_LIST_MAX)] = []


class Create(msgspec.Struct):
    """The body of a POST."""

    application_credential: New


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    each = _Credentials(db)
    return (
        path(
            _COLLECTION,
            GET=endpoint.endpoint(each.index),
            POST=decoding(Create, each.create, status=201),
        ),
        path(
            f"{_COLLECTION}/{{credential_id}}",
            GET=endpoint.endpoint(each.show),
            DELETE=endpoint.endpoint(each.delete, status=204),
        ),
    )


class _Credentials:
    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def index(self, request: Request) -> dict[str, Any]:
        name = request.query.get("name")
        found = verbs.index(self._db, request.ctx, request.path["user_id"], name=name)
        return listing.of("application_credentials", found, self._view, request=request)

    def create(self, request: Request, body: Create) -> dict[str, Any]:
        said = body.application_credential
        if not said.name.strip() or len(said.name) > _CHARS_MAX:
            raise errors.BadRequest(f"A name has 1 to {_CHARS_MAX} characters, not only blanks.")
        expires_at = said.expires_at
        new = verbs.NewCredential(
            name=said.name, description=said.description or "", secret=said.secret or None,
            roles=tuple((role.id, role.name) for role in said.roles),
            expires_at=moments.parsed(expires_at, what="expires_at") if expires_at else None,
            is_unrestricted=bool(said.unrestricted),
            access_rules=tuple(_rule(rule) for rule in said.access_rules),
        )  # fmt: skip
        made, secret = verbs.create(self._db, request.ctx, request.path["user_id"], new)
        view = self._view(made, request) | {"secret": secret.reveal()}
        return {"application_credential": view}

    def show(self, request: Request) -> dict[str, Any]:
        found = verbs.show(
            self._db, request.ctx, request.path["user_id"], request.path["credential_id"]
        )
        return {"application_credential": self._view(found, request)}

    def delete(self, request: Request) -> None:
        verbs.delete(self._db, request.ctx, request.path["user_id"], request.path["credential_id"])

    def _view(self, one: ApplicationCredential, request: Request) -> dict[str, Any]:
        known = {role.id: role for role in roles.listed(self._db)}
        where = f"users/{one.user_id}/application_credentials/{one.id}"
        return {
            "id": one.id,
            "name": one.name,
            "description": one.description or None,
            "user_id": one.user_id,
            "project_id": one.project_id,
            "system": None,
            "expires_at": one.expires_at.removesuffix("Z") if one.expires_at else None,
            "unrestricted": bool(one.is_unrestricted),
            "roles": [
                {"id": key, "name": known[key].name, "domain_id": known[key].domain_id or None}
                for key in one.roles
                if key in known
            ],
            "links": listing.own(request, where),
        } | access_rules.told(one.access_rules)


def _rule(said: RuleSaid) -> AccessRule:
    """Raises BadRequest for a rule that says too little, or no method of HTTP."""
    if said.id is not None and said.path is None:
        return AccessRule(id=said.id, service="", method="", path="")
    if not (said.service and said.method and said.path and said.path.startswith("/")):
        raise errors.BadRequest("An access rule has a service, a method and a path from its root.")
    if max(len(said.service), len(said.path)) > _CHARS_MAX:
        raise errors.BadRequest(f"A service and a path have at most {_CHARS_MAX} characters.")
    if said.method not in _METHODS:
        raise errors.BadRequest(
            f"{said.method[:20]!r} is no method: {', '.join(sorted(_METHODS))}."
        )
    return AccessRule(id="", service=said.service, method=said.method, path=said.path)
