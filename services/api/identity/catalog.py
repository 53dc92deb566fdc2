"""Regions, services, endpoints and policies, as administrators keep them (Keystone, api/)."""

from typing import Any, Final

from appliance import errors
from appliance.db import connection
from appliance.model.catalog import INTERFACES, Endpoint, Policy, Region, Service
from services.api.identity import documents, listing, resource
from services.api.identity.documents import Body, Field
from services.http import endpoint
from services.http.endpoint import Reply, Request, decoding, path
from services.identity.api import catalog

_REGION: Final = {
    "id": Field(kind=str, chars_max=255),
    "description": documents.TEXT,
    "parent_region_id": Field(kind=str, is_null_ok=True, chars_max=255),
}
_SERVICE: Final = {
    "type": documents.NAME,
    "name": Field(kind=str, chars_max=255),
    "description": documents.TEXT,
    "enabled": documents.ENABLED,
}
_ENDPOINT: Final = {
    "service_id": documents.ID,
    "interface": Field(kind=str),
    "url": Field(kind=str, chars_min=1),
    "region_id": Field(kind=str, is_null_ok=True, chars_max=255),
    "region": Field(kind=str, is_null_ok=True, chars_max=255),
    "enabled": documents.ENABLED,
}
_POLICY: Final = {"type": documents.NAME, "blob": Field(kind=str)}


def paths(db: connection.Database) -> tuple[endpoint.Path, ...]:
    """Under `/identity`."""
    regions = _Regions(
        db=db, noun="region", plural="regions", verbs=catalog.regions, fields=_REGION,
        view=_region_view, where=resource.equal("parent_region_id"), model=_region, required=(),
    )  # fmt: skip
    services = resource.Resource(
        db=db, noun="service", plural="services", verbs=catalog.services, fields=_SERVICE,
        view=_service_view, where=resource.equal("type", "name"), required=("type",),
    )  # fmt: skip
    endpoints = _Endpoints(
        db=db, noun="endpoint", plural="endpoints", verbs=catalog.endpoints, fields=_ENDPOINT,
        view=_endpoint_view, where=resource.equal("interface", "service_id", "region_id"),
        model=_endpoint, required=("service_id", "interface", "url"),
    )  # fmt: skip
    named = path("/v3/regions/{key}", PUT=decoding(Body, regions.put, status=201))
    whole = regions.paths()
    merged = path(whole[1].path, **whole[1].endpoints, **named.endpoints)
    policies = resource.Resource(
        db=db, noun="policy", plural="policies", verbs=catalog.policies, fields=_POLICY,
        view=_policy_view, where=resource.equal("type"), required=("type", "blob"),
    )  # fmt: skip
    return whole[0], merged, *services.paths(), *endpoints.paths(), *policies.paths()


class _Regions(resource.Resource):
    """Regions: their ids are what clients choose."""

    def put(self, request: Request, body: Body) -> Reply:
        """`PUT /v3/regions/{id}`: make the one of that id."""
        said = self.model(documents.read(body, "region", self.fields))
        if said.get("id", request.path["key"]) != request.path["key"]:
            raise errors.BadRequest("Conflicting region IDs specified: in the URL and in the body.")
        said["id"] = request.path["key"]
        made = catalog.regions.create(self.db, request.ctx, said)
        return Reply(status=201, body={"region": self.view(made, request)})


class _Endpoints(resource.Resource):
    """Endpoints; `region`, the older way to name one, makes the region (Keystone, endpoints.py)."""

    def create(self, request: Request, body: Body) -> dict[str, Any]:
        """`POST /v3/endpoints`."""
        self._make_region(request, body)
        return super().create(request, body)

    def update(self, request: Request, body: Body) -> dict[str, Any]:
        """`PATCH /v3/endpoints/{id}`."""
        self._make_region(request, body)
        return super().update(request, body)

    def _make_region(self, request: Request, body: Body) -> None:
        inner = body.get("endpoint")
        said = inner.get("region") if isinstance(inner, dict) else None
        if isinstance(said, str) and said and "region_id" not in (inner or {}):
            known = {one.id for one in catalog.regions.index(self.db, request.ctx, {})}
            if said not in known:
                catalog.regions.create(self.db, request.ctx, {"id": said})


def _region(said: documents.Said) -> dict[str, Any]:
    known = dict(said.known)
    if not known.get("id"):
        known.pop("id", None)
    if "description" in known:
        known["description"] = known["description"] or ""
    return known | {"extra": said.extra}


def _endpoint(said: documents.Said) -> dict[str, Any]:
    known = dict(said.known)
    legacy = known.pop("region", None)
    if legacy is not None:
        known.setdefault("region_id", legacy)
    if known.get("interface", INTERFACES[0]) not in INTERFACES:
        raise errors.BadRequest(f"Invalid input for field 'interface': one of {INTERFACES}.")
    return known | {"extra": said.extra}


def _region_view(region: Region, request: Request) -> dict[str, Any]:
    return {
        **region.extra,
        "id": region.id,
        "description": region.description,
        "parent_region_id": region.parent_region_id,
        "links": listing.own(request, f"regions/{region.id}"),
    }


def _service_view(service: Service, request: Request) -> dict[str, Any]:
    described = {} if service.description is None else {"description": service.description}
    return {
        **service.extra,
        **described,
        "id": service.id,
        "type": service.type,
        "name": service.name,
        "enabled": bool(service.is_enabled),
        "links": listing.own(request, f"services/{service.id}"),
    }


def _endpoint_view(one: Endpoint, request: Request) -> dict[str, Any]:
    return {
        **one.extra,
        "id": one.id,
        "service_id": one.service_id,
        "interface": one.interface,
        "region": one.region_id,
        "region_id": one.region_id,
        "url": one.url,
        "enabled": bool(one.is_enabled),
        "links": listing.own(request, f"endpoints/{one.id}"),
    }


def _policy_view(policy: Policy, request: Request) -> dict[str, Any]:
    return {
        **policy.extra,
        "id": policy.id,
        "type": policy.type,
        "blob": policy.blob,
        "links": listing.own(request, f"policies/{policy.id}"),
    }
