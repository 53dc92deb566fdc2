"""Users."""

from typing import Any

import msgspec

from appliance.db import connection
from services.api.identity import listing
from services.http import endpoint
from services.http.endpoint import Request, decoding, path
from services.identity.api import users


class NewUser(msgspec.Struct):
    """The inner object of `POST /users`."""

    name: str
    password: str
    default_project_id: str | None = None
    enabled: bool = True


class CreateUser(msgspec.Struct):
    """The body of `POST /users`."""

    user: NewUser


class ChangedUser(msgspec.Struct):
    """The inner object of `PATCH /users/{id}`."""

    name: str | None = None
    password: str | None = None
    default_project_id: str | None = None
    enabled: bool | None = None


class UpdateUser(msgspec.Struct):
    """The body of `PATCH /users/{id}`."""

    user: ChangedUser


class NewPassword(msgspec.Struct):
    """The inner object of `POST /users/{id}/password`."""

    original_password: str
    password: str


class ChangePassword(msgspec.Struct):
    """The body of `POST /users/{id}/password`."""

    user: NewPassword


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    each = _Users(db)
    return (
        path(
            "/v3/users",
            GET=endpoint.endpoint(each.index),
            POST=decoding(CreateUser, each.create, status=201),
        ),
        path(
            "/v3/users/{user_id}",
            GET=endpoint.endpoint(each.show),
            PATCH=decoding(UpdateUser, each.update),
            DELETE=endpoint.endpoint(each.delete, status=204),
        ),
        path(
            "/v3/users/{user_id}/password",
            POST=decoding(ChangePassword, each.change_password, status=204),
        ),
    )


class _Users:
    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def index(self, request: Request) -> dict[str, Any]:
        found = users.index(self._db, request.ctx, name=request.query.get("name"))
        return listing.of("users", found, request=request)

    def show(self, request: Request) -> dict[str, Any]:
        user = users.show(self._db, request.ctx, request.path["user_id"])
        return {"user": listing.view(user, request)}

    def create(self, request: Request, body: CreateUser) -> dict[str, Any]:
        user = users.create(
            self._db, request.ctx,
            name=body.user.name, password=body.user.password,
            default_project_id=body.user.default_project_id, is_enabled=body.user.enabled,
        )  # fmt: skip
        return {"user": listing.view(user, request)}

    def update(self, request: Request, body: UpdateUser) -> dict[str, Any]:
        user = users.update(
            self._db, request.ctx, request.path["user_id"],
            name=body.user.name, password=body.user.password,
            default_project_id=body.user.default_project_id, is_enabled=body.user.enabled,
        )  # fmt: skip
        return {"user": listing.view(user, request)}

    def change_password(self, request: Request, body: ChangePassword) -> None:
        users.change_password(
            self._db, request.ctx, request.path["user_id"],
            original=body.user.original_password, password=body.user.password,
        )  # fmt: skip

    def delete(self, request: Request) -> None:
        users.delete(self._db, request.ctx, request.path["user_id"])
