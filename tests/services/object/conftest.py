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

ROLES = {"reader": "p", "member": "p", "admin": "boss", "service": "services", "stranger": "q"}


def login(token: str) -> context.RequestContext:
    """A token is a role's name, in that role's project."""
    if token not in ROLES:
        raise errors.Unauthorized("The request you have made requires authentication.")
    role = "member" if token == "stranger" else token
    roles = {role, "member"} if role == "service" else {role}
    return context.RequestContext(
        user_name=token, project_id=ids.ProjectId(ROLES[token]), roles=frozenset(roles)
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    with ObjectStore(tmp_path / "objects", part_power=4, inline_bytes_max=-1) as opened:
        yield opened


@pytest.fixture
def client(store: ObjectStore) -> TestClient:
    """A member of project p, without any container yet."""
    application = app.Application([swift.face(store)], login=login, target="object")
    return asgi.client(application, headers={"X-Auth-Token": "member"})


@pytest.fixture
def swifty(client: TestClient) -> TestClient:
    """The same, with a container `c`."""
    assert client.put("/v1/AUTH_p/c").status_code == 201
    return client
