"""Networks: /networks (Networking API v2.0, neutron-lib api/definitions/network.py)."""

from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, field

from appliance import errors
from appliance.model.network import Network
from services.api.network import listing
from services.http.endpoint import Path, Request, decoding, endpoint, path
from services.network.api.networks import Networks

Json = dict[str, Any]
Name = Annotated[str, Meta(max_length=255)]


class NewNetwork(Struct, forbid_unknown_fields=True):
    """The network of a create request."""

    name: Name = ""
    admin_state_up: bool = True
    shared: bool = False
    mtu: Annotated[int, Meta(ge=576, le=9000)] | None = None


class CreateNetwork(Struct, forbid_unknown_fields=True):
    """POST /networks."""

    network: NewNetwork


class ChangedNetwork(Struct, forbid_unknown_fields=True):
    """What of a network can be updated."""

    name: Name | UnsetType = UNSET


class UpdateNetwork(Struct, forbid_unknown_fields=True):
    """PUT /networks/{id}."""

    network: ChangedNetwork = field(default_factory=ChangedNetwork)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworksFace:
    """The handlers of /networks."""

    verbs: Networks
    page_max: int

    def paths(self) -> tuple[Path, ...]:
        """The routes."""
        return (
            path(
                "/v2.0/networks",
                GET=endpoint(self.list_all),
                POST=decoding(CreateNetwork, self.create, status=201),
            ),
            path(
                "/v2.0/networks/{network_id}",
                GET=endpoint(self.show),
                PUT=decoding(UpdateNetwork, self.update),
                DELETE=endpoint(self.delete, status=204),
            ),
        )

    def list_all(self, request: Request) -> Json:
        """GET /networks."""
        views = [self._view(network) for network in self.verbs.visible(request.ctx)]
        return listing.page(request, "networks", views, page_max=self.page_max)

    def show(self, request: Request) -> Json:
        """GET /networks/{id}."""
        network = self.verbs.get(request.ctx, request.path["network_id"])
        return {"network": listing.shape(request, self._view(network))}

    def create(self, request: Request, body: CreateNetwork) -> Json:
        """POST /networks."""
        new = body.network
        if not new.admin_state_up:
            raise errors.BadRequest("Invalid input for admin_state_up: a network is always up.")
        network = self.verbs.create(request.ctx, name=new.name, is_shared=new.shared, mtu=new.mtu)
        return {"network": self._view(network)}

    def update(self, request: Request, body: UpdateNetwork) -> Json:
        """PUT /networks/{id}."""
        key, name = request.path["network_id"], body.network.name
        if isinstance(name, str):
            return {"network": self._view(self.verbs.rename(request.ctx, key, name))}
        return {"network": self._view(self.verbs.get(request.ctx, key))}

    def delete(self, request: Request) -> None:
        """DELETE /networks/{id}."""
        self.verbs.delete(request.ctx, request.path["network_id"])

    def _view(self, network: Network) -> Json:
        return {
            "id": network.id,
            "name": network.name,
            "description": "",
            "tenant_id": network.project_id,
            "project_id": network.project_id,
            "status": network.status,
            "admin_state_up": True,
            "shared": network.is_shared,
            "router:external": network.is_external,
            "mtu": network.mtu,
            "port_security_enabled": True,
            "subnets": [subnet.id for subnet in self.verbs.subnets_of(network)],
            "availability_zone_hints": [],
            "availability_zones": [],
            "ipv4_address_scope": None,
            "ipv6_address_scope": None,
            "tags": [],
            "created_at": network.created_at,
            "updated_at": network.updated_at,
        }
