"""The calls of Networking v2.0 that this client makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.client.call import Call


def networks() -> Call:
    """List the networks the project can use."""
    return Call(service="network", method="GET", path="/v2.0/networks")


def security_groups(name: str = "") -> Call:
    """List the project's security groups, all of them or those of one name."""
    query = f"?name={name}" if name else ""
    return Call(service="network", method="GET", path=f"/v2.0/security-groups{query}")


def create_security_group_rule(rule: Mapping[str, Any]) -> Call:
    """Open something in a security group."""
    body = {"security_group_rule": rule}
    return Call(service="network", method="POST", path="/v2.0/security-group-rules", body=body)


def create_network(name: str) -> Call:
    """Make a network; it has no addresses before it has a subnet."""
    body = {"network": {"name": name}}
    return Call(service="network", method="POST", path="/v2.0/networks", body=body)


def create_subnet(network_id: str, cidr: str) -> Call:
    """Give a network its addresses, with DHCP."""
    body = {"subnet": {"network_id": network_id, "ip_version": 4, "cidr": cidr}}
    return Call(service="network", method="POST", path="/v2.0/subnets", body=body)


def delete_network(network_id: str) -> Call:
    """Remove a network that no instance is on."""
    return Call(service="network", method="DELETE", path=f"/v2.0/networks/{network_id}")


def all_security_groups() -> Call:
    """List the project's security groups."""
    return Call(service="network", method="GET", path="/v2.0/security-groups")


def create_security_group(name: str, description: str) -> Call:
    """Make a group that lets everything out and nothing in."""
    body = {"security_group": {"name": name, "description": description}}
    return Call(service="network", method="POST", path="/v2.0/security-groups", body=body)


def delete_security_group(group_id: str) -> Call:
    """Remove a group that no port is in."""
    return Call(service="network", method="DELETE", path=f"/v2.0/security-groups/{group_id}")


def delete_security_group_rule(rule_id: str) -> Call:
    """Close what a rule opened."""
    return Call(service="network", method="DELETE", path=f"/v2.0/security-group-rules/{rule_id}")
