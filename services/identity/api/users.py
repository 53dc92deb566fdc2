"""What a request may ask about users."""

from dataclasses import replace

from appliance import context, errors, ids, policy
from appliance.db import connection, users
from appliance.model.user import User
from services.identity import passwords

NAME_CHARS_MAX = 255  # Keystone's limit


def index(
    db: connection.Reader, ctx: context.RequestContext, *, name: str | None = None
) -> list[User]:
    """Every user (of that name). Raises Forbidden."""
    policy.check(ctx, "identity:list_users")
    return users.all_users(db, name=name)


def show(db: connection.Reader, ctx: context.RequestContext, user_id: str) -> User:
    """One user: oneself, or an admin anybody. Raises NotFound, Forbidden."""
    if user_id != ctx.user_id:
        policy.check(ctx, "identity:list_users")
    return users.get(db, user_id)


def create(
    db: connection.Database,
    ctx: context.RequestContext,
    *,
    name: str,
    password: str,
    default_project_id: str | None = None,
    is_enabled: bool = True,
) -> User:
    """Make a user, who has no role anywhere yet. Raises Forbidden, BadRequest, Conflict."""
    policy.check(ctx, "identity:create_user")
    user = User(
        id=ids.UserId(ids.new_hex()), name=_checked_name(name),
        password_hash=passwords.hashed(_checked_password(password)),
        default_project_id=ids.ProjectId(default_project_id) if default_project_id else None,
        is_enabled=int(is_enabled),
    )  # fmt: skip
    with db.transaction() as tx:
        users.create(tx, user)
    return user


def update(
    db: connection.Database,
    ctx: context.RequestContext,
    user_id: str,
    *,
    name: str | None = None,
    password: str | None = None,
    default_project_id: str | None = None,
    is_enabled: bool | None = None,
) -> User:
    """Change what is given; a new password ends the user's tokens.

    Raises Forbidden, NotFound, BadRequest, Conflict.
    """
    policy.check(ctx, "identity:update_user")
    new_hash = None if password is None else passwords.hashed(_checked_password(password))
    with db.transaction() as tx:
        old = users.get(tx, user_id)
        new = replace(
            old,
            name=old.name if name is None else _checked_name(name),
            password_hash=new_hash or old.password_hash,
            default_project_id=ids.ProjectId(default_project_id)
            if default_project_id
            else old.default_project_id,
            is_enabled=old.is_enabled if is_enabled is None else int(is_enabled),
        )
        users.update(tx, new)
    return new


def change_password(
    db: connection.Database,
    ctx: context.RequestContext,
    user_id: str,
    *,
    original: str,
    password: str,
) -> None:
    """Change one's own password, knowing the old one. Raises Forbidden, Unauthorized."""
    if user_id != ctx.user_id:
        raise errors.Forbidden("Only a user changes its own password this way.")
    user = users.get(db, user_id)
    if not passwords.matches(user.password_hash, original):
        raise errors.Unauthorized("The request you have made requires authentication.")
    new_hash = passwords.hashed(_checked_password(password))
    with db.transaction() as tx:
        users.set_password(tx, user_id, new_hash)


def delete(db: connection.Database, ctx: context.RequestContext, user_id: str) -> None:
    """Remove a user; its tokens end with it. Raises Forbidden, NotFound."""
    policy.check(ctx, "identity:delete_user")
    with db.transaction() as tx:
        users.delete(tx, user_id)


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > NAME_CHARS_MAX:
        raise errors.BadRequest(f"a name has 1 to {NAME_CHARS_MAX} characters and is not blank")
    return name


def _checked_password(password: str) -> str:
    if not 0 < len(password) <= passwords.CHARS_MAX:
        raise errors.BadRequest(f"a password has 1 to {passwords.CHARS_MAX} characters")
    return password
