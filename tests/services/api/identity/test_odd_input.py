"""Whatever JSON a client sends, the answer is no fault of ours, and a refusal changes nothing."""

import json

import pytest

from tests.services.api.identity import asking

DEEP = json.loads("[" * 700 + "]" * 700)
ODD = [
    None, True, 0, -1, 1.5, 2**62, 2**64, 10**300, "", " ", "x" * 256, "x" * 70_000, "\x00",
    "é" * 64, "\U0001f4a9", "../..", "%00", "' OR 1=1 --", "%(user_id)99999999s", [], ["x"],
    [None] * 200, {}, {"id": {}}, DEEP, {"a": DEEP}, {"a": 2**70},
]  # fmt: skip
GOOD = {
    "domain": {"name": "odd", "enabled": True, "description": "", "tags": [], "options": {}},
    "project": {
        "name": "odd", "domain_id": "default", "parent_id": "default", "is_domain": False,
        "enabled": True, "description": "", "tags": [], "options": {},
    },
    "user": {
        "name": "odd", "password": "secret", "domain_id": "default", "enabled": True,
        "default_project_id": "x", "description": "", "email": "", "options": {},
    },
    "group": {"name": "odd", "domain_id": "default", "description": ""},
    "role": {"name": "odd", "domain_id": None, "description": "", "options": {}},
    "region": {"id": "odd", "parent_region_id": None, "description": ""},
    "service": {"type": "odd", "name": "odd", "description": "", "enabled": True},
    "endpoint": {
        "service_id": "$service", "interface": "public", "url": "http://x/$(project_id)s",
        "region": "RegionOne", "region_id": "RegionOne", "enabled": True,
    },
    "policy": {"type": "odd", "blob": "x"},
    "credential": {"type": "odd", "blob": "x", "user_id": "$user", "project_id": None},
    "trust": {
        "trustor_user_id": "$user", "trustee_user_id": "$user", "impersonation": True,
        "project_id": "$project", "roles": [{"name": "admin"}], "expires_at": None,
        "remaining_uses": None, "allow_redelegation": False, "redelegation_count": 0,
    },
    "application_credential": {
        "name": "odd", "description": "", "secret": "hush", "expires_at": None,
        "unrestricted": True, "roles": [{"name": "admin"}],
        "access_rules": [{"service": "x", "method": "GET", "path": "/"}],
    },
}  # fmt: skip
PATHS = {
    "policy": "/policies", "trust": "/OS-TRUST/trusts",
    "application_credential": "/users/$user/application_credentials",
}  # fmt: skip
NO_PATCH = {"trust", "application_credential"}


def _filled(cloud, value):
    """The value with the ids of the admin, its project and a service of ours."""
    text = json.dumps(value)
    for name, key in {
        "$user": asking.user_id(cloud, "admin"), "$project": cloud.project_id("admin"),
        "$service": cloud.get("/identity/v3/services", user="admin")["services"][0]["id"],
    }.items():  # fmt: skip
        text = text.replace(name, str(key))
    return json.loads(text)


def _lists(cloud, noun):
    """Every list that shows what was made still answers."""
    path = PATHS.get(noun, f"/{noun}s")
    assert cloud.ask("GET", _filled(cloud, f"/identity/v3{path}"), user="admin").status_code == 200


def _check(cloud, method, path, body):
    before = asking.rows(cloud)
    answer = cloud.ask(method, path, user="admin", json=body)
    assert answer.status_code < 500, (method, path, str(body)[:200], answer.text)
    if answer.status_code >= 400:
        assert asking.rows(cloud) == before, (method, path, str(body)[:200])
        assert answer.json()["error"]["code"] == answer.status_code
    return answer


@pytest.mark.parametrize("noun", sorted(GOOD))
def test_an_odd_value_of_any_attribute_is_never_a_fault(cloud, noun):
    good = _filled(cloud, GOOD[noun])
    path = _filled(cloud, f"/identity/v3{PATHS.get(noun, f'/{noun}s')}")
    kept = _check(cloud, "POST", path, {noun: good}).json()[noun]["id"]

    for name in [*good, "unknown"]:
        for value in ODD:
            made = _check(cloud, "POST", path, {noun: good | {name: value}})
            if made.status_code == 201:
                key = made.json()[noun]["id"]
                if "%" not in key and "/" not in key and "\x00" not in key:
                    _check(cloud, "DELETE", f"{path}/{key}", None)
            if noun not in NO_PATCH:
                _check(cloud, "PATCH", f"{path}/{kept}", {noun: {name: value}})
    _lists(cloud, noun)


@pytest.mark.parametrize("noun", sorted(GOOD))
@pytest.mark.parametrize("value", [None, [], "x", 1, {}, [1], DEEP])
def test_a_body_that_is_not_the_noun_is_400(cloud, noun, value):
    path = _filled(cloud, PATHS.get(noun, f"/{noun}s"))

    for body in (value, {noun: value}, {"x": value}):
        if body in ({"region": {}}, None):
            continue  # a region needs nothing; None sends no body at all
        asking.refused(cloud, 400, "POST", path, body)


@pytest.mark.parametrize("value", ODD)
def test_an_odd_login_is_400_or_401(cloud, value):
    password = {"user": {"id": "x", "password": "x"}}
    for identity in (
        {"methods": value}, {"methods": [value]}, {"methods": ["password"], "password": value},
        {"methods": ["password"], "password": {"user": value}},
        {"methods": ["password"], "password": {"user": {"id": value, "password": "x"}}},
        {"methods": ["password"], "password": {"user": {"id": "x", "password": value}}},
        {"methods": ["password"], "password": {"user": {"name": value, "password": "x"}}},
        {"methods": ["token"], "token": {"id": value}},
        {"methods": ["application_credential"], "application_credential": value},
    ):  # fmt: skip
        answer = cloud.client.post(
            f"{asking.V3}/auth/tokens", json={"auth": {"identity": identity}}
        )
        assert answer.status_code in (400, 401, 404), (identity, answer.text)
    for scope in (value, {"project": value}, {"domain": value}, {"OS-TRUST:trust": value}):
        auth = {"identity": {"methods": ["password"], "password": password}, "scope": scope}
        answer = cloud.client.post(f"{asking.V3}/auth/tokens", json={"auth": auth})
        assert answer.status_code in (400, 401), (scope, answer.text)


def test_a_method_said_a_thousand_times_is_looked_at_once(cloud):
    """Each look at a password takes 30 ms: a thousand would be a way to stop the cloud."""
    body = asking.password_login("other", "secret")
    body["auth"]["identity"]["methods"] = ["password"] * 20_000

    answer = cloud.client.post(f"{asking.V3}/auth/tokens", json=body)

    assert answer.json()["token"]["methods"] == ["password"]


def test_what_is_unknown_is_bounded_together(cloud):
    """A PATCH adds to what was: the sum is bounded, not only one body."""
    made = asking.make(cloud, "project", name="p", first="x" * 40_000)

    body = {"project": {"second": "x" * 40_000}}
    assert "at most 65535" in asking.refused(cloud, 400, "PATCH", f"/projects/{made['id']}", body)
    assert cloud.get(f"{asking.V3}/projects/{made['id']}", user="admin")["project"] == made


@pytest.mark.parametrize(
    "path",
    [
        "/users/%00", "/users/%FF", "/users/" + "x" * 5000, "/projects/..%2F..", "/roles/%C3%A9",
        "/users?name=%00", "/projects?tags=%00,%FF", "/role_assignments?user.id=%00",
        "/role_assignments?scope.project.id=x&include_subtree", "/limits?project_id=%00",
        "/users?enabled=%00", "/credentials?user_id=", "/OS-TRUST/trusts?trustor_user_id=%00",
    ],
)  # fmt: skip
def test_an_odd_path_or_query_is_never_a_fault(cloud, path):
    assert cloud.ask("GET", f"{asking.V3}{path}", user="admin").status_code < 500
