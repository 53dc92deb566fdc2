"""What a request may ask about trusts (Keystone's OS-TRUST)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from appliance import clock, context, errors, ids, policy
from appliance.db import connection, projects, roles, trusts, users
from appliance.model.role import Role
from appliance.model.trust import Trust
from services.identity import delegation

REDELEGATIONS_MAX: Final = 3  # Keystone's max_redelegation_count


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTrust:
    """What a trustor says. Roles are (id, name), one of them said."""

    trustor_id: str
    trustee_id: str
    project_id: str | None
    roles: tuple[tuple[str | None, str | None], ...]
    is_impersonating: bool
    expires_at: str | None = None
    remaining_uses: int | None = None
    is_redelegable: bool = False
    redelegation_count: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def create(db: connection.Database, ctx: context.RequestContext, new: NewTrust) -> Trust:
    """Let another user have some of one's roles; with a token of a trust, hand that one on.

    Raises Forbidden, NotFound, BadRequest.
    """
    policy.check(ctx, "identity:create_trust", owner_id=new.trustor_id)
    if new.trustor_id != ctx.user_id:
        raise errors.Forbidden("The authenticated user should match the trustor.")
    delegation.refuse_restricted(ctx)
    if new.expires_at is not None and new.expires_at <= clock.stamp():
        raise errors.BadRequest("The trust would have expired already.")
    if new.remaining_uses is not None and new.is_redelegable:
        raise errors.BadRequest("A trust with remaining_uses cannot be handed on.")
    with db.transaction() as tx:
        users.get(tx, new.trustee_id)
        delegation.refuse_more(trusts.listed(tx, trustor_id=new.trustor_id), "trusts")
        parent = trusts.get(tx, ctx.trust_id) if ctx.trust_id else None
        if parent is not None:
            _check_handed_on(new, parent)
        trust = Trust(
            id=ids.new_hex(), trustor_id=new.trustor_id, trustee_id=new.trustee_id,
            project_id=new.project_id, roles=_roles(tx, ctx, new, parent),
            is_impersonating=int(new.is_impersonating),
            expires_at=new.expires_at or (parent.expires_at if parent else None),
            remaining_uses=new.remaining_uses,
            redelegated_trust_id=parent.id if parent else None,
            redelegation_count=_redelegations(new, parent), extra=new.extra,
        )  # fmt: skip
        trusts.create(tx, trust)
    return trust


def index(
    db: connection.Reader,
    ctx: context.RequestContext,
    *,
    trustor_id: str | None = None,
    trustee_id: str | None = None,
) -> list[Trust]:
    """Trusts (of a trustor, of a trustee): one's own, or an admin all. Raises Forbidden."""
    if trustor_id is None and trustee_id is None:
        policy.check(ctx, "identity:list_trusts")
    else:
        owner_id = ctx.user_id if ctx.user_id in (trustor_id, trustee_id) else trustor_id or ""
        policy.check(ctx, "identity:list_trusts_of_user", owner_id=owner_id)
    return trusts.listed(db, trustor_id=trustor_id, trustee_id=trustee_id)


def show(db: connection.Reader, ctx: context.RequestContext, trust_id: str) -> Trust:
    """One trust: for its trustor and trustee. Raises NotFound, Forbidden."""
    trust = trusts.get(db, trust_id)
    is_own = ctx.user_id in (trust.trustor_id, trust.trustee_id)
    policy.check(ctx, "identity:get_trust", owner_id=ctx.user_id if is_own else trust.trustor_id)
    return trust


def delete(db: connection.Database, ctx: context.RequestContext, trust_id: str) -> None:
    """End a trust, its tokens, and what was handed on from it. Raises NotFound, Forbidden."""
    with db.transaction() as tx:
        trust = trusts.get(tx, trust_id)
        policy.check(ctx, "identity:delete_trust", owner_id=trust.trustor_id)
        trusts.delete(tx, trust_id)


def roles_of(db: connection.Reader, trust: Trust) -> list[Role]:
    """The roles handed over that there still are."""
    return [role for role in roles.listed(db) if role.id in trust.roles]


def _roles(
    tx: connection.Transaction, ctx: context.RequestContext, new: NewTrust, parent: Trust | None
) -> tuple[str, ...]:
    """Ids of the roles, all of which may be handed over. Raises Forbidden, NotFound, BadRequest."""
    if new.project_id is None:
        if new.roles:
            raise errors.BadRequest("A trust with roles is for a project.")
        return ()
    if not new.roles:
        raise errors.Forbidden("At least one role should be specified.")
    projects.get(tx, new.project_id)
    held = {role.id for role in _held(tx, ctx, new, parent)}
    found = [_role(tx, key, name) for key, name in new.roles]
    for role in found:
        if role.id not in held:
            raise errors.Forbidden(f"Role {role.name} is not the trustor's to hand over.")
    return tuple(dict.fromkeys(role.id for role in found))


def _held(
    tx: connection.Transaction, ctx: context.RequestContext, new: NewTrust, parent: Trust | None
) -> list[Role]:
    """What the caller may hand over of the project: with a token for a part of it, that part."""
    origin_id = trusts.chain(tx, parent)[-1].trustor_id if parent else new.trustor_id
    held = roles.of_user(tx, origin_id, new.project_id or "")
    if parent is not None:
        return [role for role in held if role.id in parent.roles]
    if ctx.application_credential_id:
        is_same = new.project_id == ctx.project_id
        return [role for role in held if is_same and role.name in ctx.roles]
    return held


def _role(db: connection.Reader, role_id: str | None, name: str | None) -> Role:
    found = roles.get(db, role_id) if role_id else roles.find_by_name(db, name or "")
    if found is None:
        raise errors.NotFound("role", name or "")
    return found


def _check_handed_on(new: NewTrust, parent: Trust) -> None:
    """Raise Forbidden when the new trust would be more than the one it is handed on from."""
    if parent.redelegation_count <= 0:
        raise errors.Forbidden("The trust may not be handed on.")
    if new.project_id != parent.project_id:
        raise errors.Forbidden("A trust is handed on for its own project.")
    if new.is_impersonating and not parent.is_impersonating:
        raise errors.Forbidden("The trust does not impersonate, so none from it may.")
    if new.remaining_uses is not None:
        raise errors.Forbidden("A trust that is handed on has no remaining_uses.")
    if parent.expires_at and (new.expires_at or "") > parent.expires_at:
        raise errors.Forbidden("A trust that is handed on ends no later than the first.")


def _redelegations(new: NewTrust, parent: Trust | None) -> int:
    """How often it may be handed on. Raises Forbidden."""
    if not new.is_redelegable:
        return 0
    most = REDELEGATIONS_MAX if parent is None else parent.redelegation_count - 1
    count = most if new.redelegation_count is None else new.redelegation_count
    if count > most:
        raise errors.Forbidden(f"A redelegation_count of {count} is above the {most} there may be.")
    return count
