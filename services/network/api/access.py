"""Which rows a caller may see or change, its quota, and the message after a change of rules."""

from collections.abc import Iterable

from appliance import context, errors, quota
from appliance import queue as topics
from appliance.db import (
    connection,
    networks,
    ports,
    quotas,
    security_groups,
    services,
    subnets,
)
from appliance.model.network import Network, Port, Subnet
from appliance.model.security_group import Rule, SecurityGroup


class OverQuota(errors.Conflict):
    """What Neutron answers, with 409, when a project would own more than its quota."""


def own_network(
    db: connection.Reader, ctx: context.RequestContext, network_id: str, *, rule: str
) -> Network:
    """A network to be changed: to see a shared one is not to own it. Raises NotFound, Forbidden."""
    network = networks.get_visible(db, network_id, ctx)
    if not (ctx.is_admin or network.project_id == ctx.project_id):
        raise errors.Forbidden(f"({rule}) is disallowed by policy: network {network_id}.")
    return network


def visible_subnet(db: connection.Reader, ctx: context.RequestContext, subnet_id: str) -> Subnet:
    """A subnet of a network that the caller may use. Raises NotFound."""
    subnet = subnets.get(db, subnet_id)
    try:
        networks.get_visible(db, subnet.network_id, ctx)
    except errors.NotFound as error:
        raise errors.NotFound("subnet", subnet_id) from error
    return subnet


def own_port(db: connection.Reader, ctx: context.RequestContext, port_id: str) -> Port:
    """A port of the caller's project; any for an admin. Raises NotFound."""
    port = ports.get(db, port_id)
    if not (ctx.is_admin or port.project_id == ctx.project_id):
        raise errors.NotFound("port", port_id)
    return port


def own_group(db: connection.Reader, ctx: context.RequestContext, group_id: str) -> SecurityGroup:
    """A group of the caller's project; any for an admin. Raises NotFound."""
    group = security_groups.get(db, group_id)
    if not (ctx.is_admin or group.project_id == ctx.project_id):
        raise errors.NotFound("security group", group_id)
    return group


def own_rule(
    db: connection.Reader, ctx: context.RequestContext, rule_id: str
) -> tuple[SecurityGroup, Rule]:
    """A rule of such a group, with the group. Raises NotFound."""
    rule = security_groups.get_rule(db, rule_id)
    try:
        return own_group(db, ctx, rule.group_id), rule
    except errors.NotFound as error:
        raise errors.NotFound("security group rule", rule_id) from error


def check_owner(ctx: context.RequestContext, project_id: str) -> None:
    """Raise Forbidden for what is another project's, unless an admin asks."""
    if not (ctx.is_admin or ctx.project_id == project_id):
        raise errors.Forbidden("That was another project's: it is not yours to have back.")


def group_ids(
    tx: connection.Transaction, ctx: context.RequestContext, asked: Iterable[str] | None
) -> list[str]:
    """Ids of the groups asked for; None is the project's default group. Raises NotFound."""
    if asked is None:
        return [security_groups.default_of(tx, ctx.project_id).id]
    return [own_group(tx, ctx, group_id).id for group_id in asked]


def check_quota(tx: connection.Transaction, ctx: context.RequestContext, resource: str) -> None:
    """Raise OverQuota (409) when the project may not have one more."""
    used = quotas.network_usage(tx, ctx.project_id)
    try:
        quota.check(tx, ctx.project_id, asked={resource: 1}, used=used)
    except errors.OverQuota as error:
        refused = OverQuota(f"Quota exceeded for resources: ['{resource}'].")
        refused.reasons = error.reasons
        raise refused from error


def refresh_hosts(db: connection.Database, queue: topics.Queue) -> None:
    """Ask every host's network worker to make the rows so; called after the commit."""
    for service in services.all_services(db):
        if service.name == "network":
            queue.ring(service.topic, "refresh", "all")
