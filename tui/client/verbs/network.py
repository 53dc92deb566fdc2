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
