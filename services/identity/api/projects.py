"""What a request may ask about projects: the tree that they are, and their tags."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from appliance import context, errors, ids, policy
from appliance.db import connection, journal, projects, users
from appliance.model.project import Project
from services.identity.api import domains, scoping
from services.identity.api.tags import check_tags

DEPTH_MAX: Final = 5  # Keystone's max_project_tree_depth: projects below each other, the domain not


def index(
    db: connection.Reader, ctx: context.RequestContext, where: Mapping[str, object] | None = None
) -> list[Project]:
    """The projects that the caller may see, with these columns. Raises Forbidden."""
    policy.check(ctx, "identity:list_projects", domain_id=ctx.domain_id)
    found = projects.listed(db, {"is_domain": 0, **(where or {})})
    return [
        one for one in found if not ctx.domain_id or ctx.is_admin or one.domain_id == ctx.domain_id
    ]


def mine(db: connection.Reader, ctx: context.RequestContext, user_id: str) -> list[Project]:
    """The projects in which a user has a role. Raises Forbidden, NotFound."""
    domain_id = scoping.domain_of_user(db, user_id)
    policy.check(ctx, "identity:list_user_projects", domain_id=domain_id, owner_id=user_id)
    users.get(db, user_id)
    return projects.of_user(db, user_id)


def show(db: connection.Reader, ctx: context.RequestContext, project_id: str) -> Project:
    """One project, or a domain as one. Raises NotFound, Forbidden."""
    found = projects.find(db, project_id)
    domain_id = found.domain_id if found else ""
    policy.check(ctx, "identity:get_project", domain_id=domain_id, owner_id=project_id)
    if found is None:
        raise errors.NotFound("project", project_id)
    return found


def family(
    db: connection.Reader, ctx: context.RequestContext, project_id: str
) -> tuple[list[Project], list[Project]]:
    """What is above a project and what is below, nearest first, of which the caller may see.

    Keystone shows of both only where the caller has a role; an admin sees all.
    """
    above, below = projects.above(db, project_id), projects.below(db, project_id)
    if not ctx.is_admin:
        own = {one.id for one in projects.of_user(db, ctx.user_id)}
        above, below = ([one for one in each if one.id in own] for each in (above, below))
    return above, below


def create(
    db: connection.Database, ctx: context.RequestContext, fields: Mapping[str, Any]
) -> Project:
    """Make a project of the model's `fields`. Raises Forbidden, BadRequest, NotFound, Conflict."""
    if fields.get("is_domain"):
        if fields.get("parent_id") or fields.get("domain_id"):
            raise errors.BadRequest("A project that acts as a domain has no parent and no domain.")
        return domains.create(db, ctx, fields)
    check_tags(fields.get("tags", ()))
    with db.transaction() as tx:
        placed = _place(tx, ctx, fields)
        policy.check(ctx, "identity:create_project", domain_id=placed["domain_id"])
        project = Project(**{"id": ids.ProjectId(ids.new_hex()), **fields, **placed})
        projects.create(tx, project)
        _note(tx, ctx, "project.create", project)
    return project


def update(
    db: connection.Database,
    ctx: context.RequestContext,
    project_id: str,
    fields: Mapping[str, Any],
) -> Project:
    """Change what is given. Raises Forbidden, NotFound, BadRequest, Conflict."""
    check_tags(fields.get("tags", ()))
    with db.transaction() as tx:
        old = projects.find(tx, project_id)
        domain_id = old.domain_id if old else ""
        policy.check(ctx, "identity:update_project", domain_id=domain_id)
        if old is None:
            raise errors.NotFound("project", project_id)
        _refuse_moving(old, fields)
        new = replace(old, **{**fields, "extra": {**old.extra, **fields.get("extra", {})}})
        _check_enabled(tx, old, new)
        projects.update(tx, new)
        _note(tx, ctx, "project.update", new)
    return new


def delete(db: connection.Database, ctx: context.RequestContext, project_id: str) -> None:
    """Remove a project; what it owns stays, as Keystone leaves it.

    Raises NotFound, and Forbidden while there are projects below it.
    """
    found = projects.find(db, project_id)
    if found is not None and found.is_domain:
        domains.delete(db, ctx, project_id)
        return
    policy.check(ctx, "identity:delete_project", domain_id=found.domain_id if found else "")
    with db.transaction() as tx:
        if projects.below(tx, project_id):
            raise errors.Forbidden(
                f"Cannot delete the project {project_id} since it is not a leaf in the hierarchy."
            )
        if found is not None:
            _note(tx, ctx, "project.delete", found)
        projects.delete(tx, project_id)


def _note(
    tx: connection.Transaction, ctx: context.RequestContext, action: str, project: Project
) -> None:
    journal.note(tx, ctx, action, object_id=project.id, name=project.name)


def _place(
    tx: connection.Transaction, ctx: context.RequestContext, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """Domain and parent of a new project. Raises BadRequest, NotFound, Forbidden (too deep)."""
    domain_id = fields.get("domain_id")
    parent = projects.find(tx, fields["parent_id"]) if fields.get("parent_id") else None
    if fields.get("parent_id") and parent is None:
        raise errors.NotFound("project", fields["parent_id"])
    if parent is None:
        parent = projects.get_domain(tx, scoping.domain(tx, ctx, domain_id))
    within = parent.id if parent.is_domain else parent.domain_id
    if domain_id not in (None, within):
        raise errors.BadRequest("The project's parent is in another domain than it.")
    if not parent.is_enabled and fields.get("is_enabled", 1):
        raise errors.Forbidden(f"The parent {parent.id} is disabled: so must be what is below.")
    if len(projects.above(tx, parent.id)) + 1 > DEPTH_MAX:
        raise errors.Forbidden(f"Max hierarchy depth reached for {parent.id}: {DEPTH_MAX}.")
    return {"domain_id": within, "parent_id": parent.id}


def _refuse_moving(old: Project, fields: Mapping[str, Any]) -> None:
    if fields.get("parent_id", old.parent_id) != old.parent_id:
        raise errors.Forbidden("Update of `parent_id` is not allowed.")
    if fields.get("domain_id", old.domain_id or None) not in (old.domain_id, old.domain_id or None):
        raise errors.BadRequest("Update of `domain_id` is not allowed.")
    if bool(fields.get("is_domain", old.is_domain)) != bool(old.is_domain):
        raise errors.BadRequest("Update of `is_domain` is not allowed.")


def _check_enabled(tx: connection.Transaction, old: Project, new: Project) -> None:
    """Enabled projects are below enabled ones only (Keystone, resource/core.py)."""
    if new.is_enabled and not old.is_enabled:
        for parent in projects.above(tx, new.id):
            if not parent.is_enabled:
                raise errors.Forbidden(
                    f"Cannot enable {new.id}: its parent {parent.id} is disabled."
                )
    is_disabled = old.is_enabled and not new.is_enabled and not new.is_domain
    if is_disabled and any(one.is_enabled for one in projects.below(tx, new.id)):
        raise errors.Forbidden(
            f"Cannot disable project {new.id} since its subtree contains enabled projects."
        )
