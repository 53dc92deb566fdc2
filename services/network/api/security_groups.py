"""Security groups and their rules: what a request may ask of them."""

from collections.abc import Iterable
from dataclasses import dataclass

from appliance import context, errors, policy
from appliance import queue as topics
from appliance.db import connection, journal, security_groups
from appliance.model import security_group
from appliance.model.journal import Inverse
from appliance.model.security_group import Rule, SecurityGroup
from services.network import rule_check
from services.network.api import access, noting

RuleRequest = rule_check.RuleRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroups:
    """The verbs; may be used by many threads."""

    db: connection.Database
    queue: topics.Queue

    def of_project(self, ctx: context.RequestContext) -> list[SecurityGroup]:
        """The project's groups, its default one made if need be; all for an admin."""
        policy.check(ctx, "get_security_group")
        self._ensure_default(ctx)
        return security_groups.of_project(self.db, None if ctx.is_admin else ctx.project_id)

    def get(self, ctx: context.RequestContext, group_id: str) -> SecurityGroup:
        """One group with its rules. Raises NotFound."""
        policy.check(ctx, "get_security_group")
        return access.own_group(self.db, ctx, group_id)

    def create(
        self,
        ctx: context.RequestContext,
        *,
        name: str,
        description: str = "",
        is_name_unique: bool = False,
    ) -> SecurityGroup:
        """A group that lets everything out and nothing in.

        Raises BadRequest for texts that are too long, Conflict for `default`; with
        `is_name_unique` for every name that is taken.
        """
        policy.check(ctx, "create_security_group")
        rule_check.check_texts(name=name, description=description)
        if name == security_group.DEFAULT:
            raise errors.Conflict("Default security group already exists.")
        with self.db.transaction() as tx:
            security_groups.default_of(tx, ctx.project_id)
            if is_name_unique and security_groups.of_project(tx, ctx.project_id, name=name):
                raise errors.Conflict(f"Security group {name} already exists.")
            access.check_quota(tx, ctx, "security_group")
            made = security_groups.create(
                tx, name=name, project_id=ctx.project_id, description=description
            )
            journal.note_of(tx, ctx, "security_group.create", made)
            return made

    def update(
        self,
        ctx: context.RequestContext,
        group_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
    ) -> SecurityGroup:
        """Rename or describe a group; None leaves either. The default group keeps its name."""
        policy.check(ctx, "update_security_group")
        with self.db.transaction() as tx:
            group = access.own_group(tx, ctx, group_id)
            if name not in (None, group.name) and security_group.DEFAULT in (name, group.name):
                raise errors.Conflict("Updating default security group not allowed.")
            args = {"group_id": group_id, "name": group.name, "description": group.description}
            inverse = Inverse(verb="security_group.update", args=args)
            journal.note_of(tx, ctx, "security_group.update", group, inverse)
            security_groups.update(
                tx,
                group_id,
                name=group.name if name is None else name,
                description=group.description if description is None else description,
            )
            return security_groups.get(tx, group_id)

    def delete(self, ctx: context.RequestContext, group_id: str) -> None:
        """Delete a group. Raises Conflict for the default one and for one with ports."""
        policy.check(ctx, "delete_security_group")
        with self.db.transaction() as tx:
            group = access.own_group(tx, ctx, group_id)
            if group.name == security_group.DEFAULT:
                raise errors.Conflict("Insufficient rights for removing default security group.")
            noting.group_deletion(tx, ctx, group)
            security_groups.delete(tx, group_id)
        access.refresh_hosts(self.db, self.queue)

    def restore(
        self, ctx: context.RequestContext, group: SecurityGroup, others: Iterable[Rule]
    ) -> None:
        """Have a deleted group back, and the rules of `others` about it where those groups are.

        Raises Conflict when it is there, OverQuota, Forbidden.
        """
        policy.check(ctx, "create_security_group")
        access.check_owner(ctx, group.project_id)
        with self.db.transaction() as tx:
            access.check_quota(tx, ctx, "security_group")
            inverse = Inverse(verb="security_group.delete", args={"group_id": group.id})
            journal.note_of(tx, ctx, "security_group.restore", group, inverse)
            security_groups.insert(tx, group)
            for rule in others:
                if security_groups.is_there(tx, rule.group_id):
                    security_groups.insert_rule(tx, rule)
        access.refresh_hosts(self.db, self.queue)

    def rules(self, ctx: context.RequestContext) -> list[tuple[SecurityGroup, Rule]]:
        """The rules of the project's groups, each with its group."""
        policy.check(ctx, "get_security_group_rule")
        return [(group, rule) for group in self.of_project(ctx) for rule in group.rules]

    def get_rule(self, ctx: context.RequestContext, rule_id: str) -> tuple[SecurityGroup, Rule]:
        """One rule and its group. Raises NotFound."""
        policy.check(ctx, "get_security_group_rule")
        return access.own_rule(self.db, ctx, rule_id)

    def create_rule(
        self, ctx: context.RequestContext, request: RuleRequest
    ) -> tuple[SecurityGroup, Rule]:
        """Open something in a group, everywhere at once. Raises BadRequest, Conflict, NotFound."""
        (made,) = self.create_rules(ctx, [request])
        return made

    def create_rules(
        self, ctx: context.RequestContext, requests: Iterable[RuleRequest]
    ) -> list[tuple[SecurityGroup, Rule]]:
        """Open all of this or nothing. Raises BadRequest, Conflict, NotFound."""
        policy.check(ctx, "create_security_group_rule")
        wanted = [rule_check.checked(request) for request in requests]
        with self.db.transaction() as tx:
            made = [_add_rule(tx, ctx, each) for each in wanted]
            noting.new_rules(tx, ctx, made)
        access.refresh_hosts(self.db, self.queue)
        return made

    def delete_rule(self, ctx: context.RequestContext, rule_id: str) -> None:
        """Close it again, on every host at once. Raises NotFound."""
        self.delete_rules(ctx, [rule_id])

    def delete_rules(self, ctx: context.RequestContext, rule_ids: Iterable[str]) -> None:
        """Close all of these again, or none, on every host at once. Raises NotFound."""
        policy.check(ctx, "delete_security_group_rule")
        with self.db.transaction() as tx:
            gone = [access.own_rule(tx, ctx, rule_id) for rule_id in rule_ids]
            noting.rules_deletion(tx, ctx, gone)
            for _, rule in gone:
                security_groups.delete_rule(tx, rule.id)
        access.refresh_hosts(self.db, self.queue)

    def restore_rules(self, ctx: context.RequestContext, rules: Iterable[Rule]) -> None:
        """Open again what was closed, as it was. Raises NotFound, Conflict, OverQuota."""
        policy.check(ctx, "create_security_group_rule")
        with self.db.transaction() as tx:
            back = [(access.own_group(tx, ctx, rule.group_id), rule) for rule in rules]
            access.check_quota(tx, ctx, "security_group_rule")
            noting.new_rules(tx, ctx, back)
            for _, rule in back:
                security_groups.insert_rule(tx, rule)
        access.refresh_hosts(self.db, self.queue)

    def delete_matching(self, ctx: context.RequestContext, requests: Iterable[RuleRequest]) -> None:
        """Close again what these say, whatever its description; all or nothing.

        A group is its members by any kind of address. Raises NotFound for what is not open.
        """
        policy.check(ctx, "delete_security_group_rule")
        wanted = [rule_check.checked(request) for request in requests]
        gone: list[tuple[SecurityGroup, Rule]] = []
        with self.db.transaction() as tx:
            for each in wanted:
                group = access.own_group(tx, ctx, each.group_id)
                found = [rule for rule in group.rules if rule_check.is_same(rule, each)]
                if not found:
                    raise errors.NotFound("security group rule", rule_check.sentence(each))
                gone += [(group, rule) for rule in found]
            gone = list({rule.id: (group, rule) for group, rule in gone}.values())
            noting.rules_deletion(tx, ctx, gone)
            for _, rule in gone:
                security_groups.delete_rule(tx, rule.id)
        access.refresh_hosts(self.db, self.queue)

    def _ensure_default(self, ctx: context.RequestContext) -> None:
        named = security_group.DEFAULT
        if ctx.project_id and not security_groups.of_project(self.db, ctx.project_id, name=named):
            with self.db.transaction() as tx:
                security_groups.default_of(tx, ctx.project_id)


def _add_rule(
    tx: connection.Transaction, ctx: context.RequestContext, wanted: RuleRequest
) -> tuple[SecurityGroup, Rule]:
    group = access.own_group(tx, ctx, wanted.group_id)
    if wanted.remote_group_id:
        access.own_group(tx, ctx, wanted.remote_group_id)
    access.check_quota(tx, ctx, "security_group_rule")
    rule = security_groups.add_rule(
        tx,
        group.id,
        direction=wanted.direction,
        ethertype=wanted.ethertype,
        protocol=wanted.protocol,
        port_min=wanted.port_min,
        port_max=wanted.port_max,
        remote_cidr=wanted.remote_cidr,
        remote_group_id=wanted.remote_group_id,
        description=wanted.description,
    )
    return group, rule
