"""Swift's verbs on accounts and containers. It refuses to know who may use them."""

from __future__ import annotations

from appliance import policy
from services.http.endpoint import Reply, Request
from services.object import constraints, headers, listings
from storage.objects.store import ObjectStore


class Accounts:
    """GET, HEAD, POST and DELETE of /v1/{account}."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def get(self, request: Request) -> Reply:
        """List an account's containers."""
        account = request.path["account"]
        rows = self._store.list_account(account, listings.query(request))
        described = headers.of_account(self._store.head_account(account))
        return listings.reply(request, rows, root=("account", account), described=described)

    def head(self, request: Request) -> Reply:
        """Describe an account."""
        info = self._store.head_account(request.path["account"])
        return Reply(status=204, headers=headers.of_account(info))

    def post(self, request: Request) -> Reply:
        """Set an account's metadata."""
        changes = headers.changes(request.headers, "Account")
        self._store.post_account(request.path["account"], changes)
        return Reply(status=204)

    def delete(self, request: Request) -> Reply:
        """Remove an account without containers; only an admin may."""
        policy.check(request.ctx, "object_store:delete_account")
        self._store.delete_account(request.path["account"])
        return Reply(status=204)


class Containers:
    """GET, HEAD, PUT, POST and DELETE of /v1/{account}/{container}."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def get(self, request: Request) -> Reply:
        """List a container's objects."""
        account, container = _names(request)
        rows = self._store.list_container(account, container, query=listings.query(request))
        described = headers.of_container(self._store.head_container(account, container))
        return listings.reply(request, rows, root=("container", container), described=described)

    def head(self, request: Request) -> Reply:
        """Describe a container."""
        account, container = _names(request)
        info = self._store.head_container(account, container)
        return Reply(status=204, headers=headers.of_container(info))

    def put(self, request: Request) -> Reply:
        """Make a container, or change the metadata of one that is there."""
        account, container = _names(request)
        constraints.check_container_name(container)
        changes = headers.changes(request.headers, "Container")
        is_new = self._store.put_container(account, container, metadata=changes)
        return Reply(status=201 if is_new else 202)

    def post(self, request: Request) -> Reply:
        """Set a container's metadata."""
        account, container = _names(request)
        changes = headers.changes(request.headers, "Container")
        self._store.post_container(account, container, changes=changes)
        return Reply(status=204)

    def delete(self, request: Request) -> Reply:
        """Remove an empty container."""
        account, container = _names(request)
        self._store.delete_container(account, container)
        return Reply(status=204)


def _names(request: Request) -> tuple[str, str]:
    return request.path["account"], request.path["container"]
