"""A server's security groups in Nova's own words: /servers/{id}/os-security-groups."""

from dataclasses import dataclass
from typing import Any

from appliance.model.security_group import Rule, SecurityGroup
from services.compute.api.instances import Instances
from services.http.endpoint import Path, Request, endpoint, path

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerGroups:
    """The handler."""

    verbs: Instances

    def paths(self) -> tuple[Path, ...]:
        """The route."""
        route = "/v2.1/servers/{server_id}/os-security-groups"
        return (path(route, GET=endpoint(self.of_server)),)

    def of_server(self, request: Request) -> Json:
        """GET /servers/{id}/os-security-groups."""
        instance = self.verbs.get(request.ctx, request.path["server_id"])
        return {"security_groups": [_group(one) for one in self.verbs.details(instance).groups]}


def _group(group: SecurityGroup) -> Json:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "tenant_id": group.project_id,
        "rules": [_rule(rule) for rule in group.rules if rule.direction == "ingress"],
    }


def _rule(rule: Rule) -> Json:
    return {
        "id": rule.id,
        "parent_group_id": rule.group_id,
        "ip_protocol": rule.protocol,
        "from_port": rule.port_min,
        "to_port": rule.port_max,
        "ip_range": {"cidr": rule.remote_cidr} if rule.remote_cidr else {},
        "group": {"name": rule.remote_group_id} if rule.remote_group_id else {},
    }
