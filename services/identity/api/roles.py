"""What a request may ask about roles and who has them."""

from appliance import context, policy
from appliance.db import connection, projects, roles, users
from appliance.model.user import Assignment, Role


def index(
    db: connection.Reader, ctx: context.RequestContext, *, name: str | None = None
) -> list[Role]:
    """Every role (of that name). Raises Forbidden."""
    policy.check(ctx, "identity:list_roles")
    return roles.all_roles(db, name=name)


def show(db: connection.Reader, ctx: context.RequestContext, role_id: str) -> Role:
    """One role. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:list_roles")
    return roles.get(db, role_id)


def assignments(
    db: connection.Reader,
    ctx: context.RequestContext,
    *,
    user_id: str | None = None,
    project_id: str | None = None,
    role_id: str | None = None,
) -> list[Assignment]:
    """Who has which role where: all of it, or what matches. Raises Forbidden."""
    if user_id != ctx.user_id:
        policy.check(ctx, "identity:list_role_assignments")
    return roles.assignments(db, user_id=user_id, project_id=project_id, role_id=role_id)


def assign(
    db: connection.Database,
    ctx: context.RequestContext,
    role_id: str,
    *,
    user_id: str,
    project_id: str,
) -> None:
    """Give a user a role in a project. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:create_grant")
    with db.transaction() as tx:
        for get, key in ((users.get, user_id), (projects.get, project_id), (roles.get, role_id)):
            get(tx, key)
        roles.assign(tx, role_id, user_id=user_id, project_id=project_id)


def unassign(
    db: connection.Database,
    ctx: context.RequestContext,
    role_id: str,
    *,
    user_id: str,
    project_id: str,
) -> None:
    """Take a role from a user. Raises Forbidden, NotFound when it does not have it."""
    policy.check(ctx, "identity:create_grant")
    with db.transaction() as tx:
        roles.unassign(tx, role_id, user_id=user_id, project_id=project_id)
