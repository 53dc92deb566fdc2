"""What a request may ask about application credentials and their access rules."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from appliance import clock, context, errors, ids, log, policy
from appliance.db import application_credentials as rows
from appliance.db import connection, roles
from appliance.model.access_rule import AccessRule
from appliance.model.application_credential import ApplicationCredential
from services.identity import delegation, passwords


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCredential:
    """What a user says of a credential. Roles are (id, name), one of them said; none: all it has.

    An access rule with an id names one that the user made before.
    """

    name: str
    description: str = ""
    secret: str | None = field(default=None, repr=False)
    roles: tuple[tuple[str | None, str | None], ...] = ()
    expires_at: str | None = None
    is_unrestricted: bool = False
    access_rules: tuple[AccessRule, ...] = ()


def create(
    db: connection.Database, ctx: context.RequestContext, user_id: str, new: NewCredential
) -> tuple[ApplicationCredential, log.Secret]:
    """A credential for the project of the caller's token, and its secret, seen this once.

    Raises Forbidden (another's; a restricted credential's token; a role that the token has not),
    BadRequest, NotFound, Conflict (the name).
    """
    _check_own(ctx, "identity:create_application_credential", user_id)
    if not ctx.project_id:
        raise errors.BadRequest("An application credential is of a project: the token has none.")
    if new.expires_at is not None and new.expires_at <= clock.stamp():
        raise errors.BadRequest("The credential would have expired already.")
    if len(new.secret or "") > passwords.CHARS_MAX:
        raise errors.BadRequest(f"A secret has at most {passwords.CHARS_MAX} characters.")
    secret = log.Secret(new.secret or secrets.token_urlsafe(64))
    hashed = passwords.hashed(secret.reveal())
    with db.transaction() as tx:
        delegation.refuse_more(rows.of_user(tx, user_id), "application credentials")
        credential = ApplicationCredential(
            id=ids.new_hex(), name=new.name, secret_hash=hashed, user_id=ctx.user_id,
            project_id=ctx.project_id, roles=_roles(tx, ctx, new), created_at=clock.stamp(),
            description=new.description, is_unrestricted=int(new.is_unrestricted),
            expires_at=new.expires_at, access_rules=_rules(tx, user_id, new.access_rules),
        )  # fmt: skip
        rows.create(tx, credential)
    return credential, secret


def index(
    db: connection.Reader, ctx: context.RequestContext, user_id: str, *, name: str | None = None
) -> list[ApplicationCredential]:
    """A user's credentials (of that name). Raises Forbidden."""
    policy.check(ctx, "identity:list_application_credentials", owner_id=user_id)
    return rows.of_user(db, user_id, name=name)


def show(
    db: connection.Reader, ctx: context.RequestContext, user_id: str, credential_id: str
) -> ApplicationCredential:
    """One of them. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:get_application_credential", owner_id=user_id)
    found = rows.find(db, credential_id)
    if found is None or found.user_id != user_id:
        raise errors.NotFound("application credential", credential_id)
    return found


def delete(
    db: connection.Database, ctx: context.RequestContext, user_id: str, credential_id: str
) -> None:
    """End a credential, and the tokens got with it. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:delete_application_credential", owner_id=user_id)
    delegation.refuse_restricted(ctx)
    with db.transaction() as tx:
        found = rows.find(tx, credential_id)
        if found is None or found.user_id != user_id:
            raise errors.NotFound("application credential", credential_id)
        rows.delete(tx, credential_id)


def rules(db: connection.Reader, ctx: context.RequestContext, user_id: str) -> list[AccessRule]:
    """A user's access rules. Raises Forbidden."""
    policy.check(ctx, "identity:list_access_rules", owner_id=user_id)
    return rows.rules_of_user(db, user_id)


def rule(
    db: connection.Reader, ctx: context.RequestContext, user_id: str, rule_id: str
) -> AccessRule:
    """One of them. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:get_access_rule", owner_id=user_id)
    return _rule(db, user_id, rule_id)


def delete_rule(
    db: connection.Database, ctx: context.RequestContext, user_id: str, rule_id: str
) -> None:
    """Remove an access rule. Raises Forbidden (another's, or one in use), NotFound."""
    policy.check(ctx, "identity:delete_access_rule", owner_id=user_id)
    with db.transaction() as tx:
        _rule(tx, user_id, rule_id)
        if rows.is_rule_used(tx, rule_id):
            raise errors.Forbidden(f"Access rule {rule_id} is used by an application credential.")
        rows.delete_rule(tx, rule_id)


def _check_own(ctx: context.RequestContext, rule_name: str, user_id: str) -> None:
    """Only a user itself makes what stands for it: not an admin either (Keystone)."""
    policy.check(ctx, rule_name, owner_id=user_id)
    if user_id != ctx.user_id or ctx.trust_id:
        raise errors.Forbidden("Only a user itself makes credentials that stand for it.")
    delegation.refuse_restricted(ctx)


def _roles(
    tx: connection.Transaction, ctx: context.RequestContext, new: NewCredential
) -> tuple[str, ...]:
    """Ids of the roles asked for, all of which the token has. Raises Forbidden, BadRequest."""
    held = [
        role for role in roles.of_user(tx, ctx.user_id, ctx.project_id) if role.name in ctx.roles
    ]
    if not held:
        raise errors.Forbidden("The token has no role in its project to hand over.")
    if not new.roles:
        return tuple(role.id for role in held)
    found = []
    for key, name in new.roles:
        match = [role for role in held if key in (None, role.id) and name in (None, role.name)]
        if not match or (key is None and name is None):
            raise errors.BadRequest(f"The token has no role {key or name} in its project.")
        found.append(match[0].id)
    return tuple(dict.fromkeys(found))


def _rules(
    tx: connection.Transaction, user_id: str, asked: Sequence[AccessRule]
) -> tuple[AccessRule, ...]:
    """The rules asked for: those that the user has already are used again.

    Raises NotFound, and Forbidden when the user would have too many.
    """
    known = rows.rules_of_user(tx, user_id)
    by_id = {one.id: one for one in known}
    by_meaning = {replace(one, id=""): one for one in known}
    found = []
    for one in asked:
        if one.id and not one.path:
            if one.id not in by_id:
                raise errors.NotFound("access rule", one.id)
            found.append(by_id[one.id])
        else:
            same = by_meaning.get(replace(one, id=""))
            if same is None:
                delegation.refuse_more(by_meaning, "access rules")
            found.append(same or replace(one, id=ids.new_hex()))
            by_meaning[replace(one, id="")] = found[-1]
    return tuple(dict.fromkeys(found))


def _rule(db: connection.Reader, user_id: str, rule_id: str) -> AccessRule:
    for one in rows.rules_of_user(db, user_id):
        if one.id == rule_id:
            return one
    raise errors.NotFound("access rule", rule_id)
