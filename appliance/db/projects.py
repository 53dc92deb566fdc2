"""Rows of `projects`."""

import dataclasses

from appliance import errors
from appliance.db import connection
from appliance.model.project import Project


def create(tx: connection.Transaction, project: Project) -> None:
    """Insert the row. Raises Conflict when its name is taken."""
    if find_by_name(tx, project.name) is not None:
        raise errors.Conflict(f"Conflict occurred: a project named {project.name} exists.")
    tx.insert("projects", **dataclasses.asdict(project))


def get(db: connection.Reader, project_id: str) -> Project:
    """The project. Raises NotFound."""
    row = db.row("SELECT * FROM projects WHERE id = ?", (project_id,))
    return Project(**connection.found(row, "project", project_id))


def find_by_name(db: connection.Reader, name: str) -> Project | None:
    """The project of that name, None when there is none."""
    row = db.row("SELECT * FROM projects WHERE domain_id = 'default' AND name = ?", (name,))
    return Project(**dict(row)) if row else None


def all_projects(db: connection.Reader, *, name: str | None = None) -> list[Project]:
    """Every project (of that name), by name."""
    rows = db.rows(
        "SELECT * FROM projects WHERE domain_id = 'default' AND name = coalesce(?, name) "
        "ORDER BY name",
        (name,),
    )
    return [Project(**dict(row)) for row in rows]


def of_user(db: connection.Reader, user_id: str) -> list[Project]:
    """The enabled projects in which the user has a role, by name."""
    rows = db.rows(
        "SELECT DISTINCT p.* FROM role_assignments a JOIN projects p ON p.id = a.project_id "
        "WHERE a.user_id = ? AND p.is_enabled ORDER BY p.name",
        (user_id,),
    )
    return [Project(**dict(row)) for row in rows]


def update(tx: connection.Transaction, project: Project) -> None:
    """Write the row as it is now. Raises NotFound, and Conflict when its name is taken."""
    other = find_by_name(tx, project.name)
    if other is not None and other.id != project.id:
        raise errors.Conflict(f"Conflict occurred: a project named {project.name} exists.")
    touched = tx.execute(
        "UPDATE projects SET name = :name, description = :description, is_enabled = :is_enabled "
        "WHERE id = :id",
        dataclasses.asdict(project),
    )
    if not touched:
        raise errors.NotFound("project", project.id)


def delete(tx: connection.Transaction, project_id: str) -> None:
    """Remove the row and every role in it. Raises NotFound."""
    if not tx.execute("DELETE FROM projects WHERE id = ?", (project_id,)):
        raise errors.NotFound("project", project_id)
