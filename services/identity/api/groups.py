"""What a request may ask about groups and who is of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance import context, errors, ids, policy
from appliance.db import connection, groups, users
from appliance.model.user import Group, User
from services.identity.api import scoping


def index(
    db: connection.Reader, ctx: context.RequestContext, where: Mapping[str, object]
) -> list[Group]:
    """The groups that the caller may see, with these columns. Raises Forbidden."""
    policy.check(ctx, "identity:list_groups", domain_id=ctx.domain_id)
    wanted = scoping.narrowed(ctx, where)
    return [] if wanted is None else groups.listed(db, wanted)


def of_user(db: connection.Reader, ctx: context.RequestContext, user_id: str) -> list[Group]:
    """The groups of a user: one's own, or an admin anybody's. Raises Forbidden, NotFound."""
    domain_id = scoping.domain_of_user(db, user_id)
    policy.check(ctx, "identity:list_groups_for_user", domain_id=domain_id, owner_id=user_id)
    users.get(db, user_id)
    return groups.of_user(db, user_id)


def show(db: connection.Reader, ctx: context.RequestContext, group_id: str) -> Group:
    """One group. Raises Forbidden, NotFound."""
    return _allowed(db, ctx, "identity:get_group", group_id)


def create(
    db: connection.Database, ctx: context.RequestContext, fields: Mapping[str, Any]
) -> Group:
    """Make a group; `fields` are the model's. Raises Forbidden, NotFound (domain), Conflict."""
    with db.transaction() as tx:
        domain_id = scoping.domain(tx, ctx, fields.get("domain_id"))
        policy.check(ctx, "identity:create_group", domain_id=domain_id)
        group = Group(**{"id": ids.new_hex(), **fields, "domain_id": domain_id})
        groups.create(tx, group)
    return group


def update(
    db: connection.Database, ctx: context.RequestContext, group_id: str, fields: Mapping[str, Any]
) -> Group:
    """Change what is given. Raises Forbidden, NotFound, BadRequest, Conflict."""
    with db.transaction() as tx:
        old = _allowed(tx, ctx, "identity:update_group", group_id)
        new = replace(old, **scoping.changed(old, fields))
        groups.update(tx, new)
    return new


def delete(db: connection.Database, ctx: context.RequestContext, group_id: str) -> None:
    """Remove a group; its members lose the roles they had by it. Raises Forbidden, NotFound."""
    with db.transaction() as tx:
        _allowed(tx, ctx, "identity:delete_group", group_id)
        groups.delete(tx, group_id)


def members(db: connection.Reader, ctx: context.RequestContext, group_id: str) -> list[User]:
    """The users of a group. Raises Forbidden, NotFound."""
    _allowed(db, ctx, "identity:list_users_in_group", group_id)
    return groups.members(db, group_id)


def check_member(
    db: connection.Reader, ctx: context.RequestContext, group_id: str, user_id: str
) -> None:
    """Raise NotFound unless the user is of the group; Forbidden for whom it does not concern."""
    _allowed(db, ctx, "identity:check_user_in_group", group_id, owner_id=user_id, member_id=user_id)
    if user_id not in {user.id for user in groups.members(db, group_id)}:
        raise errors.NotFound("user", f"{user_id} in group {group_id}")


def add_member(
    db: connection.Database, ctx: context.RequestContext, group_id: str, user_id: str
) -> None:
    """Let a user be of a group. Raises Forbidden, NotFound."""
    with db.transaction() as tx:
        _allowed(tx, ctx, "identity:add_user_to_group", group_id, member_id=user_id)
        groups.add(tx, group_id, user_id)


def remove_member(
    db: connection.Database, ctx: context.RequestContext, group_id: str, user_id: str
) -> None:
    """Let a user be of a group no more. Raises Forbidden, NotFound."""
    with db.transaction() as tx:
        _allowed(tx, ctx, "identity:remove_user_from_group", group_id, member_id=user_id)
        groups.remove(tx, group_id, user_id)


def _allowed(
    db: connection.Reader,
    ctx: context.RequestContext,
    rule: str,
    group_id: str,
    *,
    owner_id: str = "",
    member_id: str | None = None,
) -> Group:
    """The group, where policy lets the caller do what `rule` names to it, and to that member.

    Whose token is for a domain has to do with users of it in groups of it: Keystone's rules name
    both. Raises Forbidden, NotFound.
    """
    found = groups.listed(db, {"id": group_id})
    domain_id = found[0].domain_id if found else ""
    if member_id is not None and scoping.domain_of_user(db, member_id) != domain_id:
        domain_id = ""
    policy.check(ctx, rule, domain_id=domain_id, owner_id=owner_id)
    group = groups.get(db, group_id)
    if member_id is not None:
        users.get(db, member_id)
    return group
