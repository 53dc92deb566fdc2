"""What a security group lets through, in EC2's words and in Neutron's.

A permission of EC2 is a protocol, a range of ports and many sources; a rule here has one source.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from appliance.model.security_group import EVERYBODY, Direction, Ethertype, Rule, SecurityGroup
from services.api.ec2 import refusals
from services.network.api.security_groups import RuleRequest

EVERY_PROTOCOL: Final = "-1"

_PORT_MAX: Final = 65_535
_NAME_BY_NUMBER: Final = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_WITH_PORTS: Final = ("tcp", "udp")
_WITH_TYPES: Final = ("icmp", "icmpv6")

Values = Mapping[str, Any]


def asked(
    values: Values, group_id: str, direction: Direction, *, find: Callable[[Values], str]
) -> list[RuleRequest]:
    """The rules that a call asks for in a group, one a source.

    `find` gives our id of the group that a `UserIdGroupPairs` item names. Raises Refused.
    """
    found = [
        rule
        for permission in _permissions(values)
        for rule in _rules(permission, group_id, direction, find)
    ]
    if not found:
        raise refusals.missing("IpPermissions")
    return found


def shown(
    group: SecurityGroup,
    direction: Direction,
    *,
    ec2_ids: Mapping[str, str],
    name_by_id: Mapping[str, str],
) -> list[dict[str, Any]]:
    """A group's permissions in one direction: rules that differ in their source alone are one."""
    found: dict[tuple[str, int | None, int | None], dict[str, Any]] = {}
    for rule in group.rules:
        if rule.direction != direction:
            continue
        what = _what(rule)
        permission = found.setdefault(what, _empty(*what))
        member, source = _source(rule, group, ec2_ids=ec2_ids, name_by_id=name_by_id)
        if source not in permission[member]:  # a group's members have both kinds of address
            permission[member].append(source)
    return list(found.values())


def _what(rule: Rule) -> tuple[str, int | None, int | None]:
    """Protocol and ports; -1 is any type and code of ICMP."""
    if rule.protocol is None:
        return EVERY_PROTOCOL, None, None
    if rule.protocol in _WITH_TYPES:
        low, high = (-1 if port is None else port for port in (rule.port_min, rule.port_max))
        return rule.protocol, low, high
    if rule.protocol in _WITH_PORTS and rule.port_min is None:
        return rule.protocol, 0, _PORT_MAX
    return rule.protocol, rule.port_min, rule.port_max


def _empty(protocol: str, low: int | None, high: int | None) -> dict[str, Any]:
    return {
        "IpProtocol": protocol, "FromPort": low, "ToPort": high,
        "UserIdGroupPairs": [], "IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": [],
    }  # fmt: skip


def _source(
    rule: Rule,
    group: SecurityGroup,
    *,
    ec2_ids: Mapping[str, str],
    name_by_id: Mapping[str, str],
) -> tuple[str, dict[str, Any]]:
    """Where a rule's source stands in a permission, and how it looks there."""
    about = {"Description": rule.description} if rule.description else {}
    if rule.remote_group_id:
        pair = {
            "UserId": group.project_id,
            "GroupId": ec2_ids.get(rule.remote_group_id, ""),
            "GroupName": name_by_id.get(rule.remote_group_id),
        }
        return "UserIdGroupPairs", pair | about
    cidr = rule.remote_cidr or EVERYBODY[rule.ethertype]
    if rule.ethertype == "IPv4":
        return "IpRanges", {"CidrIp": cidr} | about
    return "Ipv6Ranges", {"CidrIpv6": cidr} | about


def _permissions(values: Values) -> list[Values]:
    """What stands in `IpPermissions`, and what old clients send flat."""
    found: list[Values] = list(values.get("IpPermissions", ()))
    flat: dict[str, Any] = {
        key: values[key] for key in ("IpProtocol", "FromPort", "ToPort") if key in values
    }
    if "CidrIp" in values:
        flat["IpRanges"] = [{"CidrIp": values["CidrIp"]}]
    if "SourceSecurityGroupName" in values:
        pair = {
            "GroupName": values["SourceSecurityGroupName"],
            "UserId": values.get("SourceSecurityGroupOwnerId", ""),
        }
        flat["UserIdGroupPairs"] = [pair]
    return [*found, flat] if flat else found


def _rules(
    permission: Values, group_id: str, direction: Direction, find: Callable[[Values], str]
) -> Iterator[RuleRequest]:
    if permission.get("PrefixListIds"):
        raise refusals.Refused("InvalidPrefixListID.NotFound", "There are no prefix lists here.")
    protocol = _protocol(permission)
    low, high = _ports(protocol, permission.get("FromPort"), permission.get("ToPort"))
    sources = list(_sources(permission, find))
    if not sources:
        raise refusals.missing("IpPermissions.N.IpRanges")
    for ethertype, cidr, remote_id, description in sources:
        yield RuleRequest(
            group_id=group_id, direction=direction, ethertype=ethertype, protocol=protocol,
            port_min=low, port_max=high, remote_cidr=cidr, remote_group_id=remote_id,
            description=description,
        )  # fmt: skip


def _sources(
    permission: Values, find: Callable[[Values], str]
) -> Iterator[tuple[Ethertype, str | None, str | None, str]]:
    """Ethertype, address block, group and description of each source."""
    for each in permission.get("IpRanges", ()):
        yield "IPv4", each.get("CidrIp", ""), None, each.get("Description", "")
    for each in permission.get("Ipv6Ranges", ()):
        yield "IPv6", each.get("CidrIpv6", ""), None, each.get("Description", "")
    for each in permission.get("UserIdGroupPairs", ()):
        yield "IPv4", None, find(each), each.get("Description", "")


def _protocol(permission: Values) -> str | None:
    text = permission.get("IpProtocol", "").lower()
    if not text:
        if permission.get("UserIdGroupPairs"):  # boto 2: a group alone may do everything
            return None
        raise refusals.missing("IpProtocol")
    return None if text in (EVERY_PROTOCOL, "all") else _NAME_BY_NUMBER.get(text, text)


def _ports(
    protocol: str | None, low: int | None, high: int | None
) -> tuple[int | None, int | None]:
    """Ports, or ICMP's type and code, as a rule has them: None for any."""
    if protocol in _WITH_TYPES:
        return _unless_any(low), _unless_any(high)
    if protocol not in _WITH_PORTS or (low in (None, -1, 0) and high in (-1, _PORT_MAX)):
        return None, None
    if low is None or high is None:
        raise refusals.missing("FromPort" if low is None else "ToPort")
    return 1 if low == 0 < high else low, high  # nothing listens on port 0


def _unless_any(number: int | None) -> int | None:
    return None if number in (None, -1) else number
