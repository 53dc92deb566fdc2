"""Swift's verbs on accounts and containers."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from services.http.endpoint import Reply, Request
from services.object import bucket as buckets
from services.object import constraints, headers
from services.object.refusals import HTML, Refused
from services.object.swift import access, acl, history, listings, quotas, versioning
from services.object.swift.access import Caller, Deed
from storage.objects import errors as stored
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore


class Accounts:
    """GET, HEAD, POST and DELETE of /v1/{account}."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def get(self, request: Request, caller: Caller) -> Reply:
        """List an account's containers."""
        account = self._checked(request, caller, Deed.READ_ACCOUNT)
        rows = self._store.list_account(account, listings.query(request))
        described = self._described(caller, account)
        return listings.reply(request, rows, root=("account", account), described=described)

    def head(self, request: Request, caller: Caller) -> Reply:
        """Describe an account."""
        account = self._checked(request, caller, Deed.READ_ACCOUNT)
        return _nothing(self._described(caller, account))

    def post(self, request: Request, caller: Caller) -> Reply:
        """Set an account's metadata; its keys and list only who owns it, its quotas a reseller."""
        account = self._checked(request, caller, Deed.WRITE_ACCOUNT)
        changes = headers.changes(request.headers, "Account")
        if any(name in changes for name in quotas.OF_ACCOUNT) and not access.is_reseller(caller):
            raise Refused(403)
        quotas.check_account(changes)
        headers.check_all(self._store.account_metadata(account), changes, "Account")
        self._store.post_account(account, _with_account_acl(changes))
        return _nothing()

    def delete(self, request: Request, caller: Caller) -> Reply:
        """Remove an account without containers; only an admin may."""
        account = self._checked(request, caller, Deed.DELETE_ACCOUNT)
        self._store.delete_account(account)
        return _nothing()

    def _checked(self, request: Request, caller: Caller, deed: Deed) -> str:
        account = request.path["account"]
        access.check(self._store, caller, deed, name=ObjectName(account, "", ""))
        return account

    def _described(self, caller: Caller, account: str) -> dict[str, str]:
        is_owner = access.is_owner(self._store, caller, account)
        return headers.of_account(self._store.head_account(account), is_owner=is_owner)


class Containers:
    """GET, HEAD, PUT, POST and DELETE of /v1/{account}/{container}."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def get(self, request: Request, caller: Caller) -> Reply:
        """List a container's objects."""
        account, container = self._checked(request, caller, Deed.LIST)
        described = self._described(caller, account, container)
        if "versions" in request.query:
            return versioning.reply(self._store, request, described=described)
        if (path := request.query.get("path")) is None:
            rows = self._store.list_container(account, container, query=listings.query(request))
        else:
            rows = listings.directly_below(
                lambda query: self._store.list_container(account, container, query=query),
                listings.query(request),
                path,
            )
        return listings.reply(request, rows, root=("container", container), described=described)

    def head(self, request: Request, caller: Caller) -> Reply:
        """Describe a container."""
        account, container = self._checked(request, caller, Deed.LIST)
        return _nothing(self._described(caller, account, container))

    def put(self, request: Request, caller: Caller) -> Reply:
        """Make a container, or change the metadata of one that is there."""
        account, container = self._checked(request, caller, Deed.WRITE_CONTAINER)
        constraints.check_container_name(container)
        if (policy := request.headers.get("x-storage-policy", headers.POLICY)) != headers.POLICY:
            raise Refused(400, f"Invalid X-Storage-Policy {policy!r}")
        old: Mapping[str, str] = {}
        with contextlib.suppress(stored.ContainerNotFound):
            old = self._store.head_container(account, container).metadata
        changes = self._changes(request, caller, old)
        is_new = self._store.put_container(account, container, metadata=changes)
        return Reply(status=201 if is_new else 202, content_type=HTML)

    def post(self, request: Request, caller: Caller) -> Reply:
        """Set a container's metadata."""
        account, container = self._checked(request, caller, Deed.WRITE_CONTAINER)
        old = self._store.head_container(account, container).metadata
        changes = self._changes(request, caller, old)
        self._store.post_container(account, container, changes=changes)
        return _nothing()

    def delete(self, request: Request, caller: Caller) -> Reply:
        """Remove an empty container, of whose objects no version is left."""
        account, container = self._checked(request, caller, Deed.WRITE_CONTAINER)
        versioning.delete_container(self._store, account, container)
        return _nothing()

    def _checked(self, request: Request, caller: Caller, deed: Deed) -> tuple[str, str]:
        account, container = request.path["account"], request.path["container"]
        access.check(self._store, caller, deed, name=ObjectName(account, container, ""))
        return account, container

    def _described(self, caller: Caller, account: str, container: str) -> dict[str, str]:
        bucket = buckets.find(self._store, account, container)
        is_owner = access.is_owner(self._store, caller, account)
        info = self._store.head_container(account, container)
        described = headers.of_container(info, is_owner=is_owner)
        return described | versioning.described(self._store, bucket, used_bytes=info.bytes_used)

    def _changes(
        self, request: Request, caller: Caller, old: Mapping[str, str]
    ) -> dict[str, str | None]:
        """Return what a request changes; who does not own the account sets no list and no key."""
        changes = headers.changes(request.headers, "Container")
        if not access.is_owner(self._store, caller, request.path["account"]):
            changes = {k: v for k, v in changes.items() if k not in headers.PRIVILEGED}
        quotas.check_container(changes)
        headers.check_all(old, changes, "Container")
        changes = history.checked(changes, request.headers)
        return _with_acls(changes | versioning.checked(changes, request.headers, old))


def _nothing(described: Mapping[str, str] | None = None) -> Reply:
    return Reply(status=204, headers=described or {}, content_type=HTML)


def _with_acls(changes: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return changes with the lists in their usual spelling. Refuses what is none: 400."""
    found = dict(changes)
    for name in (access.READ_ACL, access.WRITE_ACL):
        if text := changes.get(name):
            try:
                found[name] = acl.clean(text, is_write=name == access.WRITE_ACL) or None
            except ValueError as error:
                raise Refused(400, f"ACL {name}: {error}") from error
    return found


def _with_account_acl(changes: Mapping[str, str | None]) -> dict[str, str | None]:
    found = dict(changes)
    if text := changes.get(access.ACCOUNT_ACL):
        try:
            found[access.ACCOUNT_ACL] = acl.clean_account(text) or None
        except (ValueError, RecursionError) as error:
            raise Refused(400, f"X-Account-Access-Control invalid: {error}") from error
    return found
