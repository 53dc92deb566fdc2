"""What a request may ask about projects."""

from dataclasses import replace

from appliance import context, errors, ids, policy
from appliance.db import connection, projects
from appliance.model.project import Project


def index(
    db: connection.Reader, ctx: context.RequestContext, *, name: str | None = None
) -> list[Project]:
    """Every project (of that name). Raises Forbidden."""
    policy.check(ctx, "identity:list_projects")
    return projects.all_projects(db, name=name)


def mine(db: connection.Reader, ctx: context.RequestContext, user_id: str) -> list[Project]:
    """The projects in which a user has a role: one's own, or an admin any. Raises Forbidden."""
    if user_id != ctx.user_id:
        policy.check(ctx, "identity:list_projects")
    return projects.of_user(db, user_id)


def show(db: connection.Reader, ctx: context.RequestContext, project_id: str) -> Project:
    """One project: one's own, or an admin any. Raises NotFound, Forbidden."""
    if project_id != ctx.project_id:
        policy.check(ctx, "identity:list_projects")
    return projects.get(db, project_id)


def create(
    db: connection.Database,
    ctx: context.RequestContext,
    *,
    name: str,
    description: str = "",
    is_enabled: bool = True,
) -> Project:
    """Make a project. Raises Forbidden, BadRequest, Conflict."""
    policy.check(ctx, "identity:create_project")
    project = Project(
        id=ids.ProjectId(ids.new_hex()), name=checked_name(name), description=description,
        is_enabled=int(is_enabled),
    )  # fmt: skip
    with db.transaction() as tx:
        projects.create(tx, project)
    return project


def update(
    db: connection.Database,
    ctx: context.RequestContext,
    project_id: str,
    *,
    name: str | None = None,
    description: str | None = None,
    is_enabled: bool | None = None,
) -> Project:
    """Change what is given. Raises Forbidden, NotFound, BadRequest, Conflict."""
    policy.check(ctx, "identity:update_project")
    with db.transaction() as tx:
        old = projects.get(tx, project_id)
        new = replace(
            old,
            name=old.name if name is None else checked_name(name),
            description=old.description if description is None else description,
            is_enabled=old.is_enabled if is_enabled is None else int(is_enabled),
        )
        projects.update(tx, new)
    return new


def delete(db: connection.Database, ctx: context.RequestContext, project_id: str) -> None:
    """Remove a project; what it owns stays, as Keystone leaves it. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:delete_project")
    with db.transaction() as tx:
        projects.delete(tx, project_id)


def checked_name(name: str) -> str:
    """A name of 1 to 64 characters that is not blank (Keystone's limit). Raises BadRequest."""
    if not name.strip() or len(name) > 64:
        raise errors.BadRequest(f"a name has 1 to 64 characters, not {len(name)}, and is not blank")
    return name
