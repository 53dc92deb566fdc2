"""Subnets: /subnets (Networking API v2.0, neutron-lib api/definitions/subnet.py)."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from appliance.model.network import Subnet
from services.api.network import listing
from services.http.endpoint import Path, Request, decoding, endpoint, path
from services.network.api.networks import Subnets

Json = dict[str, Any]


class NewSubnet(Struct, forbid_unknown_fields=True):
    """The subnet of a create request."""

    network_id: str
    cidr: str
    ip_version: Literal[4]
    name: Annotated[str, Meta(max_length=255)] = ""
    gateway_ip: str | None = None
    dns_nameservers: list[str] = []
    enable_dhcp: bool = True


class CreateSubnet(Struct, forbid_unknown_fields=True):
    """POST /subnets."""

    subnet: NewSubnet


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetsFace:
    """The handlers of /subnets."""

    verbs: Subnets
    page_max: int

    def paths(self) -> tuple[Path, ...]:
        """The routes."""
        return (
            path(
                "/v2.0/subnets",
                GET=endpoint(self.list_all),
                POST=decoding(CreateSubnet, self.create, status=201),
            ),
            path(
                "/v2.0/subnets/{subnet_id}",
                GET=endpoint(self.show),
                DELETE=endpoint(self.delete, status=204),
            ),
        )

    def list_all(self, request: Request) -> Json:
        """GET /subnets."""
        views = [_view(subnet) for subnet in self.verbs.visible(request.ctx)]
        return listing.page(request, "subnets", views, page_max=self.page_max)

    def show(self, request: Request) -> Json:
        """GET /subnets/{id}."""
        subnet = self.verbs.get(request.ctx, request.path["subnet_id"])
        return {"subnet": listing.shape(request, _view(subnet))}

    def create(self, request: Request, body: CreateSubnet) -> Json:
        """POST /subnets."""
        new = body.subnet
        subnet = self.verbs.create(
            request.ctx,
            network_id=new.network_id,
            cidr=new.cidr,
            name=new.name,
            gateway_ip=new.gateway_ip,
            dns_servers=tuple(new.dns_nameservers),
            is_dhcp_enabled=new.enable_dhcp,
        )
        return {"subnet": _view(subnet)}

    def delete(self, request: Request) -> None:
        """DELETE /subnets/{id}."""
        self.verbs.delete(request.ctx, request.path["subnet_id"])


def _view(subnet: Subnet) -> Json:
    return {
        "id": subnet.id,
        "name": subnet.name,
        "description": "",
        "network_id": subnet.network_id,
        "tenant_id": subnet.project_id,
        "project_id": subnet.project_id,
        "ip_version": 4,
        "cidr": subnet.cidr,
        "gateway_ip": subnet.gateway_ip,
        "allocation_pools": [{"start": subnet.pool_first, "end": subnet.pool_last}],
        "enable_dhcp": subnet.is_dhcp_enabled,
        "dns_nameservers": list(subnet.dns_servers),
        "host_routes": [],
        "service_types": [],
        "subnetpool_id": None,
        "ipv6_address_mode": None,
        "ipv6_ra_mode": None,
        "tags": [],
        "created_at": subnet.created_at,
        "updated_at": subnet.updated_at,
    }
