"""Security groups: CreateSecurityGroup, DescribeSecurityGroups, DeleteSecurityGroup, and rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from appliance import context
from appliance.db import connection
from appliance.model.security_group import Direction, SecurityGroup
from services.api.ec2 import listing, names, permissions, refusals, tags
from services.api.ec2.actions import Action, Call
from services.network.api import security_groups

DIRECTIONS: Final[tuple[Direction, ...]] = ("ingress", "egress")

# a filter → where it looks in a view
_PATHS: Final = {
    "group-id": "GroupId",
    "group-name": "GroupName",
    "description": "Description",
    "owner-id": "OwnerId",
    "vpc-id": "VpcId",
    **{
        f"{prefix}ip-permission.{name}": f"{member}.{path}"
        for prefix, member in (("", "IpPermissions"), ("egress.", "IpPermissionsEgress"))
        for name, path in (
            ("protocol", "IpProtocol"),
            ("from-port", "FromPort"),
            ("to-port", "ToPort"),
            ("cidr", "IpRanges.CidrIp"),
            ("ipv6-cidr", "Ipv6Ranges.CidrIpv6"),
            ("group-id", "UserIdGroupPairs.GroupId"),
            ("group-name", "UserIdGroupPairs.GroupName"),
            ("user-id", "UserIdGroupPairs.UserId"),
        )
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroups:
    """The actions, on the verbs of `services.network.api.security_groups`."""

    db: connection.Database
    verbs: security_groups.SecurityGroups
    tags: tags.Tags

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {
            "CreateSecurityGroup": self.create,
            "DescribeSecurityGroups": self.describe,
            "DeleteSecurityGroup": self.delete,
            "AuthorizeSecurityGroupIngress": self.authorize_ingress,
            "AuthorizeSecurityGroupEgress": self.authorize_egress,
            "RevokeSecurityGroupIngress": self.revoke_ingress,
            "RevokeSecurityGroupEgress": self.revoke_egress,
        }

    def create(self, call: Call) -> Mapping[str, Any]:
        """A group that lets everything out and nothing in; names are taken once a project."""
        call.refuse("VpcId")
        pairs = tags.specified(call, "security group")
        made = self.verbs.create(
            call.ctx, name=call.values["GroupName"], description=call.values["Description"],
            is_name_unique=True,
        )  # fmt: skip
        self.tags.put_specified(call, "security group", [made.id])
        ec2_id = names.outside(self.db, "security group", made.id)
        return {"GroupId": ec2_id, "Tags": tags.view(pairs)}

    def describe(self, call: Call) -> Mapping[str, Any]:
        """The project's groups with their rules."""
        known = self._own(call.ctx)
        wanted = self._asked(call, known)
        ec2_ids = names.all_outside(self.db, "security group", [group.id for group in known])
        tagged = self.tags.of(call.ctx, [group.id for group in wanted])
        name_by_id: dict[str, str] = {group.id: group.name for group in known}

        def view(group: SecurityGroup) -> dict[str, Any]:
            inward, outward = (
                permissions.shown(group, direction, ec2_ids=ec2_ids, name_by_id=name_by_id)
                for direction in DIRECTIONS
            )
            return {
                "OwnerId": group.project_id,
                "GroupId": ec2_ids[group.id],
                "GroupName": group.name,
                "Description": group.description,
                "IpPermissions": inward,
                "IpPermissionsEgress": outward,
                "Tags": tags.view(tagged.get(group.id, {})),
            }

        shown, token = listing.listed(call, wanted, view, paths=_PATHS, ids="GroupIds")
        return {"SecurityGroups": shown, "NextToken": token}

    def delete(self, call: Call) -> Mapping[str, Any]:
        """Delete a group that no instance is in."""
        self.verbs.delete(call.ctx, self._named(call).id)
        return {"Return": True}

    def authorize_ingress(self, call: Call) -> Mapping[str, Any]:
        """Let in; all of what is asked or nothing."""
        return self._authorize(call, "ingress")

    def authorize_egress(self, call: Call) -> Mapping[str, Any]:
        """Let out; all of what is asked or nothing."""
        return self._authorize(call, "egress")

    def revoke_ingress(self, call: Call) -> Mapping[str, Any]:
        """Let in no more; all of what is asked or nothing."""
        return self._revoke(call, "ingress")

    def revoke_egress(self, call: Call) -> Mapping[str, Any]:
        """Let out no more; all of what is asked or nothing."""
        return self._revoke(call, "egress")

    def _authorize(self, call: Call, direction: Direction) -> Mapping[str, Any]:
        call.refuse("TagSpecifications")
        self.verbs.create_rules(call.ctx, self._rules(call, direction))
        return {"Return": True}

    def _revoke(self, call: Call, direction: Direction) -> Mapping[str, Any]:
        call.refuse("SecurityGroupRuleIds")
        self.verbs.delete_matching(call.ctx, self._rules(call, direction))
        return {"Return": True}

    def _rules(self, call: Call, direction: Direction) -> list[security_groups.RuleRequest]:
        own = self._own(call.ctx)
        return permissions.asked(
            call.values, self._named(call).id, direction,
            find=lambda pair: self._pair(call.ctx, own, pair),
        )  # fmt: skip

    def _named(self, call: Call) -> SecurityGroup:
        """The group that a call is about, by id or by name."""
        if not (call.values.get("GroupId") or call.values.get("GroupName")):
            raise refusals.missing("GroupId")
        return self._find(self._own(call.ctx), call.values)

    def _pair(
        self, ctx: context.RequestContext, own: list[SecurityGroup], pair: Mapping[str, str]
    ) -> str:
        """Our id of a group that a rule names; of another project's there is none."""
        user = pair.get("UserId") or ctx.project_id
        if user not in (ctx.project_id, ctx.project_name):
            raise refusals.Refused(
                "InvalidGroup.NotFound", f"The security group of user '{user}' does not exist"
            )
        return self._find(own, pair).id

    def _find(self, known: list[SecurityGroup], named: Mapping[str, str]) -> SecurityGroup:
        """One of these groups, by `GroupId` or `GroupName`. Raises Refused."""
        ec2_id, name = named.get("GroupId"), named.get("GroupName")
        object_id = names.inside(self.db, ec2_id, "security group") if ec2_id else None
        for group in known:
            if object_id == group.id or (object_id is None and group.name == name):
                return group
        raise refusals.Refused(
            "InvalidGroup.NotFound", f"The security group '{ec2_id or name}' does not exist"
        )

    def _own(self, ctx: context.RequestContext) -> list[SecurityGroup]:
        """The caller's project's: EC2 knows no other, even for an admin."""
        return [group for group in self.verbs.of_project(ctx) if group.project_id == ctx.project_id]

    def _asked(self, call: Call, known: list[SecurityGroup]) -> list[SecurityGroup]:
        named = [{"GroupId": one} for one in call.values.get("GroupIds", ())]
        named += [{"GroupName": one} for one in call.values.get("GroupNames", ())]
        if not named:
            return known
        found = [self._find(known, one) for one in named]
        return [group for group in known if group in found]
