"""Who may do what to which account, container or object: the one question every verb asks.

A caller is a token's user, or nobody, perhaps with a signed URL in hand. An account belongs to the
project in its name; others come in by an access list or by a signature. It refuses to know HTTP.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from appliance import context, policy
from services.object.refusals import Refused
from services.object.swift import acl
from storage.objects import errors as stored
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore

RESELLER_PREFIX: Final = "AUTH_"
READ_ACL: Final = "X-Container-Read"
WRITE_ACL: Final = "X-Container-Write"
ACCOUNT_ACL: Final = "X-Account-Access-Control"


class Deed(enum.Enum):
    """What is done; GET and HEAD of a thing are one."""

    READ_ACCOUNT = enum.auto()
    WRITE_ACCOUNT = enum.auto()
    DELETE_ACCOUNT = enum.auto()
    LIST = enum.auto()
    WRITE_CONTAINER = enum.auto()  # make, change, remove
    READ_OBJECT = enum.auto()
    WRITE_OBJECT = enum.auto()


_READING: Final = frozenset({Deed.READ_ACCOUNT, Deed.LIST, Deed.READ_OBJECT})
# an account's list → what it allows beside reading; `admin` allows what the owner may
_BY_RIGHT: Final = {
    acl.READ_ONLY: _READING,
    acl.READ_WRITE: _READING | {Deed.WRITE_CONTAINER, Deed.WRITE_OBJECT},
    acl.ADMIN: frozenset(Deed) - {Deed.DELETE_ACCOUNT},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What a checked signature allows: reading in its key's scope, or writing what it names."""

    scope: tuple[str, ...]  # an account, perhaps a container: whose key signed
    name: ObjectName
    is_prefix: bool = False  # whether `name` stands for all names that begin so
    is_writing: bool = False

    def allows(self, deed: Deed, name: ObjectName) -> bool:
        """Return whether it covers doing this to the object `name`."""
        if deed is Deed.READ_OBJECT and not self.is_writing:
            return (name.account, name.container)[: len(self.scope)] == self.scope
        if deed is not Deed.WRITE_OBJECT or not self.is_writing:
            return False
        if self.is_prefix and (name.account, name.container) == (
            self.name.account,
            self.name.container,
        ):
            return name.name.startswith(self.name.name)
        return name == self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: a user (`ctx`; without one, nobody), where from, and with which pass."""

    ctx: context.RequestContext
    referrer: str = ""
    signed: Pass | None = None

    @property
    def is_anonymous(self) -> bool:
        """Whether neither a token nor a signature says who this is."""
        return not self.ctx.user_id and not self.ctx.roles and self.signed is None


def check(store: ObjectStore, caller: Caller, deed: Deed, *, name: ObjectName) -> None:
    """Refuse with 401 (nobody, or a signature) or 403 (a user) what `allows` does not allow."""
    if not allows(store, caller, deed, name=name):
        raise Refused(401 if caller.is_anonymous or caller.signed else 403)


def allows(store: ObjectStore, caller: Caller, deed: Deed, *, name: ObjectName) -> bool:
    """Return whether the caller may do `deed` to what `name` names, its unused parts empty."""
    if caller.signed is not None:  # a signature stands for itself, whatever token comes with it
        return caller.signed.allows(deed, name)
    if _owns(caller.ctx, deed, name.account):
        return True
    if deed in _BY_RIGHT.get(_account_right(store, caller, name.account), ()):
        return True
    return _by_container(store, caller, deed, name=name)


def is_owner(store: ObjectStore, caller: Caller, account: str) -> bool:
    """Return whether the caller may see and set keys and access lists of an account."""
    if caller.signed is not None:
        return False
    if _owns(caller.ctx, Deed.WRITE_ACCOUNT, account):
        return True
    return _account_right(store, caller, account) == acl.ADMIN


def is_reseller(caller: Caller) -> bool:
    """Return whether the caller may set the quotas of accounts."""
    return caller.signed is None and policy.allows(caller.ctx, "object_store:reseller_admin")


def _owns(ctx: context.RequestContext, deed: Deed, account: str) -> bool:
    if policy.allows(ctx, "object_store:reseller_admin"):
        return True
    if deed is Deed.DELETE_ACCOUNT:
        rule = "object_store:delete_account"
    else:
        rule = "object_store:read" if deed in _READING else "object_store:write"
    if not policy.allows(ctx, rule):
        return False
    is_own = bool(ctx.project_id) and account == f"{RESELLER_PREFIX}{ctx.project_id}"
    return is_own or policy.allows(ctx, "object_store:any_account")


def _account_right(store: ObjectStore, caller: Caller, account: str) -> str:
    if not caller.ctx.user_id:
        return ""
    return acl.account_right(store.account_metadata(account).get(ACCOUNT_ACL, ""), caller.ctx)


def _by_container(store: ObjectStore, caller: Caller, deed: Deed, *, name: ObjectName) -> bool:
    if deed not in {Deed.LIST, Deed.READ_OBJECT, Deed.WRITE_OBJECT}:
        return False
    try:
        metadata = store.head_container(name.account, name.container).metadata
    except stored.NotFound:  # whether it exists is not everybody's to know
        return False
    if deed is Deed.WRITE_OBJECT:
        return acl.allows_user(metadata.get(WRITE_ACL, ""), caller.ctx)
    words = metadata.get(READ_ACL, "")
    return acl.allows_referrer(
        words, caller.referrer, is_listing=deed is Deed.LIST
    ) or acl.allows_user(words, caller.ctx)
