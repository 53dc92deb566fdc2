"""What a token may not do that stands for only a part of its user: by a trust, or by an application
credential. What it hands on is never more than it has. And how much of it a user may keep.
"""

from collections.abc import Sized
from typing import Final

from appliance import context, errors

# EC2 credentials, credentials, application credentials, access rules, trusts, of each. Keystone has
# no limit by default; without one, anybody with a password could fill the disk
KEPT_MAX: Final = 1000


def refuse_part(ctx: context.RequestContext) -> None:
    """Raise Forbidden unless the caller is a user itself: its keys and secrets are worth all of it.

    Keystone lets an application credential make EC2 credentials when it is unrestricted; those have
    every role of the user, whatever roles and access rules the application credential has.
    """
    if ctx.trust_id or ctx.application_credential_id:
        raise errors.Forbidden(
            "Credentials stand for the whole user; the token is of a trust or of an application "
            "credential. Log in as the user itself."
        )


def refuse_restricted(ctx: context.RequestContext) -> None:
    """Raise Forbidden for a token of an application credential that may not make others, or trusts.

    One with access rules may not either: what it made would have none.
    """
    if ctx.is_restricted or ctx.access_rules is not None:
        raise errors.Forbidden(
            "The token is of an application credential that is restricted: it makes and deletes "
            "no application credentials and no trusts."
        )


def refuse_more(held: Sized, what: str, *, than: int = KEPT_MAX) -> None:
    """Raise Forbidden (Keystone's status of its limits) when there are that many already."""
    if len(held) >= than:
        raise errors.Forbidden(f"A user has at most {than} {what}: delete some first.")
