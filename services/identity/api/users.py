"""What a request may ask about users."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from appliance import clock, config, context, errors, ids, policy
from appliance.db import connection, journal, old_passwords, projects, users
from appliance.model.user import User
from services.identity import passwords, proofs, standing
from services.identity.api import scoping
from services.identity.lockout import Lockout


def index(
    db: connection.Reader, ctx: context.RequestContext, where: Mapping[str, object]
) -> list[User]:
    """The users that the caller may see, with these columns. Raises Forbidden."""
    policy.check(ctx, "identity:list_users", domain_id=ctx.domain_id)
    wanted = scoping.narrowed(ctx, where)
    return [] if wanted is None else users.listed(db, wanted)


def show(db: connection.Reader, ctx: context.RequestContext, user_id: str) -> User:
    """One user: oneself, or an admin anybody. Raises NotFound, Forbidden."""
    return _allowed(db, ctx, "identity:get_user", user_id, owner_id=user_id)


def create(db: connection.Database, ctx: context.RequestContext, fields: Mapping[str, Any]) -> User:
    """Make a user, who has no role anywhere yet; `fields` are the model's, and `password`.

    Raises Forbidden, BadRequest, NotFound (domain), Conflict.
    """
    said = dict(fields)
    secret = said.pop("password", None)
    hashed = "" if secret is None else passwords.hashed(_checked(secret))
    with db.transaction() as tx:
        domain_id = scoping.domain(tx, ctx, said.get("domain_id"))
        policy.check(ctx, "identity:create_user", domain_id=domain_id)
        _check_default_project(tx, said)
        user = User(
            **{
                "id": ids.UserId(ids.new_hex()), **said, "domain_id": domain_id,
                "password_hash": hashed, "password_set_at": clock.stamp() if hashed else None,
            }
        )  # fmt: skip
        users.create(tx, user)
        _note(tx, ctx, "user.create", user)
    return user


def update(
    db: connection.Database, ctx: context.RequestContext, user_id: str, fields: Mapping[str, Any]
) -> User:
    """Change what is given; a new password ends the user's tokens.

    Raises Forbidden, NotFound, BadRequest, Conflict.
    """
    said = dict(fields)
    secret = said.pop("password", None)
    hashed = None if secret is None else passwords.hashed(_checked(secret))
    with db.transaction() as tx:
        old = _allowed(tx, ctx, "identity:update_user", user_id)
        _check_default_project(tx, said)
        if hashed is not None:
            said |= {"password_hash": hashed, "password_set_at": clock.stamp()}
            old_passwords.keep(tx, user_id, old.password_hash)
        new = replace(old, **scoping.changed(old, said))
        users.update(tx, new)
        _note(tx, ctx, "user.update", new)
    return new


def change_password(
    settings: config.Settings,
    db: connection.Database,
    user_id: str,
    *,
    original: str,
    password: str,
) -> None:
    """Change a user's password, knowing the old one; all its tokens end.

    Raises Unauthorized when that is not it, or the user is disabled or locked out, BadRequest for
    one of the last that are remembered.
    """
    proof = proofs.Password(who=proofs.Who(id=user_id), password=original)
    user = proofs.by_password(db, proof, Lockout(settings, db))
    standing.read(db, standing.Claim(user_id=user.id))  # disabled, it may not even this
    _checked(password)
    _refuse_remembered(db, user, password, count=settings.identity.passwords_remembered)
    hashed = passwords.hashed(password)
    with db.transaction() as tx:
        old_passwords.keep(tx, user_id, user.password_hash)
        users.set_password(tx, user_id, hashed)


def delete(db: connection.Database, ctx: context.RequestContext, user_id: str) -> None:
    """Remove a user; its tokens end with it. Raises Forbidden, NotFound."""
    with db.transaction() as tx:
        _note(tx, ctx, "user.delete", _allowed(tx, ctx, "identity:delete_user", user_id))
        users.delete(tx, user_id)


def _note(tx: connection.Transaction, ctx: context.RequestContext, action: str, user: User) -> None:
    journal.note(tx, ctx, action, object_id=user.id, name=user.name)


def _allowed(
    db: connection.Reader, ctx: context.RequestContext, rule: str, user_id: str, owner_id: str = ""
) -> User:
    """The user, where policy lets the caller do what `rule` names to it."""
    found = users.find(db, user_id)
    policy.check(ctx, rule, domain_id=found.domain_id if found else "", owner_id=owner_id)
    return users.get(db, user_id)


def _checked(password: str) -> str:
    if not 0 < len(password) <= passwords.CHARS_MAX:
        raise errors.BadRequest(f"a password has 1 to {passwords.CHARS_MAX} characters")
    return password


def _check_default_project(db: connection.Reader, said: Mapping[str, Any]) -> None:
    """A default project that is a domain is refused; one that is not there is not (Keystone)."""
    found = projects.find(db, said.get("default_project_id") or "")
    if found is not None and found.is_domain:
        raise errors.BadRequest("A domain cannot be a user's default project.")


def _refuse_remembered(db: connection.Reader, user: User, password: str, *, count: int) -> None:
    """Keystone's unique_last_password_count, the current one among them."""
    if count <= 0:
        return
    last = [user.password_hash, *old_passwords.newest(db, user.id, count - 1)]
    if any(passwords.matches(each, password) for each in last):
        raise errors.BadRequest(
            f"The new password cannot be identical to one of the last {count} passwords."
        )
