"""Whether a security group rule can mean anything; pure. The messages are Neutron's."""

import dataclasses
import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from appliance import errors
from appliance.model.security_group import EVERYBODY, Direction, Ethertype, Rule

# neutron-lib, constants.py: IP_PROTOCOL_MAP
PROTOCOLS: Final = frozenset({
    "ah", "dccp", "egp", "esp", "gre", "icmp", "icmpv6", "igmp", "ipip", "ospf", "pgm", "rsvp",
    "sctp", "tcp", "udp", "udplite", "vrrp",
})  # fmt: skip
TEXT_CHARS_MAX: Final = 255  # of a name and a description (neutron-lib, NAME_MAX_LEN)
_NUMBER: Final = re.compile(r"[0-9]{1,3}")
_WITH_PORTS: Final = frozenset({"tcp", "udp", "dccp", "sctp", "udplite", "6", "17", "33", "132"})
_ICMP: Final = frozenset({"icmp", "icmpv6", "1", "58"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRequest:
    """What somebody asks to open. `protocol` is a name, a number as text, or None for any."""

    group_id: str
    direction: Direction
    ethertype: Ethertype = "IPv4"
    protocol: str | None = None
    port_min: int | None = None
    port_max: int | None = None
    remote_cidr: str | None = None
    remote_group_id: str | None = None
    description: str = ""


def checked(request: RuleRequest) -> RuleRequest:
    """The request in its one form: protocol in lower case, a whole range. Raises BadRequest."""
    protocol = _protocol(request.protocol)
    _check_ports(protocol, request.port_min, request.port_max)
    if request.remote_cidr and request.remote_group_id:
        raise errors.BadRequest("Only remote_ip_prefix or remote_group_id may be provided.")
    check_texts(description=request.description)
    return dataclasses.replace(
        request, protocol=protocol, remote_cidr=_cidr(request.remote_cidr, request.ethertype)
    )


def check_texts(**texts: str) -> None:
    """Raise BadRequest for a text that is too long."""
    for what, text in texts.items():
        if len(text) > TEXT_CHARS_MAX:
            raise errors.BadRequest(
                f"Invalid input for {what}: {len(text)} characters, more than {TEXT_CHARS_MAX}."
            )


def is_same(rule: Rule, wanted: RuleRequest) -> bool:
    """Whether a rule lets through what a checked request says."""
    about = (rule.direction, rule.protocol, rule.port_min, rule.port_max, rule.remote_group_id)
    return (
        about
        == (
            wanted.direction, wanted.protocol, wanted.port_min, wanted.port_max,
            wanted.remote_group_id,
        )
        and (rule.remote_group_id is not None or _block(rule) == _block(wanted))
    )  # fmt: skip


def in_words(rule: Rule) -> str:
    """A rule as a person says it: `tcp 22 in from 10.0.0.0/8`."""
    low, high = rule.port_min, rule.port_max
    ports = "" if low is None else f" {low}" if high in (None, low) else f" {low}-{high}"
    way = "in from" if rule.direction == "ingress" else "out to"
    where = "a group's members" if rule.remote_group_id else _block(rule)
    return f"{rule.protocol or 'anything'}{ports} {way} {where}"


def sentence(wanted: RuleRequest) -> str:
    """A checked request as a person reads it: `ingress tcp 22-22 from 10.0.0.0/8`."""
    ports = "" if wanted.port_min is None else f" {wanted.port_min}-{wanted.port_max}"
    where = wanted.remote_group_id or _block(wanted)
    return f"{wanted.direction} {wanted.protocol or 'any'}{ports} of {where}"


def about(rule: Rule, *, remote: str = "") -> str:
    """What a rule lets through, as a person reads it: `tcp 80-90 from 10.0.0.0/8`."""
    ports = "" if rule.port_min is None else f" {rule.port_min}"
    if rule.port_max not in (None, rule.port_min):
        ports += f"-{rule.port_max}"
    word = "from" if rule.direction == "ingress" else "to"
    block = _block(rule)
    where = remote or ("anybody" if block == EVERYBODY[rule.ethertype] else block)
    return f"{rule.protocol or 'anything'}{ports} {word} {where}"


def _block(rule: Rule | RuleRequest) -> str:
    return rule.remote_cidr or EVERYBODY[rule.ethertype]


def _protocol(text: str | None) -> str | None:
    name = (text or "any").lower()
    if name == "any":
        return None
    if name not in PROTOCOLS and not (_NUMBER.fullmatch(name) and int(name) <= 255):
        raise errors.BadRequest(
            f"Security group rule protocol {text} not supported. Only protocol values "
            f"{sorted(PROTOCOLS)} and integer representations [0 to 255] are supported."
        )
    return name


def _check_ports(protocol: str | None, low: int | None, high: int | None) -> None:
    if low is None and high is None:
        return
    if protocol in _ICMP:
        for name, value in (("port_range_min", low), ("port_range_max", high)):
            if value is not None and not 0 <= value <= 255:
                raise errors.BadRequest(f"Invalid value for ICMP {name}: {value}. 0 to 255.")
        if low is None:
            raise errors.BadRequest(f"ICMP code (port-range-max) {high} is provided without type.")
        return
    if protocol not in _WITH_PORTS:
        raise errors.BadRequest("Must also specify protocol if port range is given.")
    if low is None or high is None or not 1 <= low <= high <= 65_535:
        raise errors.BadRequest("Invalid port range: For TCP/UDP protocols, 1 <= min <= max.")


def _cidr(text: str | None, ethertype: Ethertype) -> str | None:
    if text is None:
        return None
    try:
        block = ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise errors.BadRequest(f"Invalid CIDR {text} given as IP prefix.") from error
    if f"IPv{block.version}" != ethertype:
        raise errors.BadRequest(f"Conflicting value ethertype {ethertype} for CIDR {text}")
    return str(block)
