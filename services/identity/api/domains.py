"""What a request may ask about domains."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance import context, errors, ids, policy
from appliance.db import connection, projects, roles, users
from appliance.model.project import DEFAULT_DOMAIN, Project
from services.identity.api.tags import check_tags


def index(
    db: connection.Reader, ctx: context.RequestContext, where: Mapping[str, object] | None = None
) -> list[Project]:
    """The domains that the caller may see, with these columns. Raises Forbidden."""
    policy.check(ctx, "identity:list_domains", domain_id=ctx.domain_id)
    found = projects.listed(db, {**(where or {}), "is_domain": 1})
    return [one for one in found if not ctx.domain_id or ctx.is_admin or one.id == ctx.domain_id]


def show(db: connection.Reader, ctx: context.RequestContext, domain_id: str) -> Project:
    """One domain: anybody may see its token's and its own. Raises NotFound, Forbidden."""
    own = {ctx.domain_id, ctx.user_domain_id}
    owner_id = ctx.user_id if domain_id in own else domain_id
    policy.check(ctx, "identity:get_domain", domain_id=domain_id, owner_id=owner_id)
    return projects.get_domain(db, domain_id)


def create(
    db: connection.Database, ctx: context.RequestContext, fields: Mapping[str, Any]
) -> Project:
    """Make a domain; `fields` are the model's. Raises Forbidden, Conflict, BadRequest."""
    policy.check(ctx, "identity:create_domain")
    check_tags(fields.get("tags", ()))
    made = Project(**{"id": ids.ProjectId(ids.new_hex()), **fields, **_A_DOMAIN})
    with db.transaction() as tx:
        if projects.find(tx, made.id) is not None:
            raise errors.Conflict(f"Conflict occurred: an id {made.id} exists.")
        projects.create(tx, made)
    return made


def update(
    db: connection.Database,
    ctx: context.RequestContext,
    domain_id: str,
    fields: Mapping[str, Any],
) -> Project:
    """Change what is given; disabled, its users can do nothing. Raises NotFound, Conflict…"""
    policy.check(ctx, "identity:update_domain")
    check_tags(fields.get("tags", ()))
    with db.transaction() as tx:
        old = projects.get_domain(tx, domain_id)
        new = replace(old, **{**fields, "extra": {**old.extra, **fields.get("extra", {})}})
        projects.update(tx, new)
    return new


def delete(db: connection.Database, ctx: context.RequestContext, domain_id: str) -> None:
    """Remove a disabled domain with all its projects, users, groups and roles.

    Raises NotFound, and Forbidden while it is enabled, and for the one that every cloud has: its
    own users are of it.
    """
    policy.check(ctx, "identity:delete_domain")
    if domain_id == DEFAULT_DOMAIN:
        raise errors.Forbidden("Cannot delete the default domain.")
    with db.transaction() as tx:
        domain = projects.get_domain(tx, domain_id)
        if domain.is_enabled:
            raise errors.Forbidden(
                f"Cannot delete a domain that is enabled, please disable it first: {domain.name}."
            )
        for project in reversed(projects.below(tx, domain_id)):
            projects.delete(tx, project.id)
        for user in users.listed(tx, {"domain_id": domain_id}):
            users.delete(tx, user.id)
        for role in roles.listed(tx, {"domain_id": domain_id}):
            roles.delete(tx, role.id)
        projects.delete(tx, domain_id)  # its groups go with it


_A_DOMAIN = {"is_domain": 1, "parent_id": None, "domain_id": ""}
