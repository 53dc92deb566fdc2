"""What the journal is told of networks, subnets, security groups and their rules."""

from collections.abc import Sequence
from dataclasses import asdict

from appliance import context
from appliance.db import connection, journal, security_groups, subnets
from appliance.model.journal import Inverse
from appliance.model.network import Network, Subnet
from appliance.model.security_group import Rule, SecurityGroup
from services.network import rule_check


def network_deletion(
    tx: connection.Transaction, ctx: context.RequestContext, about: Network
) -> None:
    """A network goes, and its subnets with it."""
    found = [asdict(subnet) for subnet in subnets.of_network(tx, about.id)]
    args = {"network": asdict(about), "subnets": found}
    journal.note_of(tx, ctx, "network.delete", about, Inverse(verb="network.restore", args=args))


def subnet(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    action: str,
    about: Subnet,
    inverse: Inverse | None = None,
) -> None:
    """Something was done to a subnet."""
    journal.note_of(tx, ctx, action, about, inverse, name=about.name or about.cidr)


def group_deletion(
    tx: connection.Transaction, ctx: context.RequestContext, about: SecurityGroup
) -> None:
    """A group goes, and with it what other groups let in from its members."""
    others = [asdict(rule) for rule in security_groups.rules_about(tx, about.id)]
    args = {"group": asdict(about), "others": others}
    inverse = Inverse(verb="security_group.restore", args=args)
    journal.note_of(tx, ctx, "security_group.delete", about, inverse)


def new_rules(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    made: Sequence[tuple[SecurityGroup, Rule]],
) -> None:
    """Rules were added, all in one request."""
    ids = [rule.id for _, rule in made]
    inverse = Inverse(verb="security_group.delete_rules", args={"rule_ids": ids})
    _rules(tx, ctx, "security_group.add_rules", made, inverse)


def rules_deletion(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    gone: Sequence[tuple[SecurityGroup, Rule]],
) -> None:
    """Rules go, all in one request."""
    args = {"rules": [asdict(rule) for _, rule in gone]}
    inverse = Inverse(verb="security_group.restore_rules", args=args)
    _rules(tx, ctx, "security_group.delete_rules", gone, inverse)


def _rules(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    action: str,
    found: Sequence[tuple[SecurityGroup, Rule]],
    inverse: Inverse,
) -> None:
    if not found:
        return
    about, first = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    name = f"{about.name}: {rule_check.in_words(first)}{more}"
    journal.note_of(tx, ctx, action, about, inverse, name=name)
