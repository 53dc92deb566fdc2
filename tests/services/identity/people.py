"""Users with roles in a project of their name, as the contexts of their requests."""

from appliance import context, ids
from appliance.db import connection, projects, role_assignments, roles, users
from appliance.model.project import DEFAULT_DOMAIN, Project
from appliance.model.role import Assignment, Role
from appliance.model.user import User


def add_user(db: connection.Database, name: str, *granted: str) -> context.RequestContext:
    """A user, its project `<name>s`, and these roles of its there."""
    project = Project(id=ids.ProjectId(ids.new_hex()), name=f"{name}s", parent_id=DEFAULT_DOMAIN)
    user = User(id=ids.UserId(ids.new_hex()), name=name, password_hash="x")
    with db.transaction() as tx:
        projects.create(tx, project)
        users.create(tx, user)
    for role in granted:
        grant(db, role, user_id=user.id, project_id=project.id)
    return context.RequestContext(
        user_id=user.id, user_name=name, project_id=project.id, project_name=project.name,
        roles=frozenset(granted), user_domain_id=DEFAULT_DOMAIN,
    )  # fmt: skip


def grant(db: connection.Database, name: str, *, user_id: str, project_id: str) -> str:
    """Give a user a role in a project, making the role if it is new; the role's id."""
    with db.transaction() as tx:
        role = roles.find_by_name(tx, name)
        if role is None:
            role = Role(id=ids.new_hex(), name=name)
            roles.create(tx, role)
        assignment = Assignment(role_id=role.id, user_id=user_id, target_id=project_id)
        role_assignments.assign(tx, assignment)
    return role.id


def take_roles(db: connection.Database, user_id: str, *names: str) -> None:
    """Take these roles from a user, wherever it has them."""
    with db.transaction() as tx:
        for given in role_assignments.listed(tx, user_id=user_id):
            if roles.get(tx, given.role_id).name in names:
                role_assignments.unassign(tx, given)
