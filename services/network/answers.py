"""What anybody may ask of a host's network worker at once: what its wiring is, beside its plan."""

from typing import Any

from appliance import inquiry
from appliance.model import network as names
from services.network import dnsmasq, nftables
from services.network.dnsmasq import Lease
from services.network.manager import Manager
from services.network.plan import HostNetwork, HostPlan, Network, Port, bridges, taps

Json = dict[str, Any]


def answers(manager: Manager) -> inquiry.Answers:
    """Question to function; there is one question, and it is always about the whole host."""

    def wiring(_: str) -> Json:
        return view(*manager.look())

    return {"wiring": wiring}


def view(plan: HostPlan, host: HostNetwork, leases: tuple[Lease, ...]) -> Json:
    """Plan and host side by side, by network and by port; and what no plan has."""
    lease_by_mac = {lease.mac_address: lease for lease in leases}
    strays = sorted(
        {*host.bridges, *host.taps, *host.dhcp}
        - {*bridges(plan), *taps(plan)}
    )  # fmt: skip
    return {
        "rules": {
            "wanted": nftables.digest(nftables.rules(plan)),
            "loaded": host.rules,
        },
        "networks": {network.id: _network(plan, host, network) for network in plan.networks},
        "ports": {
            port.id: _port(plan, host, port, lease_by_mac.get(port.mac_address))
            for port in plan.ports
        },
        "strays": strays,
    }


def _network(plan: HostPlan, host: HostNetwork, network: Network) -> Json:
    found = host.bridges.get(network.bridge)
    told = host.dhcp.get(network.bridge)
    return {
        "bridge": network.bridge,
        "is_there": found is not None,
        "is_right": found == bridges(plan)[network.bridge],
        "addresses": sorted(found.addresses) if found else [],
        "wants_dhcp": network.enable_dhcp,
        "has_dhcp": told is not None,
        "is_dhcp_right": not network.enable_dhcp
        or told == dnsmasq.hosts(plan.ports_of(network)),
    }  # fmt: skip


def _port(plan: HostPlan, host: HostNetwork, port: Port, lease: Lease | None) -> Json:
    found = host.taps.get(port.tap)
    return {
        "tap": port.tap,
        "is_there": found is not None,
        "is_right": found == taps(plan)[port.tap],
        "bridge": found.bridge if found else None,
        "wanted_bridge": names.bridge_name(port.network_id),
        "lease": {"ip": lease.ip, "expires_at": lease.expires_at} if lease else None,
    }
