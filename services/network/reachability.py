"""Whether a packet gets through a host that is as its plan says, and where it does not. Pure.

It reads the very lines that are loaded into the kernel (`nftables.line`), so it cannot come to mean
something else than they do: a line that it does not understand is an error. What is around them,
the order of the chains, is written here as in `nftables`; the tests hold both to real packets. It
does not know this machine's addresses outside, which are closed to guests.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from appliance import errors
from appliance.model.security_group import Direction, Rule
from services.network import nftables
from services.network.plan import HostPlan, Network, Port

HOST: Final = "host"  # this machine itself, as source
_ICMP: Final = 1
_ECHO: Final = 8
_DNS: Final = 53


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """The first packet of a connection. An address of None is anybody's outside; `source` may be
    HOST. `port` is an ICMP type's place too, and None where the protocol has none.
    """

    source: str | None
    target: str | None
    protocol: str = "tcp"
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that the packet has to pass. `rule` is the one that lets it, where rules decide;
    `port` is whose rules these are.
    """

    what: str
    is_passed: bool | None  # None: nobody could look
    text: str
    rule: Rule | None = None
    port: Port | None = None


def checks(plan: HostPlan, packet: Packet) -> list[Check]:
    """What the packet has to pass, in the order in which it does."""
    source = port_at(plan, packet.source)
    dnat = plan.floating_ips.get(packet.target or "")
    target_ip = dnat or packet.target
    target = port_at(plan, target_ip)
    if source and _is_gateway(plan, target_ip):
        return [_input(plan, source, packet)]
    found = []
    if source:
        found.append(_rules(plan, source, "egress", target_ip, packet))
    found.append(_way(plan, packet, source=source, target=target, is_dnat=dnat is not None))
    if target:
        asks = _seen_source(plan, packet, target)
        found.append(_rules(plan, target, "ingress", asks, packet))
    return found


def is_open(plan: HostPlan, packet: Packet) -> bool:
    """Whether it gets through."""
    return all(check.is_passed for check in checks(plan, packet))


def port_at(plan: HostPlan, ip: str | None) -> Port | None:
    """The port with this fixed IP."""
    return next((port for port in plan.ports if ip in port.fixed_ips), None)


def letting(
    plan: HostPlan, rules: Iterable[Rule], direction: Direction, remote: str | None, packet: Packet
) -> Rule | None:
    """The first of these rules that lets the packet from (or to) `remote`; None when none does."""
    for rule in rules:
        is_asked = rule.direction == direction and rule.ethertype == "IPv4"
        if is_asked and _matches(nftables.line(rule), remote, packet, plan):
            return rule
    return None


def _rules(
    plan: HostPlan, port: Port, direction: Direction, remote: str | None, packet: Packet
) -> Check:
    rule = letting(plan, port.rules, direction, remote, packet)
    word = "from" if direction == "ingress" else "to"
    about = f"{service(packet)} {word} {remote or 'anybody'}"
    text = f"a rule lets {about}" if rule else f"no {direction} rule lets {about}"
    return Check(what=direction, is_passed=rule is not None, text=text, rule=rule, port=port)


def service(packet: Packet) -> str:
    """Protocol and port as a person reads them."""
    return packet.protocol if packet.port is None else f"{packet.protocol} {packet.port}"


def _seen_source(plan: HostPlan, packet: Packet, target: Port) -> str | None:
    """Whose address the target's rules see: the host asks as the gateway of its network, or as the
    floating IP that it asks for, which is an address of its own.
    """
    if packet.source != HOST:
        return packet.source
    return packet.target if packet.target in plan.floating_ips else _own_ip(plan, target)


def _own_ip(plan: HostPlan, target: Port) -> str:
    return _network(plan, target).gateway_ip


def _way(
    plan: HostPlan, packet: Packet, *, source: Port | None, target: Port | None, is_dnat: bool
) -> Check:
    """From bridge to bridge, out, or in: as the chain `forward` and the NAT chains have it."""
    if source and target:
        bridge = _network(plan, source).bridge
        if source.network_id == target.network_id:
            return Check(what="bridge", is_passed=True, text=f"both are on {bridge}")
        if is_dnat:
            text = f"{packet.target} is a floating IP: networks meet there"
            return Check(what="floating ip", is_passed=True, text=text)
        other = _network(plan, target).bridge
        text = f"{bridge} and {other} are two networks, and nothing routes between them"
        return Check(what="bridge", is_passed=False, text=text)
    if source:
        gateway = _network(plan, source).gateway_ip
        text = f"{gateway} sends it out with this machine's address, or its floating IP"
        return Check(what="gateway", is_passed=True, text=text)
    if target is None:
        text = f"no guest has {packet.target or 'that address'}"
        return Check(what="address", is_passed=False, text=text)
    if packet.source == HOST:
        return Check(what="host", is_passed=True, text=f"{_network(plan, target).bridge} is here")
    if is_dnat:
        text = f"{packet.target} is a floating IP of {target.fixed_ips[0]}"
        return Check(what="floating ip", is_passed=True, text=text)
    text = f"{packet.target} is a private address: from outside nobody has a way to it"
    return Check(what="floating ip", is_passed=False, text=text)


def _input(plan: HostPlan, source: Port, packet: Packet) -> Check:
    """A guest asks its own gateway, or another address of this machine: the chain `input`."""
    own = _network(plan, source).gateway_ip
    number = nftables.number(packet.protocol)
    is_metadata = packet.target == nftables.METADATA_IP and (number, packet.port) == (6, 80)
    is_dns = number in (6, 17) and packet.port == _DNS
    is_own = packet.target == own
    is_passed = is_metadata or (is_own and (is_dns or number == _ICMP))
    text = (
        "this machine answers guests DNS and ping at their gateway, and metadata at "
        f"{nftables.METADATA_IP}"
    )
    return Check(what="host", is_passed=is_passed, text=text)


def _is_gateway(plan: HostPlan, ip: str | None) -> bool:
    return ip == nftables.METADATA_IP or any(ip == one.gateway_ip for one in plan.networks)


def _network(plan: HostPlan, port: Port) -> Network:
    return next(one for one in plan.networks if one.id == port.network_id)


def _matches(line: str, remote: str | None, packet: Packet, plan: HostPlan) -> bool:
    """Whether nft would take the line's verdict. Raises NetworkError for a line it cannot read."""
    words = line.split()[:-1]  # the verdict is the last
    while words:
        match words:
            case ["ip", "saddr" | "daddr", block, *rest]:
                is_so = _is_in(remote, block, plan)
            case ["meta", "l4proto", number, *rest]:
                is_so = nftables.number(packet.protocol) == int(number)
            case ["icmp", "type", kind, *rest]:
                is_icmp = nftables.number(packet.protocol) == _ICMP
                asked = _ECHO if packet.port is None else packet.port
                is_so = is_icmp and asked == int(kind)
            case ["icmp", "code", code, *rest]:
                is_so = int(code) == 0  # as all that asks has it
            case [name, "dport", ports, *rest]:
                low, _, high = ports.partition("-")
                is_range = packet.port is not None and int(low) <= packet.port <= int(high or low)
                is_so = nftables.number(packet.protocol) == nftables.number(name) and is_range
            case _:
                raise errors.NetworkError(f"a rule that cannot be read: {line}")
        if not is_so:
            return False
        words = rest
    return True


def _is_in(ip: str | None, block: str, plan: HostPlan) -> bool:
    """Whether the address is in the block or is a member of the group; anybody is in neither."""
    if ip is None:
        return False
    if block.startswith("@group-"):
        return ip in plan.members.get(block.removeprefix("@group-"), frozenset())
    return ipaddress.IPv4Address(ip) in ipaddress.IPv4Network(block)
