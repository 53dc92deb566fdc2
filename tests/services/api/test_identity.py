"""Identity v3 as its clients speak it."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from appliance import config, credentials
from appliance.db import connection
from services.api import identity as identity_face
from services.http import app
from services.identity import api
from tests import asgi

V3 = "/identity/v3"


@pytest.fixture
def client(settings: config.Settings, db: connection.Database) -> TestClient:
    api.bootstrap(settings, db)
    identity = api.Identity(settings, db)
    faces = [identity_face.face(settings, db, identity), identity_face.root()]
    return asgi.client(app.Application(faces, login=identity.resolve, target="api"))


def _auth(settings: config.Settings, user: str, **scope: Any) -> dict[str, Any]:
    login = credentials.read(settings, user)
    who = {"name": user, "password": login.password, "domain": {"name": "Default"}}
    identity = {"methods": ["password"], "password": {"user": who}}
    return {"auth": {"identity": identity} | ({"scope": scope} if scope else {})}


@pytest.fixture
def headers(client: TestClient, settings: config.Settings) -> dict[str, dict[str, str]]:
    """The headers with which each user asks."""
    tokens = {
        user: client.post(f"{V3}/auth/tokens", json=_auth(settings, user)).headers
        for user in ("admin", "demo")
    }
    return {user: {"X-Auth-Token": got["X-Subject-Token"]} for user, got in tokens.items()}


@pytest.mark.parametrize("url", ["/", "/identity", "/identity/"])
def test_versions_are_found_without_a_token(client, url):
    answered = client.get(url)

    assert answered.status_code == 300
    (version,) = answered.json()["versions"]["values"]
    assert version["links"][0]["href"] == "http://testserver/identity/v3/"


def test_the_version_is_found_without_a_token(client):
    assert client.get(f"{V3}/").json()["version"]["id"].startswith("v3.")


def test_a_token_has_project_roles_and_catalog(client, settings):
    scope = {"project": {"name": "demo", "domain": {"id": "default"}}}

    answered = client.post(f"{V3}/auth/tokens", json=_auth(settings, "demo", **scope))

    token = answered.json()["token"]
    assert (answered.status_code, token["project"]["name"]) == (201, "demo")
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    urls = {service["type"]: service["endpoints"][0]["url"] for service in token["catalog"]}
    assert urls == {
        "identity": "http://127.0.0.1:8774/identity/v3",
        "compute": "http://127.0.0.1:8774/compute/v2.1",
        "image": "http://127.0.0.1:8774/image",
        "network": "http://127.0.0.1:8774/network",
        "block-storage": f"http://127.0.0.1:8774/volume/v3/{token['project']['id']}",
        "volumev3": f"http://127.0.0.1:8774/volume/v3/{token['project']['id']}",
        "object-store": f"http://127.0.0.1:8080/v1/AUTH_{token['project']['id']}",
        "ec2": "http://127.0.0.1:8774/services/Cloud",
        "novabox": "http://127.0.0.1:8774/novabox/v1",
    }


def test_an_unscoped_token_has_neither(client, settings):
    body = _auth(settings, "demo", unscoped={})

    token = client.post(f"{V3}/auth/tokens", json=body).json()["token"]

    assert not {"project", "roles", "catalog"} & set(token)


def test_a_wrong_password_is_401_in_keystones_words(client, settings):
    body = _auth(settings, "demo")
    body["auth"]["identity"]["password"]["user"]["password"] = "wrong"

    answered = client.post(f"{V3}/auth/tokens", json=body)

    message = "The request you have made requires authentication."
    assert answered.json() == {"error": {"code": 401, "message": message, "title": "Unauthorized"}}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"auth": {}},
        {"auth": {"identity": {"methods": ["password"]}}},
        {"auth": {"identity": 1}},
    ],
)
def test_a_body_that_is_no_login_is_400(client, body):
    assert client.post(f"{V3}/auth/tokens", json=body).status_code == 400


def test_a_token_is_shown_and_revoked(client, headers):
    mine = headers["demo"] | {"X-Subject-Token": headers["demo"]["X-Auth-Token"]}

    assert client.get(f"{V3}/auth/tokens", headers=mine).json()["token"]["user"]["name"] == "demo"
    assert client.head(f"{V3}/auth/tokens", headers=mine).status_code == 200
    assert client.get(f"{V3}/auth/tokens", headers=headers["demo"]).status_code == 400
    assert client.delete(f"{V3}/auth/tokens", headers=mine).status_code == 204
    assert client.get(f"{V3}/auth/tokens", headers=mine).status_code == 401


@pytest.mark.parametrize("url", ["/projects", "/users", "/role_assignments"])
def test_only_admins_list_everything(client, headers, url):
    assert client.get(V3 + url, headers=headers["admin"]).status_code == 200
    refused = client.get(V3 + url, headers=headers["demo"])
    assert (refused.status_code, refused.json()["error"]["title"]) == (403, "Forbidden")


def test_ones_own_projects_and_self_may_be_seen(client, headers):
    (project,) = client.get(f"{V3}/auth/projects", headers=headers["demo"]).json()["projects"]
    assert project["name"] == "demo"
    one = client.get(f"{V3}/projects/{project['id']}", headers=headers["demo"])
    assert one.json()["project"]["enabled"] is True
    user_id = client.get(
        f"{V3}/auth/tokens",
        headers=headers["demo"] | {"X-Subject-Token": headers["demo"]["X-Auth-Token"]},
    ).json()["token"]["user"]["id"]
    user = client.get(f"{V3}/users/{user_id}", headers=headers["demo"]).json()["user"]
    assert (user["name"], "password_hash" in user) == ("demo", False)
    listed = client.get(f"{V3}/users/{user_id}/projects", headers=headers["demo"]).json()
    assert [each["name"] for each in listed["projects"]] == ["demo"]


def test_a_project_and_a_user_are_made_joined_and_removed(client, headers):
    admin = headers["admin"]
    project = client.post(f"{V3}/projects", json={"project": {"name": "p"}}, headers=admin)
    body = {"user": {"name": "u", "password": "secret"}}
    user = client.post(f"{V3}/users", json=body, headers=admin)
    assert (project.status_code, user.status_code) == (201, 201)
    project_id, user_id = project.json()["project"]["id"], user.json()["user"]["id"]
    (role,) = client.get(f"{V3}/roles?name=reader", headers=admin).json()["roles"]
    grant = f"{V3}/projects/{project_id}/users/{user_id}/roles/{role['id']}"

    assert client.head(grant, headers=admin).status_code == 404
    assert client.put(grant, headers=admin).status_code == 204
    assert client.put(grant, headers=admin).status_code == 204
    assert client.head(grant, headers=admin).status_code == 204
    named = f"{V3}/role_assignments?user.id={user_id}&include_names=True"
    (item,) = client.get(named, headers=admin).json()["role_assignments"]
    assert (item["role"]["name"], item["scope"]["project"]["name"]) == ("reader", "p")
    assert client.delete(grant, headers=admin).status_code == 204
    assert client.delete(grant, headers=admin).status_code == 404
    assert client.delete(f"{V3}/users/{user_id}", headers=admin).status_code == 204
    assert client.delete(f"{V3}/projects/{project_id}", headers=admin).status_code == 204
    assert client.get(f"{V3}/projects/{project_id}", headers=admin).status_code == 404


def test_names_are_unique_and_sane(client, headers):
    def create(name: str) -> int:
        body = {"project": {"name": name}}
        return client.post(f"{V3}/projects", json=body, headers=headers["admin"]).status_code

    assert [create("demo"), create(" "), create("x" * 65), create("x" * 64)] == [409, 400, 400, 201]


def test_a_project_is_renamed_and_disabled(client, headers):
    admin = headers["admin"]
    made = client.post(f"{V3}/projects", json={"project": {"name": "p"}}, headers=admin).json()
    url = f"{V3}/projects/{made['project']['id']}"

    changed = client.patch(url, json={"project": {"name": "q", "enabled": False}}, headers=admin)

    assert (changed.json()["project"]["name"], changed.json()["project"]["enabled"]) == ("q", False)
    assert client.patch(url, json={"project": {"name": "demo"}}, headers=admin).status_code == 409


def test_a_tag_of_any_letters_is_added_and_found_where_the_answer_says(client, headers):
    admin = headers["admin"]
    body = {"project": {"name": "tagged", "domain_id": "default"}}
    made = client.post("/identity/v3/projects", json=body, headers=admin).json()["project"]

    answered = client.put(f"/identity/v3/projects/{made['id']}/tags/\u26d3%20a", headers=admin)

    assert answered.status_code == 201
    assert client.get(answered.headers["Location"], headers=admin).status_code == 204


def test_the_one_domain_is_there(client, headers):
    admin = headers["admin"]

    assert len(client.get(f"{V3}/domains", headers=admin).json()["domains"]) == 1
    assert client.get(f"{V3}/domains?name=x", headers=admin).json()["domains"] == []
    assert client.get(f"{V3}/domains/default", headers=admin).json()["domain"]["name"] == "Default"
    assert client.get(f"{V3}/domains/x", headers=admin).status_code == 404


def test_the_catalog_is_listed(client, headers):
    services = client.get(f"{V3}/services", headers=headers["admin"]).json()["services"]
    endpoints = client.get(f"{V3}/endpoints", headers=headers["admin"]).json()["endpoints"]
    regions = client.get(f"{V3}/regions", headers=headers["admin"]).json()["regions"]
    catalog = client.get(f"{V3}/auth/catalog", headers=headers["demo"]).json()["catalog"]

    assert (len(services), len(endpoints), len(catalog)) == (9, 27, 9)
    assert [region["id"] for region in regions] == ["RegionOne"]
