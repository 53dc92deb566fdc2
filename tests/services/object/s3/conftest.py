"""S3's face over a real store, asked by boto3's own serializer and signer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from appliance import context, ids, log
from services.http import app
from services.identity import keys
from services.identity.api.data_keys import DataKeys
from services.identity.api.ec2_credentials import Signer
from services.object import faces, swift
from services.object.encryption import BoxKeys
from services.object.s3.addressing import Domains
from services.object.s3.front import Front
from storage.objects.store import ObjectStore
from tests import asgi
from tests.services.object.conftest import login
from tests.services.object.s3.clients import SECRETS, Clients

DOMAINS = Domains(s3="s3.test", website="web.test")
PROJECTS = {"MEMBER": ("p", "member"), "READER": ("p", "reader"), "OTHER": ("q", "member")}


def find_signer(access: str) -> Signer | None:
    """Who signs with a test's key."""
    if access not in PROJECTS:
        return None
    project, role = PROJECTS[access]
    ctx = context.RequestContext(
        user_id=ids.UserId(f"u-{access}"), user_name=access.lower(),
        project_id=ids.ProjectId(project), roles=frozenset({role}),
    )  # fmt: skip
    return Signer(ctx=ctx, secret=log.Secret(SECRETS[access]))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    keys.ensure(tmp_path / "etc")
    ciphers = BoxKeys(DataKeys(tmp_path / "etc"))
    with ObjectStore(tmp_path / "objects", part_power=4, ciphers=ciphers) as opened:
        yield opened


@pytest.fixture
def http(store: ObjectStore) -> TestClient:
    """Both faces over the store; nobody is logged in."""
    of_swift = swift.face(store)
    front = Front(store, find_signer, DOMAINS)
    application = faces.Faces(
        swift=app.Application([of_swift], login=login, target="object"),
        s3=app.Application([front.face()], login=login, target="object"),
        of_swift=of_swift, domains=DOMAINS,
    )  # fmt: skip
    return asgi.client(application)


@pytest.fixture
def swifty(http: TestClient) -> TestClient:
    """The same, as a member of project p by Swift's token."""
    http.headers["X-Auth-Token"] = "member"
    return http


@pytest.fixture
def clients(http: TestClient) -> Clients:
    """boto3 clients, by access key."""
    return Clients(http)


@pytest.fixture
def s3(clients: Clients):
    """A member of project p, without any bucket yet."""
    return clients.of("MEMBER")


@pytest.fixture
def bucket(s3) -> str:
    """The same one's bucket."""
    s3.create_bucket(Bucket="books")
    return "books"
