"""Networks, ports and security groups, with Neutron's words."""

from __future__ import annotations

from dataclasses import dataclass

from tui.client.nouns.moment import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A project's network."""

    id: str
    name: str = ""
    cidr: str | None = None
    gateway_ip: str | None = None
    is_dhcp_enabled: bool = False
    bridge: str = ""
    ports: int = 0
    project_id: str | None = None

    @property
    def key(self) -> str:
        """Its id."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An instance's interface on a network."""

    id: str
    name: str = ""
    status: str = ""
    network_id: str = ""
    instance_id: str | None = None
    host: str | None = None
    mac_address: str = ""
    addresses: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    tap: str = ""
    created_at: Time = None
    project_id: str = ""

    @property
    def key(self) -> str:
        """Its id."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a security group lets in or out."""

    id: str = ""
    direction: str = "ingress"
    ethertype: str = "IPv4"
    protocol: str | None = None
    port_min: int | None = None
    port_max: int | None = None
    remote_cidr: str | None = None
    remote_group_id: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A set of rules that ports are in."""

    id: str
    name: str = ""
    description: str = ""
    rules: tuple[Rule, ...] = ()
    ports: int = 0
    created_at: Time = None
    project_id: str = ""

    @property
    def key(self) -> str:
        """Its id."""
        return self.id
