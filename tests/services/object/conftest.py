"""Swift's face over a real store, with tokens that are their own answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from appliance import context, errors, ids
from services.http import app
from services.object import swift
from storage.objects.store import ObjectStore
from tests import asgi

ROLES = {
    "reader": "p", "member": "p", "admin": "boss", "service": "services", "stranger": "q",
    "foreigner": "r", "ResellerAdmin": "s",
}  # fmt: skip
NOBODY = {"X-Auth-Token": ""}
STRANGER = {"X-Auth-Token": "stranger"}  # user u-stranger of project q, both of the default domain
FOREIGNER = {"X-Auth-Token": "foreigner"}  # the same names in another domain


def login(token: str) -> context.RequestContext:
    """A token is a role's name, in that role's project."""
    if token not in ROLES:
        raise errors.Unauthorized("The request you have made requires authentication.")
    role = "member" if token in ("stranger", "foreigner") else token
    roles = {role, "member"} if role == "service" else {role}
    is_foreign = token == "foreigner"
    domain_id = "elsewhere" if is_foreign else "default"
    return context.RequestContext(
        user_id=ids.UserId(f"u-{token}"),
        user_name="stranger" if is_foreign else token,
        user_domain_id=domain_id,
        project_id=ids.ProjectId(ROLES[token]),
        project_name="Q" if is_foreign else ROLES[token].upper(),
        project_domain_id=domain_id,
        roles=frozenset(roles),
    )


def object_face(store: ObjectStore) -> app.Application:
    """The application over a store."""
    return app.Application([swift.face(store)], login=login, target="object")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    with ObjectStore(tmp_path / "objects", part_power=4, inline_bytes_max=-1) as opened:
        yield opened


@pytest.fixture
def client(store: ObjectStore) -> TestClient:
    """A member of project p, without any container yet."""
    return asgi.client(object_face(store), headers={"X-Auth-Token": "member"})


@pytest.fixture
def swifty(client: TestClient) -> TestClient:
    """The same, with a container `c`."""
    assert client.put("/v1/AUTH_p/c").status_code == 201
    return client
