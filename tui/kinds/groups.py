"""Security groups: what they let in and out, and how many ports are in each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui.client.nouns import Rule, SecurityGroup
from tui.kinds.kind import Kind, Line, Pen, dotted
from tui.widgets.columns import Column

_SHOWN: Final = 12


def _columns(pen: Pen) -> Sequence[Column[SecurityGroup]]:
    return [
        Column(name="ID", width=8, cell=lambda item: (item.id[:8], "dim"), drop=1),
        Column(name="NAME", width=12, weight=1, cell=lambda item: (item.name, "")),
        Column(name="PORTS", width=5, is_right=True, sort=lambda item: item.ports,
               cell=lambda item: (str(item.ports), "")),
        Column(name="LETS IN", width=28, weight=3, cell=lambda item: (lets_in(item, pen), "")),
    ]  # fmt: skip


def _detail(item: SecurityGroup, pen: Pen, is_wide: bool) -> Iterable[Line]:
    yield dotted(pen, f"id {item.id}", item.description)
    rules = [rule for rule in item.rules if rule.ethertype == "IPv4"]
    for rule in sorted(rules, key=lambda rule: rule.direction, reverse=True)[:_SHOWN]:
        way = "in " if rule.direction == "ingress" else "out"
        yield f"{way}  {words(rule, pen)}"
    if not rules:
        yield "no rules: nothing comes in, nothing goes out"


def lets_in(item: SecurityGroup, pen: Pen) -> str:
    """Return what comes in, in few words."""
    found = [
        words(rule, pen)
        for rule in item.rules
        if rule.direction == "ingress" and rule.ethertype == "IPv4"
    ]
    return ", ".join(dict.fromkeys(found)) or "nothing"


def words(rule: Rule, pen: Pen) -> str:
    """Return a rule as a person reads it: ``tcp 80-90 from group web``."""
    ports = "" if rule.port_min is None else f" {rule.port_min}"
    if rule.port_max not in (None, rule.port_min):
        ports += f"-{rule.port_max}"
    where = "" if rule.remote_cidr in (None, "0.0.0.0/0") else str(rule.remote_cidr)
    if rule.remote_group_id:
        group = pen.store.find(SecurityGroup, rule.remote_group_id)
        where = f"group {group.name if group else rule.remote_group_id[:8]}"
    word = "from" if rule.direction == "ingress" else "to"
    return f"{rule.protocol or 'any'}{ports}" + (f" {word} {where}" if where else "")


KIND: Final = Kind(
    noun=SecurityGroup,
    topic="security_group",
    title="Security groups",
    purpose="What may come in and go out of the ports that are in each.",
    name=lambda item: item.name,
    columns=_columns,
    show=("openstack", "security", "group", "show"),
    order=lambda item: (item.project_id, item.name),
    detail=_detail,
    detail_rows=6,
    empty="n makes one",
)
