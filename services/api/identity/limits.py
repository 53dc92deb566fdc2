"""Unified limits (Keystone, api/registered_limits.py and api/limits.py)."""

from typing import Annotated, Any, TypeVar

import msgspec

from appliance.db import connection
from appliance.model.unified_limit import Limit, RegisteredLimit
from services.api.identity import listing, resource
from services.http import endpoint
from services.http.endpoint import Request, decoding, path
from services.identity.api import limits, registered_limits
from services.identity.api.registered_limits import AT_ONCE_MAX

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
RegionId = Annotated[str, msgspec.Meta(min_length=1, max_length=255)] | None
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
Text = Annotated[str, msgspec.Meta(max_length=65_535)] | None
Amount = Annotated[int, msgspec.Meta(ge=-1, le=2**31 - 1)]  # -1: without limit
N = TypeVar("N")
Some = Annotated[list[N], msgspec.Meta(min_length=1, max_length=AT_ONCE_MAX)]

_by_resource = resource.equal("service_id", "region_id", "resource_name")


class NewRegistered(msgspec.Struct, forbid_unknown_fields=True):
    """One of `POST /registered_limits`."""

    service_id: Id
    resource_name: Name
    default_limit: Amount
    region_id: RegionId = None
    description: Text = None


class CreateRegistered(msgspec.Struct):
    """The body of `POST /registered_limits`."""

    registered_limits: Some[NewRegistered]


class ChangedRegistered(msgspec.Struct, forbid_unknown_fields=True):
    """The inner object of `PATCH /registered_limits/{id}`."""

    service_id: Id | msgspec.UnsetType = msgspec.UNSET
    resource_name: Name | msgspec.UnsetType = msgspec.UNSET
    default_limit: Amount | msgspec.UnsetType = msgspec.UNSET
    region_id: RegionId | msgspec.UnsetType = msgspec.UNSET
    description: Text | msgspec.UnsetType = msgspec.UNSET


class UpdateRegistered(msgspec.Struct):
    """The body of `PATCH /registered_limits/{id}`."""

    registered_limit: ChangedRegistered


class NewLimit(msgspec.Struct, forbid_unknown_fields=True):
    """One of `POST /limits`."""

    service_id: Id
    resource_name: Name
    resource_limit: Amount
    region_id: RegionId = None
    project_id: Id | None = None
    domain_id: Id | None = None
    description: Text = None


class CreateLimits(msgspec.Struct):
    """The body of `POST /limits`."""

    limits: Some[NewLimit]


class ChangedLimit(msgspec.Struct, forbid_unknown_fields=True):
    """The inner object of `PATCH /limits/{id}`."""

    resource_limit: Amount | msgspec.UnsetType = msgspec.UNSET
    description: Text | msgspec.UnsetType = msgspec.UNSET


class UpdateLimit(msgspec.Struct):
    """The body of `PATCH /limits/{id}`."""

    limit: ChangedLimit


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`; the model before what could be a limit's id."""
    registered, own = _Registered(db), _Limits(db)
    return (
        path(
            "/v3/registered_limits",
            GET=endpoint.endpoint(registered.index),
            POST=decoding(CreateRegistered, registered.create, status=201),
        ),
        path(
            "/v3/registered_limits/{key}",
            GET=endpoint.endpoint(registered.show),
            PATCH=decoding(UpdateRegistered, registered.update),
            DELETE=endpoint.endpoint(registered.delete, status=204),
        ),
        path("/v3/limits/model", GET=endpoint.endpoint(own.model)),
        path(
            "/v3/limits",
            GET=endpoint.endpoint(own.index),
            POST=decoding(CreateLimits, own.create, status=201),
        ),
        path(
            "/v3/limits/{key}",
            GET=endpoint.endpoint(own.show),
            PATCH=decoding(UpdateLimit, own.update),
            DELETE=endpoint.endpoint(own.delete, status=204),
        ),
    )


class _Registered:
    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def index(self, request: Request) -> dict[str, Any]:
        found = registered_limits.index(self._db, request.ctx, _by_resource(request))
        return listing.of("registered_limits", found, _registered_view, request=request)

    def create(self, request: Request, body: CreateRegistered) -> dict[str, Any]:
        asked = [msgspec.structs.asdict(one) for one in body.registered_limits]
        made = registered_limits.create(self._db, request.ctx, asked)
        return {"registered_limits": [_registered_view(one, request) for one in made]}

    def show(self, request: Request) -> dict[str, Any]:
        found = registered_limits.show(self._db, request.ctx, request.path["key"])
        return {"registered_limit": _registered_view(found, request)}

    def update(self, request: Request, body: UpdateRegistered) -> dict[str, Any]:
        said = _said(body.registered_limit)
        changed = registered_limits.update(self._db, request.ctx, request.path["key"], said)
        return {"registered_limit": _registered_view(changed, request)}

    def delete(self, request: Request) -> None:
        registered_limits.delete(self._db, request.ctx, request.path["key"])


class _Limits:
    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def index(self, request: Request) -> dict[str, Any]:
        asked = request.query
        where = _by_resource(request)
        for name, is_of_domain in (("project_id", 0), ("domain_id", 1)):
            if name in asked:
                where |= {"target_id": asked[name], "is_of_domain": is_of_domain}
        found = limits.index(self._db, request.ctx, where)
        return listing.of("limits", found, _limit_view, request=request)

    def model(self, request: Request) -> dict[str, Any]:
        return {"model": limits.model(request.ctx)}

    def create(self, request: Request, body: CreateLimits) -> dict[str, Any]:
        asked = [limits.NewLimit(**msgspec.structs.asdict(one)) for one in body.limits]
        made = limits.create(self._db, request.ctx, asked)
        return {"limits": [_limit_view(one, request) for one in made]}

    def show(self, request: Request) -> dict[str, Any]:
        found = limits.show(self._db, request.ctx, request.path["key"])
        return {"limit": _limit_view(found, request)}

    def update(self, request: Request, body: UpdateLimit) -> dict[str, Any]:
        changed = limits.update(self._db, request.ctx, request.path["key"], _said(body.limit))
        return {"limit": _limit_view(changed, request)}

    def delete(self, request: Request) -> None:
        limits.delete(self._db, request.ctx, request.path["key"])


def _said(changed: msgspec.Struct) -> dict[str, Any]:
    """What a PATCH says; null is said, absent is not."""
    every = msgspec.structs.asdict(changed)
    return {name: value for name, value in every.items() if value is not msgspec.UNSET}


def _registered_view(limit: RegisteredLimit, request: Request) -> dict[str, Any]:
    return {
        "id": limit.id,
        "service_id": limit.service_id,
        "region_id": limit.region_id,
        "resource_name": limit.resource_name,
        "default_limit": limit.default_limit,
        "description": limit.description,
        "links": listing.own(request, f"registered_limits/{limit.id}"),
    }


def _limit_view(limit: Limit, request: Request) -> dict[str, Any]:
    return {
        "id": limit.id,
        "service_id": limit.service_id,
        "region_id": limit.region_id,
        "resource_name": limit.resource_name,
        "resource_limit": limit.resource_limit,
        "project_id": None if limit.is_of_domain else limit.target_id,
        "domain_id": limit.target_id if limit.is_of_domain else None,
        "description": limit.description,
        "links": listing.own(request, f"limits/{limit.id}"),
    }
