"""What a request may ask about grants: who has a role on a project, a domain or the system."""

from typing import Final

from appliance import context, errors, policy
from appliance.db import (
    connection,
    groups,
    journal,
    projects,
    role_assignments,
    roles,
    users,
)
from appliance.model.role import Assignment, Role

# what is done to a grant → its rule, on a project or domain and on the system
_RULES: Final = {
    "list": ("identity:list_grants", "identity:list_system_grants"),
    "check": ("identity:check_grant", "identity:list_system_grants"),
    "create": ("identity:create_grant", "identity:create_system_grant"),
    "revoke": ("identity:revoke_grant", "identity:revoke_system_grant"),
}


def index(db: connection.Reader, ctx: context.RequestContext, of: Assignment) -> list[Role]:
    """The roles given to that user or group on that target; `of.role_id` says nothing.

    Raises Forbidden, NotFound.
    """
    _allow(db, ctx, "list", of)
    given = role_assignments.listed(
        db, user_id=of.user_id, group_id=of.group_id, target_id=of.target_id,
        is_inherited=of.is_inherited,
    )  # fmt: skip
    return sorted((roles.get(db, one.role_id) for one in given), key=lambda role: role.name)


def check(db: connection.Reader, ctx: context.RequestContext, grant: Assignment) -> None:
    """Raise NotFound unless just this was granted. Raises Forbidden."""
    _allow(db, ctx, "check", grant)
    roles.get(db, grant.role_id)
    if not role_assignments.is_given(db, grant):
        raise errors.NotFound("role assignment", grant.role_id)


def create(db: connection.Database, ctx: context.RequestContext, grant: Assignment) -> None:
    """Give the role. Raises Forbidden, NotFound."""
    with db.transaction() as tx:
        _allow(tx, ctx, "create", grant)
        _refuse_more_than_own(tx, ctx, grant)
        role_assignments.assign(tx, grant)
        _note(tx, ctx, "grant.create", grant)


def revoke(db: connection.Database, ctx: context.RequestContext, grant: Assignment) -> None:
    """Take the role back; the user's tokens have it no more. Raises Forbidden, NotFound."""
    with db.transaction() as tx:
        _allow(tx, ctx, "revoke", grant)
        _refuse_more_than_own(tx, ctx, grant)
        role_assignments.unassign(tx, grant)
        _note(tx, ctx, "grant.revoke", grant)


def _note(
    tx: connection.Transaction, ctx: context.RequestContext, action: str, grant: Assignment
) -> None:
    role = roles.get(tx, grant.role_id).name
    whose = grant.user_id or grant.group_id or ""
    name = f"{role} of {whose} on {grant.target_id or 'the system'}"
    journal.note(tx, ctx, action, object_id=grant.role_id, name=name)


def _allow(
    db: connection.Reader, ctx: context.RequestContext, doing: str, grant: Assignment
) -> None:
    """Raise Forbidden, or NotFound when the user, group or target is not there.

    Who has only a domain's token acts on what is of that domain, and gives to whom is of it.
    """
    target = projects.find(db, grant.target_id) if grant.target_id is not None else None
    user = users.find(db, grant.user_id) if grant.user_id is not None else None
    group = groups.listed(db, {"id": grant.group_id}) if grant.group_id is not None else []
    actor_domain = user.domain_id if user else group[0].domain_id if group else ""
    domain_id = (target.id if target.is_domain else target.domain_id) if target else ""
    rule = _RULES[doing][grant.target_id is None]
    policy.check(ctx, rule, domain_id=domain_id if domain_id == actor_domain else "")
    if grant.target_id is not None and target is None:
        raise errors.NotFound("project", grant.target_id)
    if user is None and not group:
        noun = "user" if grant.group_id is None else "group"
        raise errors.NotFound(noun, grant.user_id or grant.group_id or "")


def _refuse_more_than_own(
    db: connection.Reader, ctx: context.RequestContext, grant: Assignment
) -> None:
    """Who is no admin gives and takes only the roles that a domain's manager may."""
    role = roles.get(db, grant.role_id)
    target = projects.find(db, grant.target_id or "")
    if role.domain_id and (target is None or role.domain_id not in (target.id, target.domain_id)):
        raise errors.Forbidden("A role of a domain is granted in that domain only.")
    given = _implied_names(db, role)
    if not ctx.is_admin and not ctx.is_system and not given <= _MANAGERS_GIVE:
        raise errors.Forbidden(f"Policy doesn't allow {role.name} to be granted by you.")


_MANAGERS_GIVE: Final = policy.IMPLIED[policy.MANAGER]


def _implied_names(db: connection.Reader, role: Role) -> set[str]:
    """The role's name, and those of all that it implies."""
    by_prior: dict[str, list[str]] = {}
    for prior_id, implied_id in roles.implications(db):
        by_prior.setdefault(prior_id, []).append(implied_id)
    found, due = set[str](), [role.id]
    while due:
        key = due.pop()
        if key not in found:
            found.add(key)
            due += by_prior.get(key, [])
    return {one.name for one in roles.listed(db) if one.id in found}
