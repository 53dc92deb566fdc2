"""What a request may ask about limits: what one project or domain may have, instead of the default.

The model is Keystone's `flat`: a limit of a project says nothing about what is below it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from appliance import context, errors, ids, policy
from appliance.db import connection, projects, registered_limits
from appliance.db import limits as rows
from appliance.model.project import Project
from appliance.model.unified_limit import Limit
from services.identity.api.registered_limits import require_resource


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLimit:
    """What is said of a limit: of a project or of a domain, one of them."""

    service_id: str
    resource_name: str
    resource_limit: int
    region_id: str | None = None
    project_id: str | None = None
    domain_id: str | None = None
    description: str | None = None


MODEL: Final = {
    "name": "flat",
    "description": "Limit enforcement and validation does not take project hierarchy into "
    "consideration.",
}


def model(ctx: context.RequestContext) -> Mapping[str, str]:
    """How limits of projects and of what is below them go together, in Keystone's words."""
    policy.check(ctx, "identity:get_limit_model")
    return MODEL


def index(
    db: connection.Reader, ctx: context.RequestContext, where: Mapping[str, object]
) -> list[Limit]:
    """Limits of these values that the caller may see: those of what its token is for.

    Whose token is for a domain sees those of its projects too; who reads the system, or is an
    admin, all; whose token is for nothing, none.
    """
    policy.check(ctx, "identity:list_limits")
    if ctx.is_system_scoped or ctx.is_admin:
        return rows.listed(db, where)
    if ctx.domain_id:
        return rows.listed(db, where, within=ctx.domain_id)
    return [one for one in rows.listed(db, where) if one.target_id == ctx.project_id]


def show(db: connection.Reader, ctx: context.RequestContext, limit_id: str) -> Limit:
    """One limit. Raises NotFound, Forbidden."""
    limit = rows.get(db, limit_id)
    target = projects.find(db, limit.target_id)
    domain_id = target.domain_id if target else ""
    policy.check(ctx, "identity:get_limit", domain_id=domain_id, owner_id=limit.target_id)
    return limit


def create(
    db: connection.Database, ctx: context.RequestContext, asked: Sequence[NewLimit]
) -> list[Limit]:
    """Make them: all or none.

    Raises Forbidden (no registered limit of that resource, too), BadRequest, Conflict.
    """
    policy.check(ctx, "identity:create_limit")
    with db.transaction() as tx:
        return [_made(tx, one) for one in asked]


def update(
    db: connection.Database, ctx: context.RequestContext, limit_id: str, fields: Mapping[str, Any]
) -> Limit:
    """Change how much, or the description. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:update_limit")
    with db.transaction() as tx:
        new = replace(rows.get(tx, limit_id), **fields)
        rows.update(tx, new)
    return new


def delete(db: connection.Database, ctx: context.RequestContext, limit_id: str) -> None:
    """Remove it: the default holds again. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:delete_limit")
    with db.transaction() as tx:
        rows.delete(tx, limit_id)


def _made(tx: connection.Transaction, asked: NewLimit) -> Limit:
    """Write one limit. Raises BadRequest, Forbidden, Conflict."""
    require_resource(tx, service_id=asked.service_id, region_id=asked.region_id)
    target = _target(tx, asked)
    registered = registered_limits.find_of_resource(
        tx, service_id=asked.service_id, region_id=asked.region_id,
        resource_name=asked.resource_name,
    )  # fmt: skip
    if registered is None:
        raise errors.Forbidden(
            f"Unable to create a limit of {asked.resource_name}: it has no registered limit."
        )
    limit = Limit(
        id=ids.new_hex(), registered_limit_id=registered.id, target_id=target.id,
        resource_limit=asked.resource_limit, description=asked.description,
        service_id=registered.service_id, resource_name=registered.resource_name,
        region_id=registered.region_id, is_of_domain=target.is_domain,
    )  # fmt: skip
    rows.create(tx, limit)
    return limit


def _target(tx: connection.Transaction, asked: NewLimit) -> Project:
    """The project or domain; a domain may be said to be a project (Keystone). Raises BadRequest."""
    named = [key for key in (asked.project_id, asked.domain_id) if key is not None]
    if len(named) != 1:
        raise errors.BadRequest("A limit is of a project_id or of a domain_id: say one of them.")
    found = projects.find(tx, named[0])
    if found is None or (asked.domain_id is not None and not found.is_domain):
        noun = "project" if asked.domain_id is None else "domain"
        raise errors.BadRequest(f"Could not find {noun}: {named[0]}.")
    return found
