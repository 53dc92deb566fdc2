"""Security groups and rules (Networking API v2.0, neutron-lib api/definitions/security_groups)."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from appliance.model.security_group import DEFAULT, Rule, SecurityGroup
from services.api.network import listing
from services.http.endpoint import Path, Request, decoding, endpoint, path
from services.network.api.security_groups import RuleRequest, SecurityGroups

Json = dict[str, Any]
Name = Annotated[str, Meta(max_length=255)]


class NewGroup(Struct, forbid_unknown_fields=True):
    """The group of a create request; ours are all stateful."""

    name: Name = ""
    description: Name = ""


class CreateGroup(Struct, forbid_unknown_fields=True):
    """POST /security-groups."""

    security_group: NewGroup


class ChangedGroup(Struct, forbid_unknown_fields=True):
    """What of a group can be updated."""

    name: Name | None = None
    description: Name | None = None


class UpdateGroup(Struct, forbid_unknown_fields=True):
    """PUT /security-groups/{id}."""

    security_group: ChangedGroup


class NewRule(Struct, forbid_unknown_fields=True):
    """The rule of a create request."""

    security_group_id: str
    direction: Literal["ingress", "egress"]
    ethertype: Literal["IPv4", "IPv6"] = "IPv4"
    protocol: str | int | None = None
    port_range_min: int | None = None
    port_range_max: int | None = None
    remote_ip_prefix: str | None = None
    remote_group_id: str | None = None
    description: Name = ""


class CreateRule(Struct, forbid_unknown_fields=True):
    """POST /security-group-rules."""

    security_group_rule: NewRule


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupsFace:
    """The handlers of /security-groups and /security-group-rules."""

    verbs: SecurityGroups
    page_max: int

    def paths(self) -> tuple[Path, ...]:
        """The routes."""
        return (
            path(
                "/v2.0/security-groups",
                GET=endpoint(self.list_groups),
                POST=decoding(CreateGroup, self.create_group, status=201),
            ),
            path(
                "/v2.0/security-groups/{group_id}",
                GET=endpoint(self.show_group),
                PUT=decoding(UpdateGroup, self.update_group),
                DELETE=endpoint(self.delete_group, status=204),
            ),
            path(
                "/v2.0/security-group-rules",
                GET=endpoint(self.list_rules),
                POST=decoding(CreateRule, self.create_rule, status=201),
            ),
            path(
                "/v2.0/security-group-rules/{rule_id}",
                GET=endpoint(self.show_rule),
                DELETE=endpoint(self.delete_rule, status=204),
            ),
        )

    def list_groups(self, request: Request) -> Json:
        """GET /security-groups."""
        views = [_group(group) for group in self.verbs.of_project(request.ctx)]
        return listing.page(request, "security_groups", views, page_max=self.page_max)

    def show_group(self, request: Request) -> Json:
        """GET /security-groups/{id}."""
        group = self.verbs.get(request.ctx, request.path["group_id"])
        return {"security_group": listing.shape(request, _group(group))}

    def create_group(self, request: Request, body: CreateGroup) -> Json:
        """POST /security-groups."""
        new = body.security_group
        group = self.verbs.create(request.ctx, name=new.name, description=new.description)
        return {"security_group": _group(group)}

    def update_group(self, request: Request, body: UpdateGroup) -> Json:
        """PUT /security-groups/{id}."""
        group = self.verbs.update(
            request.ctx,
            request.path["group_id"],
            name=body.security_group.name,
            description=body.security_group.description,
        )
        return {"security_group": _group(group)}

    def delete_group(self, request: Request) -> None:
        """DELETE /security-groups/{id}."""
        self.verbs.delete(request.ctx, request.path["group_id"])

    def list_rules(self, request: Request) -> Json:
        """GET /security-group-rules."""
        views = [_rule(group, rule) for group, rule in self.verbs.rules(request.ctx)]
        return listing.page(request, "security_group_rules", views, page_max=self.page_max)

    def show_rule(self, request: Request) -> Json:
        """GET /security-group-rules/{id}."""
        group, rule = self.verbs.get_rule(request.ctx, request.path["rule_id"])
        return {"security_group_rule": listing.shape(request, _rule(group, rule))}

    def create_rule(self, request: Request, body: CreateRule) -> Json:
        """POST /security-group-rules."""
        new = body.security_group_rule
        wanted = RuleRequest(
            group_id=new.security_group_id,
            direction=new.direction,
            ethertype=new.ethertype,
            protocol=None if new.protocol is None else str(new.protocol),
            port_min=new.port_range_min,
            port_max=new.port_range_max,
            remote_cidr=new.remote_ip_prefix,
            remote_group_id=new.remote_group_id,
            description=new.description,
        )
        return {"security_group_rule": _rule(*self.verbs.create_rule(request.ctx, wanted))}

    def delete_rule(self, request: Request) -> None:
        """DELETE /security-group-rules/{id}."""
        self.verbs.delete_rule(request.ctx, request.path["rule_id"])


def _group(group: SecurityGroup) -> Json:
    return {
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "tenant_id": group.project_id,
        "project_id": group.project_id,
        "stateful": True,
        "shared": False,
        "security_group_rules": [_rule(group, rule) for rule in group.rules],
        "tags": [],
        "created_at": group.created_at,
        "updated_at": group.updated_at,
    }


def _rule(group: SecurityGroup, rule: Rule) -> Json:
    return {
        "id": rule.id,
        "security_group_id": rule.group_id,
        "tenant_id": group.project_id,
        "project_id": group.project_id,
        "direction": rule.direction,
        "ethertype": rule.ethertype,
        "protocol": rule.protocol,
        "port_range_min": rule.port_min,
        "port_range_max": rule.port_max,
        "remote_ip_prefix": rule.remote_cidr,
        "normalized_cidr": rule.remote_cidr,
        "remote_group_id": rule.remote_group_id,
        "remote_address_group_id": None,
        "description": rule.description,
        "belongs_to_default_sg": group.name == DEFAULT,
        "created_at": rule.created_at,
        "updated_at": rule.created_at,
    }
