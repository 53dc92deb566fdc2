"""Keystone's application credentials and access rules over HTTP: their form, what is refused."""

import pytest

from appliance.db import users

RULE = {"service": "compute", "method": "GET", "path": "/v2.1/servers"}


@pytest.fixture
def url(cloud):
    return f"/identity/v3/users/{_id(cloud)}/application_credentials"


def _id(cloud, name="demo"):
    found = users.find_by_name(cloud.db, name)
    assert found is not None
    return found.id


def _made(cloud, url, **said):
    body = {"application_credential": {"name": "robot", **said}}
    return cloud.post(url, body)["application_credential"]


def _token(cloud, credential):
    proof = {"id": credential["id"], "secret": credential["secret"]}
    identity = {"methods": ["application_credential"], "application_credential": proof}
    answer = cloud.client.post("/identity/v3/auth/tokens", json={"auth": {"identity": identity}})
    return answer.headers["x-subject-token"]


def test_a_credential_is_made_with_a_secret_that_is_seen_once(cloud, url):
    made = _made(cloud, url)
    secret = made.pop("secret")

    assert len(secret) > 64
    assert made == {
        "id": made["id"], "name": "robot", "description": None, "user_id": _id(cloud),
        "project_id": cloud.project_id(), "system": None, "expires_at": None,
        "unrestricted": False, "roles": made["roles"],
        "links": {"self": f"http://testserver{url}/{made['id']}"},
    }  # fmt: skip
    assert {role["name"] for role in made["roles"]} == {"member", "reader"}
    assert cloud.get(f"{url}/{made['id']}") == {"application_credential": made}
    listed = cloud.get(url)
    assert listed["application_credentials"] == [made]
    assert listed["links"]["next"] is None
    assert cloud.get(url, params={"name": "other"})["application_credentials"] == []
    assert cloud.ask("DELETE", f"{url}/{made['id']}").status_code == 204
    assert cloud.ask("GET", f"{url}/{made['id']}").status_code == 404


def test_what_is_asked_for_is_kept(cloud, url):
    made = _made(
        cloud, url, description="mine", secret="hush", unrestricted=True,
        roles=[{"name": "reader"}], expires_at="2999-12-31T23:59:59.000123", access_rules=[RULE],
    )  # fmt: skip

    (rule,) = made["access_rules"]
    assert rule == {"id": rule["id"], **RULE}
    assert [role["name"] for role in made["roles"]] == ["reader"]
    assert (made["description"], made["secret"], made["unrestricted"]) == ("mine", "hush", True)
    assert made["expires_at"] == "2999-12-31T23:59:59.000123"


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "  "}, 400),
        ({"name": "x" * 256}, 400),
        ({"name": 1}, 400),
        ({"secret": "x" * 1025}, 400),
        ({"roles": "all"}, 400),
        ({"roles": [{"name": "admin"}]}, 400),
        ({"roles": [{}]}, 400),
        ({"unrestricted": "yes"}, 400),
        ({"expires_at": "2001-01-01T00:00:00Z"}, 400),
        ({"expires_at": "0001-01-01T00:00:00Z"}, 400),
        ({"expires_at": "soon"}, 400),
        ({"expires_at": 5}, 400),
        ({"access_rules": [{"path": "/x"}]}, 400),
        ({"access_rules": [RULE | {"method": "LOOK"}]}, 400),
        ({"access_rules": [RULE | {"path": "servers"}]}, 400),
        ({"access_rules": [RULE | {"path": "/" + "x" * 300}]}, 400),
        ({"access_rules": [{"id": "none"}]}, 404),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(cloud, url, said, status):
    body = {"application_credential": {"name": "robot", **said}}

    assert cloud.ask("POST", url, json=body).status_code == status

    assert cloud.get(url)["application_credentials"] == []
    assert cloud.get(_rules(url))["access_rules"] == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"application_credential": []}'])
def test_a_body_that_is_none_is_refused(cloud, url, body):
    headers = {"Content-Type": "application/json"}

    assert cloud.ask("POST", url, content=body, headers=headers).status_code == 400


def test_a_restricted_token_makes_and_ends_nothing_that_stands_for_its_user(cloud, url):
    made = _made(cloud, url)
    cloud.tokens["robot"] = _token(cloud, made)
    ec2 = f"/identity/v3/users/{_id(cloud)}/credentials/OS-EC2"
    trust = {
        "trustor_user_id": _id(cloud), "trustee_user_id": _id(cloud, "other"),
        "project_id": cloud.project_id(), "roles": [{"name": "reader"}], "impersonation": True,
    }  # fmt: skip

    for method, path, body in (
        ("POST", url, {"application_credential": {"name": "more"}}),
        ("DELETE", f"{url}/{made['id']}", None),
        ("POST", ec2, {"tenant_id": cloud.project_id()}),
        ("GET", ec2, None),
        ("GET", "/identity/v3/credentials", None),
        ("POST", "/identity/v3/credentials", {"credential": {"type": "x", "blob": "y"}}),
        ("POST", "/identity/v3/OS-TRUST/trusts", {"trust": trust}),
    ):
        assert cloud.ask(method, path, user="robot", json=body).status_code == 403, path
    assert cloud.ask("GET", url, user="robot").status_code == 200


def test_an_access_rule_is_shown_and_ends_when_nothing_uses_it(cloud, url):
    made = _made(cloud, url, access_rules=[RULE])
    rule_url = f"{_rules(url)}/{made['access_rules'][0]['id']}"

    shown = cloud.get(rule_url)["access_rule"]

    assert shown == made["access_rules"][0] | {"links": {"self": f"http://testserver{rule_url}"}}
    assert cloud.get(_rules(url))["access_rules"] == [shown]
    assert cloud.ask("GET", rule_url, user="other").status_code == 403
    assert cloud.ask("DELETE", rule_url).status_code == 403
    cloud.ask("DELETE", f"{url}/{made['id']}")
    assert cloud.ask("DELETE", rule_url).status_code == 204
    assert cloud.ask("GET", rule_url).status_code == 404


def test_a_name_that_is_taken_is_a_conflict(cloud, url):
    _made(cloud, url)

    again = cloud.ask("POST", url, json={"application_credential": {"name": "robot"}})

    assert again.status_code == 409


def _rules(url):
    return url.replace("application_credentials", "access_rules")


def test_a_token_with_access_rules_calls_what_they_name_and_nothing_else(cloud, url):
    rules = [
        {"service": "compute", "method": "GET", "path": "/v2.1/servers"},
        {"service": "image", "method": "GET", "path": "/v2/images/*"},
    ]
    made = _made(cloud, url, access_rules=rules)
    cloud.tokens["robot"] = token = _token(cloud, made)

    def status(method, path, **options):
        return cloud.ask(method, path, user="robot", **options).status_code

    assert status("GET", "/compute/v2.1/servers") == 200
    assert status("GET", f"/image/v2/images/{cloud.add_image()}") == 200
    assert status("GET", "/identity/v3/auth/tokens", headers={"X-Subject-Token": token}) == 200
    assert status("POST", "/compute/v2.1/servers", json={"server": {}}) == 401
    for path in (
        "/compute/v2.1/servers/detail", "/compute/v2.1/flavors", "/image/v2/images",
        "/network/v2.0/networks", "/volume/v3/x/volumes", "/identity/v3/auth/projects",
        "/novabox/v1/services",
    ):  # fmt: skip
        assert (path, status("GET", path)) == (path, 401)
