"""Trusts (Keystone, api/trusts.py)."""

from typing import Any, Final

from appliance import errors
from appliance.db import connection
from appliance.model.trust import Trust
from services.api.identity import documents, listing, moments, roles
from services.api.identity.documents import Body, Field
from services.http import endpoint
from services.http.endpoint import Request, decoding, path
from services.identity.api import trusts

_TRUST: Final = "/v3/OS-TRUST/trusts/{trust_id}"
_ROLES_MAX: Final = 100
_COUNT_MAX: Final = 2**31 - 1  # what fits a column of Keystone's
_FIELDS: Final = {
    "trustor_user_id": documents.ID,
    "trustee_user_id": documents.ID,
    "impersonation": Field(kind=bool),
    "project_id": documents.ID_OR_NULL,
    "roles": Field(kind=list),
    "expires_at": documents.TEXT,
    "remaining_uses": Field(kind=int, is_null_ok=True),
    "allow_redelegation": Field(kind=bool, is_null_ok=True),
    "redelegation_count": Field(kind=int, is_null_ok=True),
}


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    each = _Trusts(db)
    return (
        path(
            "/v3/OS-TRUST/trusts",
            GET=endpoint.endpoint(each.index),
            POST=decoding(Body, each.create, status=201),
        ),
        path(
            _TRUST,
            GET=endpoint.endpoint(each.show),
            DELETE=endpoint.endpoint(each.delete, status=204),
        ),
        path(f"{_TRUST}/roles", GET=endpoint.endpoint(each.roles)),
        path(f"{_TRUST}/roles/{{role_id}}", GET=endpoint.endpoint(each.role)),
    )


class _Trusts:
    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def index(self, request: Request) -> dict[str, Any]:
        found = trusts.index(
            self._db, request.ctx,
            trustor_id=request.query.get("trustor_user_id"),
            trustee_id=request.query.get("trustee_user_id"),
        )  # fmt: skip
        return listing.of("trusts", found, self._view, request=request)

    def create(self, request: Request, body: Body) -> dict[str, Any]:
        required = ("trustor_user_id", "trustee_user_id", "impersonation")
        said = documents.read(body, "trust", _FIELDS, required=required)
        made = trusts.create(self._db, request.ctx, _new(said))
        return {"trust": self._whole(made, request)}

    def show(self, request: Request) -> dict[str, Any]:
        return {"trust": self._whole(self._trust(request), request)}

    def delete(self, request: Request) -> None:
        trusts.delete(self._db, request.ctx, request.path["trust_id"])

    def roles(self, request: Request) -> dict[str, Any]:
        found = trusts.roles_of(self._db, self._trust(request))
        return listing.of("roles", found, roles.view, request=request)

    def role(self, request: Request) -> dict[str, Any]:
        for role in trusts.roles_of(self._db, self._trust(request)):
            if role.id == request.path["role_id"]:
                return {"role": roles.view(role, request)}
        raise errors.NotFound("role", request.path["role_id"])

    def _trust(self, request: Request) -> Trust:
        return trusts.show(self._db, request.ctx, request.path["trust_id"])

    def _view(self, trust: Trust, request: Request) -> dict[str, Any]:
        return {
            **trust.extra,
            "id": trust.id,
            "trustor_user_id": trust.trustor_id,
            "trustee_user_id": trust.trustee_id,
            "project_id": trust.project_id,
            "impersonation": bool(trust.is_impersonating),
            "expires_at": trust.expires_at,
            "remaining_uses": trust.remaining_uses,
            "redelegated_trust_id": trust.redelegated_trust_id,
            "redelegation_count": trust.redelegation_count,
            "deleted_at": trust.deleted_at,
            "links": listing.own(request, f"OS-TRUST/trusts/{trust.id}"),
        }

    def _whole(self, trust: Trust, request: Request) -> dict[str, Any]:
        """With its roles, as one trust is shown."""
        found = [roles.view(role, request) for role in trusts.roles_of(self._db, trust)]
        where = f"OS-TRUST/trusts/{trust.id}/roles"
        links = {**listing.own(request, where), "previous": None, "next": None}
        return self._view(trust, request) | {"roles": found, "roles_links": links}


def _new(said: documents.Said) -> trusts.NewTrust:
    known = said.known
    expires_at = known.get("expires_at")
    return trusts.NewTrust(
        trustor_id=known["trustor_user_id"], trustee_id=known["trustee_user_id"],
        project_id=known.get("project_id") or None,
        roles=_roles(known.get("roles", [])),
        is_impersonating=bool(known["impersonation"]),
        expires_at=moments.parsed(expires_at, what="expires_at") if expires_at else None,
        remaining_uses=_count(known, "remaining_uses", least=1),
        is_redelegable=bool(known.get("allow_redelegation")),
        redelegation_count=_count(known, "redelegation_count", least=0), extra=said.extra,
    )  # fmt: skip


def _roles(said: list[Any]) -> tuple[tuple[str | None, str | None], ...]:
    """What `roles` names. Raises BadRequest."""
    if len(said) > _ROLES_MAX:
        raise errors.BadRequest(f"A trust hands over at most {_ROLES_MAX} roles.")
    return tuple(_named(role) for role in said)


def _named(role: Any) -> tuple[str | None, str | None]:
    """The id and the name that one of `roles` says. Raises BadRequest."""
    named = (role.get("id"), role.get("name")) if isinstance(role, dict) else (None, None)
    if not any(named) or not all(isinstance(one, str | None) for one in named):
        raise errors.BadRequest("Each of 'roles' is an object with an id or a name.")
    return named


def _count(known: dict[str, Any], name: str, *, least: int) -> int | None:
    """A number that says how often. Raises BadRequest."""
    count: int | None = known.get(name)
    if count is not None and not least <= count <= _COUNT_MAX:
        raise errors.BadRequest(f"'{name}' is from {least} to {_COUNT_MAX}.")
    return count
