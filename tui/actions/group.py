"""What can be done to security groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from tui.actions.action import Action, Level, Question, Target, openstack
from tui.client import nouns, verbs
from tui.store import Store

_PROTOCOLS: Final = ("tcp", "udp", "icmp", "any")
_WITH_PORTS: Final = ("tcp", "udp")


def _protocols(store: Store, target: Target) -> Sequence[nouns.Choice]:
    return [nouns.Choice(id=name, name=name) for name in _PROTOCOLS]


def _directions(store: Store, target: Target) -> Sequence[nouns.Choice]:
    return [nouns.Choice(id="ingress", name="in"), nouns.Choice(id="egress", name="out")]


def _rule(target: Target) -> dict[str, Any]:
    """Return the body of the rule that a form asks for; a port is one or ``80-90``."""
    said = target.answers
    protocol = said.get("protocol", "tcp")
    rule: dict[str, Any] = {
        "security_group_id": target.id, "direction": said.get("direction", "ingress"),
        "protocol": None if protocol == "any" else protocol,
    }  # fmt: skip
    low, _, high = said.get("ports", "").partition("-")
    if protocol in _WITH_PORTS and low.strip().isdigit():
        rule["port_range_min"] = int(low)
        rule["port_range_max"] = int(high) if high.strip().isdigit() else int(low)
    if where := said.get("where", ""):
        rule["remote_ip_prefix"] = where
    return rule


def _rule_line(target: Target) -> tuple[str, ...]:
    rule = _rule(target)
    ports = (
        ("--dst-port", f"{rule['port_range_min']}:{rule['port_range_max']}")
        if "port_range_min" in rule
        else ()
    )
    where = ("--remote-ip", rule["remote_ip_prefix"]) if "remote_ip_prefix" in rule else ()
    return (
        "openstack", "security", "group", "rule", "create", f"--{rule['direction']}",
        "--protocol", rule["protocol"] or "any", *ports, *where, target.id,
    )  # fmt: skip


def _rules(store: Store, target: Target) -> Sequence[nouns.Choice]:
    if not isinstance(target.noun, nouns.SecurityGroup):
        return []
    return [
        nouns.Choice(id=rule.id, name=_short(rule), note=rule.remote_cidr or "")
        for rule in target.noun.rules
    ]


def _short(rule: nouns.Rule) -> str:
    way = "in" if rule.direction == "ingress" else "out"
    ports = "" if rule.port_min is None else f" {rule.port_min}"
    if rule.port_max not in (None, rule.port_min):
        ports += f"-{rule.port_max}"
    return f"{way} {rule.protocol or 'any'}{ports} {rule.ethertype}"


ACTIONS: Final = (
    Action(
        id="group.create", keys="n", label="new group", views=("groups",), makes=True,
        purpose="Make a group: it lets everything out and nothing in.",
        asks=(Question(name="name", label="Name"),
              Question(name="description", label="Description", is_optional=True)),
        cli=lambda target: ("openstack", "security", "group", "create",
                            target.answers.get("name", "NAME")),
        call=lambda target: verbs.network.create_security_group(
            target.answers.get("name", "NAME"), target.answers.get("description", "")),
    ),
    Action(
        id="group.add_rule", keys="O", label="open", views=("groups",), level=Level.REVERSIBLE,
        purpose="Let something in or out, for all ports that are in the group.",
        asks=(Question(name="direction", label="Direction", kind="choice", among=_directions),
              Question(name="protocol", label="Protocol", kind="choice", among=_protocols),
              Question(name="ports", label="Ports", hint="80 or 80-90; none: all",
                       is_optional=True),
              Question(name="where", label="From or to", hint="10.0.0.0/24; none: anybody",
                       is_optional=True)),
        cli=_rule_line,
        call=lambda target: verbs.network.create_security_group_rule(_rule(target)),
    ),
    Action(
        id="group.delete_rule", keys="ctrl+e", label="close", views=("groups",),
        level=Level.ONE_OBJECT,
        purpose="Take a rule away: connections that only it allowed end.",
        asks=(Question(name="rule", label="Rule", kind="choice", among=_rules),),
        cli=lambda target: ("openstack", "security", "group", "rule", "delete",
                            target.answers.get("rule", "RULE")),
        call=lambda target: verbs.network.delete_security_group_rule(
            target.answers.get("rule", "RULE")),
    ),
    Action(
        id="group.delete", keys="ctrl+d", label="delete", views=("groups",), level=Level.ONE_OBJECT,
        purpose="The group and its rules are gone; no port may be in it.",
        cli=openstack("security", "group", "delete", "ID"),
        call=lambda target: verbs.network.delete_security_group(target.id),
    ),
)  # fmt: skip
