"""Rows of `projects` with their tags; a domain is one of them."""

import json
from collections.abc import Mapping
from typing import Any, Final

from appliance import errors
from appliance.db import connection, extras
from appliance.model.project import DEFAULT_DOMAIN, Project

_SELECT: Final = (
    "SELECT p.*, (SELECT json_group_array(tag) FROM project_tags WHERE project_id = p.id) AS tags "
    "FROM projects p"
)
_COLUMNS: Final = ("name", "description", "is_enabled", "extra")  # what may be changed


def create(tx: connection.Transaction, project: Project) -> None:
    """Insert the row and its tags. Raises Conflict when its name is taken in its domain."""
    _check_name(tx, project)
    values = extras.columns(project)
    del values["tags"]
    tx.insert("projects", **values)
    put_tags(tx, project.id, project.tags)


def get(db: connection.Reader, project_id: str) -> Project:
    """The project; NotFound for a domain too, which `get_domain` finds."""
    found = find(db, project_id)
    if found is None or found.is_domain:
        raise errors.NotFound("project", project_id)
    return found


def get_domain(db: connection.Reader, domain_id: str) -> Project:
    """The domain. Raises NotFound."""
    found = find(db, domain_id)
    if found is None or not found.is_domain:
        raise errors.NotFound("domain", domain_id)
    return found


def find(db: connection.Reader, project_id: str) -> Project | None:
    """The project or domain with that id, None when there is none."""
    row = db.row(f"{_SELECT} WHERE p.id = ?", (project_id,))
    return _project(row) if row else None


def find_by_name(
    db: connection.Reader, name: str, *, domain_id: str = DEFAULT_DOMAIN
) -> Project | None:
    """The project of that name in the domain; with "" as `domain_id` the domain of that name."""
    row = db.row(f"{_SELECT} WHERE p.domain_id = ? AND p.name = ?", (domain_id, name))
    return _project(row) if row else None


def listed(db: connection.Reader, where: Mapping[str, object] | None = None) -> list[Project]:
    """Projects and domains whose columns have these values, by name."""
    wanted = dict(where or {})
    conditions = " AND ".join(["TRUE", *(f"p.{column} = ?" for column in wanted)])
    rows = db.rows(f"{_SELECT} WHERE {conditions} ORDER BY p.name, p.id", tuple(wanted.values()))
    return [_project(row) for row in rows]


def of_user(db: connection.Reader, user_id: str, *, is_domain: bool = False) -> list[Project]:
    """The enabled projects (or domains) in which the user has a role, by name: itself or through a
    group, granted there or inherited from above.
    """
    rows = db.rows(
        f"""
        WITH RECURSIVE granted (id, is_inherited) AS (
            SELECT target_id, is_inherited FROM role_assignments
            WHERE target_id IS NOT NULL AND (user_id = :user_id OR group_id IN
                  (SELECT group_id FROM group_members WHERE user_id = :user_id))
        ), below (id) AS (
            SELECT p.id FROM projects p JOIN granted g ON p.parent_id = g.id WHERE g.is_inherited
            UNION SELECT p.id FROM projects p JOIN below ON p.parent_id = below.id
        )
        {_SELECT} LEFT JOIN projects d ON d.id = p.domain_id
        WHERE p.id IN (SELECT id FROM granted WHERE NOT is_inherited UNION SELECT id FROM below)
              AND p.is_enabled AND coalesce(d.is_enabled, 1) AND p.is_domain = :is_domain
        ORDER BY p.name, p.id
        """,
        {"user_id": user_id, "is_domain": int(is_domain)},
    )
    return [_project(row) for row in rows]


def above(db: connection.Reader, project_id: str) -> list[Project]:
    """The project's parents, nearest first, its domain last."""
    return _chain(
        db, project_id,
        "SELECT parent_id, 1 FROM projects WHERE id = ? UNION ALL "
        "SELECT p.parent_id, depth + 1 FROM projects p JOIN tree ON p.id = tree.id",
    )  # fmt: skip


def below(db: connection.Reader, project_id: str) -> list[Project]:
    """What has the project (or domain) among its parents, nearest first."""
    return _chain(
        db, project_id,
        "SELECT id, 1 FROM projects WHERE parent_id = ? UNION ALL "
        "SELECT p.id, depth + 1 FROM projects p JOIN tree ON p.parent_id = tree.id",
    )  # fmt: skip


def update(tx: connection.Transaction, project: Project) -> None:
    """Write what may change of the row, and its tags. Raises NotFound, Conflict (the name)."""
    _check_name(tx, project)
    values = extras.columns(project)
    names = ", ".join(f"{name} = :{name}" for name in _COLUMNS)
    values.pop("tags")
    if not tx.execute(f"UPDATE projects SET {names} WHERE id = :id", values):
        raise errors.NotFound("project", project.id)
    put_tags(tx, project.id, project.tags)


def put_tags(tx: connection.Transaction, project_id: str, tags: tuple[str, ...]) -> None:
    """Let the project have these tags and no other."""
    tx.execute("DELETE FROM project_tags WHERE project_id = ?", (project_id,))
    for tag in dict.fromkeys(tags):
        tx.insert("project_tags", project_id=project_id, tag=tag)


def delete(tx: connection.Transaction, project_id: str) -> None:
    """Remove the row, its tags and every role in it; nothing is below it. Raises NotFound."""
    if not tx.execute("DELETE FROM projects WHERE id = ?", (project_id,)):
        raise errors.NotFound("project", project_id)


def _chain(db: connection.Reader, project_id: str, steps: str) -> list[Project]:
    rows = db.rows(
        f"WITH RECURSIVE tree (id, depth) AS ({steps}) "
        f"{_SELECT} JOIN tree ON tree.id = p.id ORDER BY tree.depth, p.name",
        (project_id,),
    )
    return [_project(row) for row in rows]


def _check_name(tx: connection.Transaction, project: Project) -> None:
    other = find_by_name(tx, project.name, domain_id=project.domain_id)
    if other is not None and other.id != project.id:
        noun = "domain" if project.is_domain else "project"
        raise errors.Conflict(f"Conflict occurred: a {noun} named {project.name} exists.")


def _project(row: connection.Row | dict[str, Any]) -> Project:
    fields = extras.fields(row)
    return Project(**fields | {"tags": tuple(sorted(json.loads(fields["tags"])))})
