"""Credentials that Keystone keeps for others (Keystone, api/credentials.py)."""

from typing import Any, Final

from appliance import config
from appliance.db import connection
from services.api.identity import documents, listing, resource
from services.api.identity.documents import Body, Field
from services.http import endpoint
from services.http.endpoint import Request, decoding, path
from services.identity.api.credentials import Credentials, Opened

_FIELDS: Final = {
    "type": documents.NAME,
    "blob": Field(kind=str),
    "user_id": documents.ID,
    "project_id": documents.ID_OR_NULL,
}


def paths(settings: config.Settings, db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    verbs = Credentials(settings, db)
    where = resource.equal("type", "user_id")

    def index(request: Request) -> dict[str, Any]:
        found = verbs.index(request.ctx, where(request))
        return listing.of("credentials", found, _view, request=request)

    def show(request: Request) -> dict[str, Any]:
        return {"credential": _view(verbs.show(request.ctx, request.path["key"]), request)}

    def create(request: Request, body: Body) -> dict[str, Any]:
        said = documents.read(body, "credential", _FIELDS, required=("type", "blob"))
        return {"credential": _view(verbs.create(request.ctx, resource.same(said)), request)}

    def update(request: Request, body: Body) -> dict[str, Any]:
        said = resource.same(documents.read(body, "credential", _FIELDS))
        changed = verbs.update(request.ctx, request.path["key"], said)
        return {"credential": _view(changed, request)}

    def delete(request: Request) -> None:
        verbs.delete(request.ctx, request.path["key"])

    return (
        path(
            "/v3/credentials",
            GET=endpoint.endpoint(index),
            POST=decoding(Body, create, status=201),
        ),
        path(
            "/v3/credentials/{key}",
            GET=endpoint.endpoint(show),
            PATCH=decoding(Body, update),
            DELETE=endpoint.endpoint(delete, status=204),
        ),
    )


def _view(one: Opened, request: Request) -> dict[str, Any]:
    return {
        **one.credential.extra,
        "id": one.credential.id,
        "type": one.credential.type,
        "blob": one.blob.reveal(),
        "user_id": one.credential.user_id,
        "project_id": one.credential.project_id,
        "links": listing.own(request, f"credentials/{one.credential.id}"),
    }
