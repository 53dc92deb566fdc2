"""The whole rule set of a plan as text for `nft -f -`, and what it permits each address.

One atomic load replaces both our tables. Bridged packets reach `inet` through br_netfilter, which
is on for our bridges only. Knows no process, no file.
"""

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from typing import Final

from appliance import errors
from appliance.model.network import BRIDGE_PREFIX, TAP_PREFIX
from appliance.model.security_group import Rule
from services.network.plan import HostPlan, Network, Port

TABLE: Final = "novabox"
MARK: Final = "digest-"  # an empty chain of this prefix in each table says which text is loaded
METADATA_IP: Final = "169.254.169.254"

_NO_IP: Final = "0.0.0.0"  # noqa: S104 - what a guest without an address says it has
_PROTOCOLS: Final = {  # Neutron's names whose number nft might not know
    "ah": 51, "egp": 8, "esp": 50, "gre": 47, "icmp": 1, "igmp": 2, "ipip": 4, "ospf": 89,
    "pgm": 113, "rsvp": 46, "sctp": 132, "tcp": 6, "udp": 17, "udplite": 136, "vrrp": 112,
}  # fmt: skip
_WITH_PORTS: Final = {6: "tcp", 17: "udp", 132: "sctp", 136: "udplite"}
_ICMP: Final = 1


def digest(text: str) -> str:
    """Name of a rule set: it is in the kernel with the rules, so it cannot be out of date."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def rules(plan: HostPlan) -> str:
    """Text of the rule set for `plan`, without its mark: see `document`."""
    return _bridge_table(plan) + _inet_table(plan)


def document(text: str) -> str:
    """Make one atomic transaction of `text`: the old tables go, the new ones carry its digest."""
    head = "".join(
        f"table {family} {TABLE}\ndelete table {family} {TABLE}\n"
        f"table {family} {TABLE} {{\n\tchain {MARK}{digest(text)} {{\n\t}}\n}}\n"
        for family in ("bridge", "inet")
    )
    return head + text


def no_rules() -> str:
    """Text that removes both tables, whether they are there or not."""
    return "".join(f"table {f} {TABLE}\ndelete table {f} {TABLE}\n" for f in ("bridge", "inet"))


def loaded(listing: str) -> str | None:
    """Digest of the rule set in a `nft list chains`; None unless both tables carry the same."""
    found: dict[str, str] = {}
    table = ""
    for line in map(str.strip, listing.splitlines()):
        if line.startswith("table "):
            table = line.removesuffix("{").strip()
        elif line.startswith(f"chain {MARK}"):
            found[table] = line.split()[1].removeprefix(MARK)
    digests = {found.get(f"table {family} {TABLE}") for family in ("bridge", "inet")}
    return digests.pop() if len(digests) == 1 else None


def permissions(plan: HostPlan) -> dict[str, frozenset[str]]:
    """Say for each fixed IP what it is and may, a line a thing; a lost line is a revocation."""
    lines_by_ip = {
        ip: {f"port {port.id} {port.mac_address}", *_accepts(port), *_returns(port)}
        for port in plan.ports
        for ip in port.fixed_ips
    }
    for group, members in plan.members.items():
        for ip in members:
            lines_by_ip.setdefault(ip, set()).add(f"member of {group}")
    for floating, fixed in plan.floating_ips.items():
        lines_by_ip.setdefault(fixed, set()).add(f"floating {floating}")
    return {ip: frozenset(lines) for ip, lines in lines_by_ip.items()}


def _bridge_table(plan: HostPlan) -> str:
    """Anti-spoof: what a tap may send. Stateless: not every kernel tracks in the bridge family."""
    taps = {f'"{port.tap}"': f"jump from-{port.id}" for port in plan.ports}
    hook = [
        "type filter hook prerouting priority filter; policy accept;",
        "iifname vmap @taps",
        f'iifname "{TAP_PREFIX}*" drop',
    ]
    blocks = [_map("taps", "ifname : verdict", taps)]
    blocks += [_chain(f"from-{port.id}", _antispoof(port)) for port in plan.ports]
    blocks.append(_chain("prerouting", hook))
    return _table("bridge", blocks)


def _antispoof(port: Port) -> list[str]:
    mac, ips = port.mac_address, port.fixed_ips
    own = [f"ip saddr {{ {', '.join(ips)} }} accept"] if ips else []
    return [
        f"ether saddr != {mac} drop",
        f"ether type arp arp saddr ether {mac} "
        f"arp saddr ip {{ {', '.join((_NO_IP, *ips))} }} accept",
        f"ip saddr {_NO_IP} ip daddr 255.255.255.255 udp sport 68 udp dport 67 accept",
        "udp sport 67 udp dport 68 drop",
        *own,
        "drop",
    ]


def _inet_table(plan: HostPlan) -> str:
    """Security groups, metadata, floating IPs and masquerade."""
    ports = [(port, ip) for port in plan.ports for ip in port.fixed_ips]
    floating = sorted(plan.floating_ips.items())
    blocks = [
        _set("fixed", "ipv4_addr", [n.cidr for n in plan.networks], flags="interval"),
        _set("within", "ifname . ifname", [f'"{n.bridge}" . "{n.bridge}"' for n in plan.networks]),
        _map("floating_in", "ipv4_addr : ipv4_addr", dict(floating)),
        _map("floating_out", "ipv4_addr : ipv4_addr", {fixed: ip for ip, fixed in floating}),
        _map("ingress", "ipv4_addr : verdict", {ip: f"jump in-{port.id}" for port, ip in ports}),
        _map("egress", "ipv4_addr : verdict", {ip: f"jump out-{port.id}" for port, ip in ports}),
    ]
    blocks += [
        _set(f"group-{group}", "ipv4_addr", sorted(members, key=ipaddress.IPv4Address))
        for group, members in sorted(plan.members.items())
    ]
    for port in plan.ports:
        blocks.append(_chain(f"in-{port.id}", [*_accepts(port), "drop"]))
        blocks.append(_chain(f"out-{port.id}", [*_returns(port), "drop"]))
    return _table("inet", [*blocks, *_nat(plan), *_filters(plan)])


def _nat(plan: HostPlan) -> list[str]:
    return [
        _chain(
            "prerouting_nat",
            [
                "type nat hook prerouting priority dstnat; policy accept;",
                *(_metadata(network, plan.metadata_port) for network in plan.networks),
                "dnat ip to ip daddr map @floating_in",
            ],
        ),
        _chain(
            "output_nat",
            [
                "type nat hook output priority -100; policy accept;",
                "dnat ip to ip daddr map @floating_in",
            ],
        ),
        _chain(
            "postrouting_nat",
            [
                "type nat hook postrouting priority srcnat; policy accept;",
                "ct status dnat ip saddr @fixed ip daddr @fixed masquerade",  # back through us
                "ip saddr @fixed ip daddr @fixed accept",  # never NAT bridged packets
                "ip daddr != @fixed snat ip to ip saddr map @floating_out",
                f'ip saddr @fixed oifname != "{BRIDGE_PREFIX}*" masquerade',
            ],
        ),
    ]


def _metadata(network: Network, metadata_port: int) -> str:
    """The source address is kept: it is who asks."""
    return (
        f'iifname "{network.bridge}" ip daddr {METADATA_IP} tcp dport 80 '
        f"dnat ip to {network.gateway_ip}:{metadata_port}"
    )


def _filters(plan: HostPlan) -> list[str]:
    ours = f'"{BRIDGE_PREFIX}*"'
    return [
        _chain(
            "forward",
            [
                "type filter hook forward priority filter; policy accept;",
                f"iifname != {ours} oifname != {ours} accept",
                "ct state established,related accept",
                "ct state invalid drop",
                # from one network to another only through a floating IP
                f"iifname {ours} oifname {ours} iifname . oifname != @within "
                "ct status & dnat != dnat drop",
                f"iifname {ours} ip saddr vmap @egress",
                f"oifname {ours} ip daddr vmap @ingress",
                f"oifname {ours} drop",
            ],
        ),
        _chain(
            "input",
            [
                "type filter hook input priority filter; policy accept;",
                f"iifname != {ours} accept",
                "ct state established,related accept",
                "udp dport 67 accept",
                "fib daddr . iif type != local drop",  # its own gateway, no other address of ours
                "meta l4proto { tcp, udp } th dport 53 accept",
                "icmp type echo-request accept",
                f"ct status dnat tcp dport {plan.metadata_port} accept",
                "drop",
            ],
        ),
        _chain(
            "output",
            [
                "type filter hook output priority filter; policy accept;",
                "ct state established,related accept",
                "ct status dnat ip daddr vmap @ingress",  # a floating IP: its way is lo's till then
                f"oifname != {ours} accept",
                "udp sport 67 accept",
                "ip daddr vmap @ingress",
            ],
        ),
    ]


def line(rule: Rule) -> str:
    """What a rule is in its port's chain: what it names may come (`accept`), or go (`return`)."""
    if rule.direction == "ingress":
        return _line(rule, "saddr", "accept")
    return _line(rule, "daddr", "return")


def _accepts(port: Port) -> list[str]:
    """What others may send to the port; IPv6 rules say nothing, as no guest may speak it."""
    return _lines(port, "ingress")


def _returns(port: Port) -> list[str]:
    """What the port may send: `return`, never `accept`, so that the receiver's rules come next."""
    return _lines(port, "egress")


def _lines(port: Port, direction: str) -> list[str]:
    wanted = (r for r in port.rules if r.direction == direction and r.ethertype == "IPv4")
    return sorted({line(rule) for rule in wanted})


def _line(rule: Rule, remote: str, verdict: str) -> str:
    words = [_remote(rule, remote), _service(rule), verdict]
    return " ".join(word for word in words if word)


def _remote(rule: Rule, remote: str) -> str:
    if rule.remote_group_id is not None:
        return f"ip {remote} @group-{rule.remote_group_id}"
    if rule.remote_cidr is None:
        return ""
    prefix = ipaddress.IPv4Network(rule.remote_cidr, strict=False)
    return f"ip {remote} {prefix}" if prefix.prefixlen else ""


def _service(rule: Rule) -> str:
    if rule.protocol is None or rule.protocol == "any":
        return ""
    protocol = number(rule.protocol)
    first, last = rule.port_min, rule.port_max
    if protocol == _ICMP and first is not None:
        return f"icmp type {int(first)}" + ("" if last is None else f" icmp code {int(last)}")
    if protocol not in _WITH_PORTS or first is None:
        return f"meta l4proto {protocol}"
    ports = f"{int(first)}" if last in (None, first) else f"{int(first)}-{int(last)}"
    return f"{_WITH_PORTS[protocol]} dport {ports}"


def number(protocol: str) -> int:
    """The number of a protocol that a rule names. Raises NetworkError for one that nft has not."""
    if protocol in _PROTOCOLS:
        return _PROTOCOLS[protocol]
    if protocol.isdecimal() and int(protocol) <= 255:
        return int(protocol)
    raise errors.NetworkError(f"a security group rule names the unknown protocol {protocol!r}")


def _table(family: str, blocks: Iterable[str]) -> str:
    return f"table {family} {TABLE} {{\n{''.join(blocks)}}}\n"


def _chain(name: str, lines: Iterable[str]) -> str:
    return f"\tchain {name} {{\n" + "".join(f"\t\t{line}\n" for line in lines) + "\t}\n"


def _set(name: str, kind: str, elements: Iterable[str], *, flags: str = "") -> str:
    return _elements("set", name, kind, list(elements), flags)


def _map(name: str, kind: str, elements: Mapping[str, str]) -> str:
    return _elements("map", name, kind, [f"{k} : {v}" for k, v in elements.items()], "")


def _elements(noun: str, name: str, kind: str, elements: list[str], flags: str) -> str:
    lines = [f"type {kind}"]
    if flags:
        lines.append(f"flags {flags}")
    if elements:
        lines.append(f"elements = {{ {', '.join(elements)} }}")
    return f"\t{noun} {name} {{\n" + "".join(f"\t\t{line}\n" for line in lines) + "\t}\n"
