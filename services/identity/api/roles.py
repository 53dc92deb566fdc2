"""What a request may ask about roles, and about which role implies which."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance import context, errors, ids, policy
from appliance.db import connection, projects, roles
from appliance.model.role import Role
from services.identity.api import scoping


def index(
    db: connection.Reader, ctx: context.RequestContext, where: Mapping[str, object]
) -> list[Role]:
    """Roles with these columns; those of the whole cloud unless a domain is asked for.

    Raises Forbidden.
    """
    policy.check(ctx, "identity:list_roles", domain_id=ctx.domain_id)
    return roles.listed(db, {"domain_id": "", **where})


def show(db: connection.Reader, ctx: context.RequestContext, role_id: str) -> Role:
    """One role. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:get_role", domain_id=ctx.domain_id)
    return roles.get(db, role_id)


def create(db: connection.Database, ctx: context.RequestContext, fields: Mapping[str, Any]) -> Role:
    """Make a role; `fields` are the model's. Raises Forbidden, NotFound (domain), Conflict."""
    policy.check(ctx, "identity:create_role")
    with db.transaction() as tx:
        if fields.get("domain_id"):
            projects.get_domain(tx, fields["domain_id"])
        role = Role(**{"id": ids.new_hex(), **fields})
        roles.create(tx, role)
    return role


def update(
    db: connection.Database, ctx: context.RequestContext, role_id: str, fields: Mapping[str, Any]
) -> Role:
    """Change what is given. Raises Forbidden (the policy's own), NotFound, BadRequest, Conflict."""
    policy.check(ctx, "identity:update_role")
    with db.transaction() as tx:
        old = _changeable(tx, role_id)
        new = replace(old, **scoping.changed(old, fields))
        roles.update(tx, new)
    return new


def delete(db: connection.Database, ctx: context.RequestContext, role_id: str) -> None:
    """Remove a role, and every grant of it. Raises Forbidden (the policy's own), NotFound."""
    policy.check(ctx, "identity:delete_role")
    with db.transaction() as tx:
        _changeable(tx, role_id)
        roles.delete(tx, role_id)


def is_immutable(role: Role) -> bool:
    """Whether the policy is written in this role: without it nobody could mend anything.

    Keystone's bootstrap makes its roles so, by the option `immutable`.
    """
    return not role.domain_id and role.name in policy.IMPLIED


def implied(
    db: connection.Reader, ctx: context.RequestContext, prior_id: str
) -> tuple[Role, list[Role]]:
    """A role, and those that it implies itself. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:get_implied_role")
    prior = roles.get(db, prior_id)
    return prior, [
        roles.get(db, implied_id) for one, implied_id in roles.implications(db) if one == prior_id
    ]


def show_implied(
    db: connection.Reader, ctx: context.RequestContext, prior_id: str, implied_id: str
) -> tuple[Role, Role]:
    """Both roles, where the one implies the other. Raises Forbidden, NotFound."""
    prior, found = implied(db, ctx, prior_id)
    for role in found:
        if role.id == implied_id:
            return prior, role
    raise errors.NotFound("implied role", f"{prior_id}/{implied_id}")


def inferences(db: connection.Reader, ctx: context.RequestContext) -> list[tuple[Role, list[Role]]]:
    """Every role that implies others, with those. Raises Forbidden."""
    policy.check(ctx, "identity:list_role_inference_rules")
    by_prior: dict[str, list[Role]] = {}
    for prior_id, implied_id in roles.implications(db):
        by_prior.setdefault(prior_id, []).append(roles.get(db, implied_id))
    return [(roles.get(db, prior_id), found) for prior_id, found in by_prior.items()]


def imply(
    db: connection.Database, ctx: context.RequestContext, prior_id: str, implied_id: str
) -> tuple[Role, Role]:
    """Let who has the one role have the other. Raises Forbidden, NotFound.

    `admin` is implied by nothing (Keystone's prohibited_implied_role): it would be had unseen.
    """
    policy.check(ctx, "identity:create_implied_role")
    with db.transaction() as tx:
        prior, role = roles.get(tx, prior_id), roles.get(tx, implied_id)
        if role.name == policy.ADMIN and not role.domain_id:
            raise errors.Forbidden(f"The role {role.name} may be implied by no other.")
        if role.domain_id and not prior.domain_id:
            raise errors.Forbidden("A role of the whole cloud implies no role of a domain.")
        roles.imply(tx, prior_id, implied_id)
    return prior, role


def imply_no_more(
    db: connection.Database, ctx: context.RequestContext, prior_id: str, implied_id: str
) -> None:
    """End what `imply` said. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:delete_implied_role")
    with db.transaction() as tx:
        roles.get(tx, prior_id), roles.get(tx, implied_id)
        roles.imply_no_more(tx, prior_id, implied_id)


def _changeable(tx: connection.Transaction, role_id: str) -> Role:
    role = roles.get(tx, role_id)
    if is_immutable(role):
        raise errors.Forbidden(
            f"The role {role.name} is immutable: the policy is written in it. Make another."
        )
    return role
