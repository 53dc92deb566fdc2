"""Users and their passwords (Keystone, api/users.py)."""

from typing import Any, Final

import msgspec

from appliance import config
from appliance.db import connection
from appliance.model.user import User
from services.api.identity import documents, groups, listing, resource
from services.api.identity.documents import Field
from services.http import endpoint
from services.http.endpoint import Request, decoding, path
from services.identity.api import groups as group_verbs
from services.identity.api import users

_FIELDS: Final = {
    "name": documents.NAME,
    "password": Field(kind=str, is_null_ok=True),
    "default_project_id": documents.ID_OR_NULL,
    "domain_id": documents.ID,
    "enabled": documents.ENABLED,
    "options": Field(kind=dict),
}


class NewPassword(msgspec.Struct):
    """The inner object of `POST /users/{id}/password`."""

    original_password: str
    password: str


class ChangePassword(msgspec.Struct):
    """The body of `POST /users/{id}/password`."""

    user: NewPassword


def paths(settings: config.Settings, db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    each = resource.Resource(
        db=db, noun="user", plural="users", verbs=users, fields=_FIELDS, view=view,
        where=where, model=_model,
    )  # fmt: skip

    def change_password(request: Request, body: ChangePassword) -> None:
        users.change_password(
            settings, db, request.path["user_id"],
            original=body.user.original_password, password=body.user.password,
        )  # fmt: skip

    def its_groups(request: Request) -> dict[str, Any]:
        found = group_verbs.of_user(db, request.ctx, request.path["user_id"])
        return listing.of("groups", found, groups.view, request=request)

    def of_group(request: Request) -> dict[str, Any]:
        found = group_verbs.members(db, request.ctx, request.path["group_id"])
        return listing.of("users", found, view, request=request)

    return (
        *each.paths(),
        path("/v3/groups/{group_id}/users", GET=endpoint.endpoint(of_group)),
        path(
            "/v3/users/{user_id}/password",
            POST=decoding(ChangePassword, change_password, status=204, is_public=True),
        ),
        path("/v3/users/{user_id}/groups", GET=endpoint.endpoint(its_groups)),
    )


def view(user: User, request: Request) -> dict[str, Any]:
    """A user as answers show it."""
    chosen = {"default_project_id": user.default_project_id} if user.default_project_id else {}
    return {
        **user.extra,
        **chosen,
        "id": user.id,
        "name": user.name,
        "domain_id": user.domain_id,
        "enabled": bool(user.is_enabled),
        "password_expires_at": None,
        "options": {},
        "links": listing.own(request, f"users/{user.id}"),
    }


def where(request: Request) -> dict[str, object]:
    """The columns that a list is asked to have."""
    found = resource.equal("name", "domain_id")(request)
    is_enabled = documents.flag(request.query, "enabled")
    return found if is_enabled is None else found | {"is_enabled": int(is_enabled)}


def _model(said: documents.Said) -> dict[str, Any]:
    known = {name: value for name, value in said.known.items() if name != "options"}
    return known | {"extra": said.extra}
