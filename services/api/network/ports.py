"""Ports: /ports (Networking API v2.0, neutron-lib api/definitions/port.py)."""

from dataclasses import dataclass
from typing import Annotated, Any

from msgspec import Meta, Struct

from appliance.model.network import Port
from services.api.network import listing
from services.http.endpoint import Path, Request, decoding, endpoint, path
from services.network.api.ports import Ports

Json = dict[str, Any]
Name = Annotated[str, Meta(max_length=255)]


class NewPort(Struct, forbid_unknown_fields=True):
    """The port of a create request."""

    network_id: str
    name: Name = ""
    security_groups: list[str] | None = None


class CreatePort(Struct, forbid_unknown_fields=True):
    """POST /ports."""

    port: NewPort


class ChangedPort(Struct, forbid_unknown_fields=True):
    """What of a port can be updated."""

    name: Name | None = None
    security_groups: list[str] | None = None


class UpdatePort(Struct, forbid_unknown_fields=True):
    """PUT /ports/{id}."""

    port: ChangedPort


@dataclass(frozen=True, slots=True, kw_only=True)
class PortsFace:
    """The handlers of /ports."""

    verbs: Ports
    page_max: int

    def paths(self) -> tuple[Path, ...]:
        """The routes."""
        return (
            path(
                "/v2.0/ports",
                GET=endpoint(self.list_all),
                POST=decoding(CreatePort, self.create, status=201),
            ),
            path(
                "/v2.0/ports/{port_id}",
                GET=endpoint(self.show),
                PUT=decoding(UpdatePort, self.update),
                DELETE=endpoint(self.delete, status=204),
            ),
        )

    def list_all(self, request: Request) -> Json:
        """GET /ports."""
        is_admin = request.ctx.is_admin
        views = [_view(port, is_admin=is_admin) for port in self.verbs.of_project(request.ctx)]
        return listing.page(request, "ports", views, page_max=self.page_max)

    def show(self, request: Request) -> Json:
        """GET /ports/{id}."""
        port = self.verbs.get(request.ctx, request.path["port_id"])
        return {"port": listing.shape(request, _view(port, is_admin=request.ctx.is_admin))}

    def create(self, request: Request, body: CreatePort) -> Json:
        """POST /ports."""
        new = body.port
        port = self.verbs.create(
            request.ctx, network_id=new.network_id, name=new.name, group_ids=new.security_groups
        )
        return {"port": _view(port, is_admin=request.ctx.is_admin)}

    def update(self, request: Request, body: UpdatePort) -> Json:
        """PUT /ports/{id}."""
        port = self.verbs.update(
            request.ctx,
            request.path["port_id"],
            name=body.port.name,
            group_ids=body.port.security_groups,
        )
        return {"port": _view(port, is_admin=request.ctx.is_admin)}

    def delete(self, request: Request) -> None:
        """DELETE /ports/{id}."""
        self.verbs.delete(request.ctx, request.path["port_id"])


def _view(port: Port, *, is_admin: bool) -> Json:
    view = {
        "id": port.id,
        "name": port.name,
        "description": "",
        "network_id": port.network_id,
        "tenant_id": port.project_id,
        "project_id": port.project_id,
        "mac_address": port.mac,
        "admin_state_up": True,
        "status": port.status,
        "device_id": port.instance_id or "",
        "device_owner": "compute:nova" if port.instance_id else "",
        "fixed_ips": [
            {"subnet_id": fixed.subnet_id, "ip_address": fixed.ip} for fixed in port.fixed_ips
        ],
        "security_groups": list(port.security_group_ids),
        "port_security_enabled": True,
        "allowed_address_pairs": [],
        "extra_dhcp_opts": [],
        "binding:vnic_type": "normal",
        "tags": [],
        "created_at": port.created_at,
        "updated_at": port.updated_at,
    }
    return view | ({"binding:host_id": port.host or ""} if is_admin else {})
