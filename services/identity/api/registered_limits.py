"""What a request may ask about registered limits: what everybody may have by default."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from appliance import context, errors, ids, policy
from appliance.db import catalog, connection, limits
from appliance.db import registered_limits as rows
from appliance.model.unified_limit import RegisteredLimit

AT_ONCE_MAX: Final = 1000  # in one request: all of them are one transaction
_IDENTITY: Final = ("service_id", "region_id", "resource_name")  # what a limit refers to


def index(
    db: connection.Reader, ctx: context.RequestContext, where: Mapping[str, object]
) -> list[RegisteredLimit]:
    """Those with these columns: everybody may see them all."""
    policy.check(ctx, "identity:list_registered_limits")
    return rows.listed(db, where)


def show(db: connection.Reader, ctx: context.RequestContext, limit_id: str) -> RegisteredLimit:
    """One of them. Raises NotFound."""
    policy.check(ctx, "identity:get_registered_limit")
    return rows.get(db, limit_id)


def create(
    db: connection.Database, ctx: context.RequestContext, asked: Sequence[Mapping[str, Any]]
) -> list[RegisteredLimit]:
    """Make them, each of the model's fields: all or none.

    Raises Forbidden, BadRequest (no such service or region), Conflict.
    """
    policy.check(ctx, "identity:create_registered_limit")
    made = [RegisteredLimit(**{"id": ids.new_hex(), **fields}) for fields in asked]
    with db.transaction() as tx:
        for limit in made:
            require_resource(tx, service_id=limit.service_id, region_id=limit.region_id)
            rows.create(tx, limit)
    return made


def update(
    db: connection.Database, ctx: context.RequestContext, limit_id: str, fields: Mapping[str, Any]
) -> RegisteredLimit:
    """Change what is given. Raises NotFound, BadRequest, Conflict.

    Forbidden too: which resource it is of stays, while limits refer to it.
    """
    policy.check(ctx, "identity:update_registered_limit")
    with db.transaction() as tx:
        old = rows.get(tx, limit_id)
        new = replace(old, **fields)
        if any(getattr(new, name) != getattr(old, name) for name in _IDENTITY):
            _refuse_used(tx, limit_id)
            require_resource(tx, service_id=new.service_id, region_id=new.region_id)
        rows.update(tx, new)
    return new


def delete(db: connection.Database, ctx: context.RequestContext, limit_id: str) -> None:
    """Remove it. Raises NotFound, and Forbidden while limits refer to it."""
    policy.check(ctx, "identity:delete_registered_limit")
    with db.transaction() as tx:
        rows.get(tx, limit_id)
        _refuse_used(tx, limit_id)
        rows.delete(tx, limit_id)


def require_resource(db: connection.Reader, *, service_id: str, region_id: str | None) -> None:
    """Raise BadRequest when there is no such service, or no such region."""
    if not catalog.services.listed(db, {"id": service_id}):
        raise errors.BadRequest(f"Could not find service: {service_id}.")
    if region_id is not None and not catalog.regions.listed(db, {"id": region_id}):
        raise errors.BadRequest(f"Could not find region: {region_id}.")


def _refuse_used(tx: connection.Transaction, limit_id: str) -> None:
    if limits.listed(tx, {"registered_limit_id": limit_id}):
        raise errors.Forbidden(
            f"Unable to update or delete registered limit {limit_id}: there are limits of projects "
            "or domains that follow it."
        )
