"""A network with its subnets, a port with its fixed IPs, and the names they have on a host."""

import secrets
from dataclasses import dataclass
from typing import Final

from appliance import ids

BRIDGE_PREFIX: Final = f"{ids.PREFIX}-b-"
TAP_PREFIX: Final = f"{ids.PREFIX}-t-"


def bridge_name(network_id: str) -> str:
    """Name of a network's bridge: a device name has 15 bytes, so eight digits of the id."""
    return BRIDGE_PREFIX + network_id[:8]


def tap_name(port_id: str) -> str:
    """Name of a port's tap; the port's whole id is the tap's alias."""
    return TAP_PREFIX + port_id[:8]


def new_mac() -> str:
    """A random MAC in the range that Nova and Neutron use (`base_mac` fa:16:3e)."""
    return "fa:16:3e:" + ":".join(f"{byte:02x}" for byte in secrets.token_bytes(3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One row of `networks`. A shared one may be used by every project."""

    id: ids.NetworkId
    name: str
    project_id: ids.ProjectId
    mtu: int
    is_shared: bool
    is_external: bool
    status: str
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """One row of `subnets`: addresses `pool_first` to `pool_last` are given to ports."""

    id: ids.SubnetId
    network_id: ids.NetworkId
    name: str
    project_id: ids.ProjectId
    cidr: str
    gateway_ip: str
    pool_first: str
    pool_last: str
    dns_servers: tuple[str, ...]
    is_dhcp_enabled: bool
    created_at: str
    updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedIp:
    """One address of one subnet, taken by a port."""

    subnet_id: ids.SubnetId
    ip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One row of `ports`: a guest's interface. `host` is where its tap is, None while nowhere."""

    id: ids.PortId
    network_id: ids.NetworkId
    project_id: ids.ProjectId
    name: str
    mac: str
    instance_id: ids.InstanceId | None
    host: str | None
    status: str
    created_at: str
    updated_at: str
    fixed_ips: tuple[FixedIp, ...] = ()
    security_group_ids: tuple[ids.SecurityGroupId, ...] = ()

    @property
    def tap(self) -> str:
        """Name of its tap."""
        return tap_name(self.id)
