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
    "url": Field(kind=str, chars_min=1, chars_max=2048),
    "region_id": Field(kind=str, is_null_ok=True, chars_max=255),
    "region": Field(kind=str, is_null_ok=True, chars_max=255),  # the older name: it is made
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
    endpoints = resource.Resource(
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


def _region(said: documents.Said) -> dict[str, Any]:
    known = dict(said.known)
    if not known.get("id"):
        known.pop("id", None)
    if "description" in known:
        known["description"] = known["description"] or ""
    return known | {"extra": said.extra}


def _endpoint(said: documents.Said) -> dict[str, Any]:
    known = dict(said.known)
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
