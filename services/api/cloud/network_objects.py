"""Networks, ports and security groups as the event stream tells of them."""

from collections.abc import Callable
from typing import Final

from appliance import context
from appliance.db import connection, networks, ports, security_groups, subnets
from appliance.model.network import Network, Port, bridge_name
from appliance.model.security_group import Rule, SecurityGroup
from services.api.cloud.seen import Json, Seen


def _network(db: connection.Reader, network: Network) -> Seen:
    found = subnets.of_network(db, network.id)
    view = {
        "id": network.id,
        "name": network.name,
        "cidr": found[0].cidr if found else None,
        "gateway_ip": found[0].gateway_ip if found else None,
        "is_dhcp_enabled": bool(found and found[0].is_dhcp_enabled),
        "bridge": bridge_name(network.id),
        "ports": len(ports.of_network(db, network.id)),
        "project_id": network.project_id,
    }
    return Seen(
        kind="network", id=network.id, view=view, project_id=network.project_id,
        is_public=network.is_shared,
    )  # fmt: skip


def _port(port: Port) -> Seen:
    view = {
        "id": port.id,
        "name": port.name,
        "status": port.status,
        "network_id": port.network_id,
        "instance_id": port.instance_id,
        "host": port.host,
        "mac_address": port.mac,
        "addresses": [fixed.ip for fixed in port.fixed_ips],
        "security_group_ids": list(port.security_group_ids),
        "tap": port.tap,
        "created_at": port.created_at,
        "updated_at": port.updated_at,
        "project_id": port.project_id,
    }
    return Seen(kind="port", id=port.id, view=view, project_id=port.project_id)


def _security_group(db: connection.Reader, group: SecurityGroup) -> Seen:
    view = {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "rules": [_rule(rule) for rule in group.rules],
        "ports": security_groups.ports_in(db, group.id),
        "created_at": group.created_at,
        "updated_at": group.updated_at,
        "project_id": group.project_id,
    }
    return Seen(kind="security_group", id=group.id, view=view, project_id=group.project_id)


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.id,
        "direction": rule.direction,
        "ethertype": rule.ethertype,
        "protocol": rule.protocol,
        "port_min": rule.port_min,
        "port_max": rule.port_max,
        "remote_cidr": rule.remote_cidr,
        "remote_group_id": rule.remote_group_id,
        "description": rule.description,
    }


def _whose(ctx: context.RequestContext) -> str | None:
    return None if ctx.is_admin else ctx.project_id


ONE: Final[dict[str, Callable[[connection.Reader, str], Seen | None]]] = {
    "network": lambda db, key: _network(db, networks.get(db, key)),
    "port": lambda db, key: _port(ports.get(db, key)),
    "security_group": lambda db, key: _security_group(db, security_groups.get(db, key)),
}
ALL: Final[dict[str, Callable[[connection.Reader, context.RequestContext], list[Seen]]]] = {
    "network": lambda db, ctx: [_network(db, one) for one in networks.visible(db, ctx)],
    "port": lambda db, ctx: [_port(one) for one in ports.of_project(db, _whose(ctx))],
    "security_group": lambda db, ctx: [
        _security_group(db, one) for one in security_groups.of_project(db, _whose(ctx))
    ],
}
