"""What the network of this host should be, and what is on it, as values of the same shape.

Knows no database, no kernel, no file.
"""

import ipaddress
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

from appliance import errors
from appliance.model import network as names
from appliance.model.security_group import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """One network of this host, with its only subnet."""

    id: str
    cidr: str
    gateway_ip: str
    mtu: int = 1500
    dns_nameservers: tuple[str, ...] = ()  # none: the gateway answers
    enable_dhcp: bool = True

    @property
    def bridge(self) -> str:
        """Name of its bridge."""
        return names.bridge_name(self.id)

    @property
    def mac_address(self) -> str:
        """The bridge's own MAC, fixed, because a bridge without one takes a port's."""
        return "fe:16:3e:" + ":".join(self.id[i : i + 2] for i in (0, 2, 4))

    @property
    def address(self) -> str:
        """The gateway's address with its prefix length, as the bridge carries it."""
        return f"{self.gateway_ip}/{ipaddress.ip_network(self.cidr).prefixlen}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """One guest interface of this host; `rules` are those of all its security groups."""

    id: str
    network_id: str
    mac_address: str
    fixed_ips: tuple[str, ...]
    hostname: str = ""
    rules: tuple[Rule, ...] = ()

    @property
    def tap(self) -> str:
        """Name of its tap."""
        return names.tap_name(self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostPlan:
    """All that should be on this host. `members`: group id to fixed IPs; `floating_ips`: to fixed.

    `members` holds every group a rule names as remote, also when it is empty.
    """

    networks: tuple[Network, ...] = ()
    ports: tuple[Port, ...] = ()
    members: Mapping[str, frozenset[str]] = field(default_factory=dict)
    floating_ips: Mapping[str, str] = field(default_factory=dict)
    metadata_port: int = 8775

    def __post_init__(self) -> None:
        _refuse_same([(n.bridge, f"network {n.id}") for n in self.networks])
        _refuse_same([(p.tap, f"port {p.id}") for p in self.ports])
        _refuse_same([(ip, f"port {p.id}") for p in self.ports for ip in p.fixed_ips])
        _refuse_overlap(self.networks)

    def ports_of(self, network: Network) -> tuple[Port, ...]:
        """Ports of one network, in the plan's order."""
        return tuple(port for port in self.ports if port.network_id == network.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """One bridge of ours: its addresses with prefix lengths."""

    network_id: str
    mac_address: str
    mtu: int
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """One tap of ours, in the bridge named."""

    port_id: str
    bridge: str
    mtu: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HostNetwork:
    """What of ours is on a host.

    `bridges` and `taps` by device name; `rules` is the digest of the loaded rule set, None when
    there is none or only half of it; `dhcp`: bridge to the hosts lines that its server was given.
    """

    bridges: Mapping[str, Bridge] = field(default_factory=dict)
    taps: Mapping[str, Tap] = field(default_factory=dict)
    rules: str | None = None
    dhcp: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def bridges(plan: HostPlan) -> dict[str, Bridge]:
    """Bridges that `plan` wants; a floating IP is an address of its instance's bridge, as /32.

    The host answers ARP for it on the outside too, as Linux does for all its addresses.
    """
    network_by_ip = {ip: port.network_id for port in plan.ports for ip in port.fixed_ips}
    return {
        network.bridge: Bridge(
            network_id=network.id,
            mac_address=network.mac_address,
            mtu=network.mtu,
            addresses=frozenset(
                {network.address}
                | {
                    f"{floating}/32"
                    for floating, fixed in plan.floating_ips.items()
                    if network_by_ip.get(fixed) == network.id
                }
            ),
        )
        for network in plan.networks
    }


def taps(plan: HostPlan) -> dict[str, Tap]:
    """Taps that `plan` wants. Raises NetworkError for a port whose network is not in the plan."""
    networks = {network.id: network for network in plan.networks}
    missing = [port.id for port in plan.ports if port.network_id not in networks]
    if missing:
        raise errors.NetworkError(f"port {missing[0]} is on a network that the plan does not have")
    return {
        port.tap: Tap(
            port_id=port.id,
            bridge=networks[port.network_id].bridge,
            mtu=networks[port.network_id].mtu,
        )
        for port in plan.ports
    }


def _refuse_same(names: list[tuple[str, str]]) -> None:
    owner_by_name: dict[str, str] = {}
    for name, owner in names:
        other = owner_by_name.setdefault(name, owner)
        if other != owner:
            raise errors.NetworkError(f"{owner} and {other} both want {name}: delete one of them")


def _refuse_overlap(networks: tuple[Network, ...]) -> None:
    """One host routes for all its networks, so their addresses must not overlap."""
    ranges = sorted((ipaddress.IPv4Network(n.cidr), n.id) for n in networks)
    for (cidr, one), (next_cidr, other) in itertools.pairwise(ranges):
        if cidr.overlaps(next_cidr):
            raise errors.NetworkError(
                f"networks {one} ({cidr}) and {other} ({next_cidr}) overlap: delete one of them"
            )
