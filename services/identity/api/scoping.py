"""What identity's verbs share: the domain that a caller means who names none, and may see."""

from collections.abc import Mapping
from typing import Any

from appliance import context, errors
from appliance.db import connection, projects, users
from appliance.model.project import DEFAULT_DOMAIN


def domain(db: connection.Reader, ctx: context.RequestContext, said: str | None) -> str:
    """The id of the domain said, or of the caller's token. Raises NotFound."""
    if said is not None:
        return projects.get_domain(db, said).id
    own = projects.find(db, ctx.project_id) if ctx.project_id else None
    return ctx.domain_id or (own.domain_id if own else "") or ctx.user_domain_id or DEFAULT_DOMAIN


def domain_of_user(db: connection.Reader, user_id: str) -> str:
    """The id of a user's domain; "", which is nobody's, when the user is not there."""
    found = users.find(db, user_id)
    return found.domain_id if found else ""


def narrowed(ctx: context.RequestContext, where: Mapping[str, object]) -> dict[str, object] | None:
    """A filter that leaves whose token is for a domain only what is in that domain; None: nothing
    is, as another domain's is asked for.
    """
    if not ctx.domain_id or ctx.is_admin:
        return dict(where)
    is_own = where.get("domain_id", ctx.domain_id) == ctx.domain_id
    return {**where, "domain_id": ctx.domain_id} if is_own else None


def changed(old: Any, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a PATCH: what is said in `extra` is set beside what was.

    Raises BadRequest when it would move to another domain.
    """
    if fields.get("domain_id", old.domain_id) != old.domain_id:
        raise errors.BadRequest("Update of `domain_id` is not allowed.")
    return {**fields, "extra": {**old.extra, **fields.get("extra", {})}}
