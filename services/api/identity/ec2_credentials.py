"""Keys for EC2's API, as Keystone gives them (OS-EC2)."""

from typing import Any

import msgspec

from appliance import config
from appliance.db import connection
from services.api.identity import listing
from services.http import endpoint
from services.http.endpoint import Request, decoding, path
from services.identity.api.ec2_credentials import Ec2Credentials, Opened

_COLLECTION = "/v3/users/{user_id}/credentials/OS-EC2"


class CreateCredential(msgspec.Struct):
    """The body of a POST."""

    tenant_id: str


def paths(settings: config.Settings, db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    each = _Credentials(Ec2Credentials(settings, db))
    return (
        path(
            _COLLECTION,
            GET=endpoint.endpoint(each.index),
            POST=decoding(CreateCredential, each.create, status=201),
        ),
        path(
            f"{_COLLECTION}/{{access}}",
            GET=endpoint.endpoint(each.show),
            DELETE=endpoint.endpoint(each.delete, status=204),
        ),
    )


class _Credentials:
    def __init__(self, verbs: Ec2Credentials) -> None:
        self._verbs = verbs

    def index(self, request: Request) -> dict[str, Any]:
        found = self._verbs.of_user(request.ctx, request.path["user_id"])
        views = [_view(each, request) for each in found]
        return {"credentials": views, "links": listing.links(request)}

    def create(self, request: Request, body: CreateCredential) -> dict[str, Any]:
        made = self._verbs.create(request.ctx, request.path["user_id"], body.tenant_id)
        return {"credential": _view(made, request)}

    def show(self, request: Request) -> dict[str, Any]:
        found = self._verbs.get(request.ctx, request.path["user_id"], request.path["access"])
        return {"credential": _view(found, request)}

    def delete(self, request: Request) -> None:
        self._verbs.delete(request.ctx, request.path["user_id"], request.path["access"])


def _view(one: Opened, request: Request) -> dict[str, Any]:
    url = f"{request.origin}/identity/v3/users/{one.user_id}/credentials/OS-EC2/{one.access}"
    return {
        "access": one.access,
        "secret": one.secret.reveal(),
        "user_id": one.user_id,
        "tenant_id": one.project_id,
        "trust_id": None,
        "links": {"self": url},
    }
