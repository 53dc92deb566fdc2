"""Domains over HTTP: their form, who is in them, and what ends with them."""

import pytest

from tests.services.api.identity import asking


@pytest.fixture
def domain(cloud):
    return asking.make(cloud, "domain", name="edu", description="schools")


def test_a_domain_is_made_shown_changed_and_deleted(cloud, domain):
    path = f"/domains/{domain['id']}"

    assert domain == {
        "id": domain["id"], "name": "edu", "description": "schools", "enabled": True, "tags": [],
        "options": {}, "links": {"self": f"http://testserver{asking.V3}{path}"},
    }  # fmt: skip
    said = {"name": "uni", "enabled": False, "tags": ["a"], "note": "mine"}
    changed = asking.done(cloud, "PATCH", path, {"domain": said})["domain"]
    assert changed == domain | said
    assert asking.done(cloud, "GET", path) == {"domain": changed}
    assert asking.done(cloud, "GET", "/domains?name=uni")["domains"] == [changed]
    assert asking.done(cloud, "GET", "/domains?enabled=false")["domains"] == [changed]
    asking.done(cloud, "DELETE", path)
    asking.refused(cloud, 404, "GET", path)


def test_it_is_also_a_project_that_acts_as_one(cloud, domain):
    shown = asking.done(cloud, "GET", f"/projects/{domain['id']}")["project"]
    listed = asking.done(cloud, "GET", "/projects?is_domain=true")["projects"]

    assert (shown["is_domain"], shown["domain_id"], shown["parent_id"]) == (True, None, None)
    assert domain["id"] in [one["id"] for one in listed]
    assert domain["id"] not in [
        one["id"] for one in asking.done(cloud, "GET", "/projects")["projects"]
    ]
    made = asking.make(cloud, "project", name="by projects", is_domain=True)
    assert asking.done(cloud, "GET", f"/domains/{made['id']}")["domain"]["name"] == "by projects"


def test_names_are_each_domains_own(cloud, domain):
    for noun in ("user", "project", "group"):
        asking.make(cloud, noun, name="twin")
        asking.make(cloud, noun, name="twin", domain_id=domain["id"])
        body = {noun: {"name": "twin", "domain_id": domain["id"]}}
        asking.refused(cloud, 409, "POST", f"/{noun}s", body)
    asking.refused(cloud, 409, "POST", "/domains", {"domain": {"name": "edu"}})
    other = asking.make(cloud, "domain", name="other")
    asking.refused(cloud, 409, "PATCH", f"/domains/{other['id']}", {"domain": {"name": "edu"}})


@pytest.mark.parametrize(
    "said",
    [
        {}, {"name": ""}, {"name": "x" * 65}, {"name": 1}, {"name": "x", "enabled": "yes"},
        {"name": "x", "tags": ["a", "a"]}, {"name": "x", "tags": ["a,b"]},
        {"name": "x", "tags": ["x" * 256]}, {"name": "x", "tags": [1]},
    ],
)  # fmt: skip
def test_what_cannot_be_is_400(cloud, domain, said):
    asking.refused(cloud, 400, "POST", "/domains", {"domain": said})
    if said:
        asking.refused(cloud, 400, "PATCH", f"/domains/{domain['id']}", {"domain": said})


def test_only_a_disabled_domain_ends_and_all_that_is_in_it(cloud, domain):
    key = domain["id"]
    parent = asking.make(cloud, "project", name="p", domain_id=key)
    asking.make(cloud, "project", name="c", parent_id=parent["id"])
    user = asking.make(cloud, "user", name="u", domain_id=key, password="secret")
    group = asking.make(cloud, "group", name="g", domain_id=key)
    asking.make(cloud, "role", name="r", domain_id=key)
    reader = asking.role_id(cloud, "reader")
    asking.done(cloud, "PUT", f"/groups/{group['id']}/users/{user['id']}")
    asking.done(cloud, "PUT", f"/projects/{parent['id']}/users/{user['id']}/roles/{reader}")
    asking.done(cloud, "PUT", f"/domains/{key}/users/{asking.user_id(cloud)}/roles/{reader}")

    assert "disable it first" in asking.refused(cloud, 403, "DELETE", f"/domains/{key}")
    before = asking.rows(cloud)
    asking.done(cloud, "PATCH", f"/domains/{key}", {"domain": {"enabled": False}})
    asking.done(cloud, "DELETE", f"/domains/{key}")

    left = asking.rows(cloud)
    for table, count in {
        "projects": 3, "users": 1, "groups": 1, "group_members": 1, "roles": 1,
        "role_assignments": 2,
    }.items():  # fmt: skip
        assert (table, len(before[table]) - len(left[table])) == (table, count)
    asking.refused(cloud, 404, "DELETE", f"/domains/{key}")


def test_the_default_domain_stays(cloud):
    """The workers' users are of it: with it the cloud would end."""
    asking.refused(cloud, 403, "DELETE", "/domains/default")


def test_a_disabled_domain_lets_nobody_in(cloud, domain):
    user = asking.make(cloud, "user", name="u", domain_id=domain["id"], password="secret")
    body = asking.password_login("u", "secret", unscoped={})
    body["auth"]["identity"]["password"]["user"] = {"id": user["id"], "password": "secret"}
    got = cloud.client.post(f"{asking.V3}/auth/tokens", json=body)
    cloud.tokens["u"] = got.headers["X-Subject-Token"]
    assert asking.done(cloud, "GET", "/auth/projects", user="u")["projects"] == []

    asking.done(cloud, "PATCH", f"/domains/{domain['id']}", {"domain": {"enabled": False}})

    assert cloud.client.post(f"{asking.V3}/auth/tokens", json=body).status_code == 401
    assert cloud.ask("GET", f"{asking.V3}/auth/projects", user="u").status_code == 401
