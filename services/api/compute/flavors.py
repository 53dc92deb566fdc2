"""Flavors: /flavors (Nova, api/openstack/compute/views/flavors.py)."""

from dataclasses import dataclass
from typing import Any

from appliance import errors
from appliance.model.flavor import Flavor
from services.api.compute import paging, server_views
from services.compute.api.catalogue import Catalogue
from services.http.endpoint import Path, Request, endpoint, path

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavors:
    """The handlers of /flavors."""

    verbs: Catalogue
    page_max: int

    def paths(self) -> tuple[Path, ...]:
        """The routes."""
        return (
            path("/v2.1/flavors", GET=endpoint(self.list_brief)),
            path("/v2.1/flavors/detail", GET=endpoint(self.list_full)),
            path("/v2.1/flavors/{flavor_id}", GET=endpoint(self.show)),
            path("/v2.1/flavors/{flavor_id}/os-extra_specs", GET=endpoint(self.extra_specs)),
        )

    def list_brief(self, request: Request) -> Json:
        """GET /flavors."""
        asked, page = self._page(request)
        views = [_brief(flavor, request.origin) for flavor in page]
        marker = page[-1].id if page else ""
        return paging.with_next(request, "flavors", views, asked=asked, marker=marker)

    def list_full(self, request: Request) -> Json:
        """GET /flavors/detail."""
        asked, page = self._page(request)
        views = [_full(flavor, request.origin) for flavor in page]
        marker = page[-1].id if page else ""
        return paging.with_next(request, "flavors", views, asked=asked, marker=marker)

    def show(self, request: Request) -> Json:
        """GET /flavors/{id}."""
        flavor = self.verbs.flavor(request.ctx, request.path["flavor_id"])
        return {"flavor": _full(flavor, request.origin)}

    def extra_specs(self, request: Request) -> Json:
        """GET /flavors/{id}/os-extra_specs: there are none."""
        self.verbs.flavor(request.ctx, request.path["flavor_id"])
        return {"extra_specs": {}}

    def _page(self, request: Request) -> tuple[int, list[Flavor]]:
        asked = paging.limit(request, page_max=self.page_max)
        at_least = {name: _number(request, name) for name in ("minRam", "minDisk")}
        kept = [
            flavor
            for flavor in self.verbs.flavors(request.ctx)
            if flavor.memory_mib >= at_least["minRam"] and flavor.disk_gib >= at_least["minDisk"]
        ]
        marker = request.query.get("marker")
        if marker is not None:
            ids = [flavor.id for flavor in kept]
            if marker not in ids:
                raise errors.BadRequest(f"marker [{marker}] not found")
            kept = kept[ids.index(marker) + 1 :]
        return asked, kept[:asked]


def _number(request: Request, name: str) -> int:
    text = request.query.get(name, "0")
    if not (text.isascii() and text.isdecimal()):
        raise errors.BadRequest(f"Invalid {name} filter [{text}]")
    return int(text)


def _brief(flavor: Flavor, origin: str) -> Json:
    return {
        "id": flavor.id,
        "name": flavor.name,
        "links": server_views.links(origin, "flavors", flavor.id),
    }


def _full(flavor: Flavor, origin: str) -> Json:
    return _brief(flavor, origin) | {
        "vcpus": flavor.vcpus,
        "ram": flavor.memory_mib,
        "disk": flavor.disk_gib,
        "swap": "",
        "rxtx_factor": 1.0,
        "OS-FLV-DISABLED:disabled": False,
        "OS-FLV-EXT-DATA:ephemeral": 0,
        "os-flavor-access:is_public": bool(flavor.is_public),
    }
