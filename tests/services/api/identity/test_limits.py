"""Keystone's unified limits over HTTP: their form, who sees which, and what is refused."""

import pytest

from tests.services.api.identity import asking

REGISTERED = f"{asking.V3}/registered_limits"
LIMITS = f"{asking.V3}/limits"


@pytest.fixture
def service_id(cloud):
    return asking.make(cloud, "service", type="metered")["id"]


def _register(cloud, service_id, *names, **said):
    body = [
        {"service_id": service_id, "resource_name": name, "default_limit": 10, **said}
        for name in names
    ]
    return cloud.post(REGISTERED, {"registered_limits": body}, user="admin")["registered_limits"]


def _limit(cloud, service_id, name="cores", **said):
    body = {"service_id": service_id, "resource_name": name, "resource_limit": 5, **said}
    return cloud.post(LIMITS, {"limits": [body]}, user="admin")["limits"][0]


def test_registered_limits_are_made_at_once_shown_changed_and_deleted(cloud, service_id):
    cores, ram = _register(cloud, service_id, "cores", "ram", description="all of them")
    url = f"{REGISTERED}/{cores['id']}"

    assert cores == {
        "id": cores["id"], "service_id": service_id, "region_id": None, "resource_name": "cores",
        "default_limit": 10, "description": "all of them",
        "links": {"self": f"http://testserver{url}"},
    }  # fmt: skip
    assert cloud.get(REGISTERED, user="demo")["registered_limits"] == [cores, ram]
    assert cloud.get(f"{REGISTERED}?resource_name=ram")["registered_limits"] == [ram]
    assert cloud.get(f"{REGISTERED}?region_id=RegionOne")["registered_limits"] == []
    said = {
        "registered_limit": {"default_limit": -1, "description": None, "region_id": "RegionOne"}
    }
    changed = cloud.ask("PATCH", url, json=said, user="admin").json()["registered_limit"]
    assert changed == cores | said["registered_limit"]
    assert cloud.get(url) == {"registered_limit": changed}
    assert cloud.ask("DELETE", url, user="admin").status_code == 204
    assert cloud.ask("GET", url).status_code == 404


def test_limits_are_made_shown_changed_and_deleted(cloud, service_id):
    _register(cloud, service_id, "cores")
    made = _limit(cloud, service_id, project_id=cloud.project_id(), description="few")
    url = f"{LIMITS}/{made['id']}"

    assert made == {
        "id": made["id"], "service_id": service_id, "region_id": None, "resource_name": "cores",
        "resource_limit": 5, "project_id": cloud.project_id(), "domain_id": None,
        "description": "few", "links": {"self": f"http://testserver{url}"},
    }  # fmt: skip
    said = {"limit": {"resource_limit": 0}}
    changed = cloud.ask("PATCH", url, json=said, user="admin").json()["limit"]
    assert changed == made | {"resource_limit": 0}
    assert cloud.get(url) == {"limit": changed}
    assert cloud.ask("DELETE", url, user="admin").status_code == 204
    assert cloud.ask("GET", url, user="admin").status_code == 404


def test_the_model_is_flat(cloud):
    assert cloud.get(f"{LIMITS}/model")["model"]["name"] == "flat"


def test_who_sees_which_limits(cloud, service_id):
    _register(cloud, service_id, "cores")
    mine = _limit(cloud, service_id, project_id=cloud.project_id())
    theirs = _limit(cloud, service_id, project_id=cloud.project_id("other"))
    domains = _limit(cloud, service_id, domain_id="default")
    other = asking.make(cloud, "domain", name="elsewhere")["id"]
    as_project = _limit(cloud, service_id, project_id=other)  # Keystone takes it for the domain

    assert (as_project["project_id"], as_project["domain_id"]) == (None, other)
    assert cloud.get(LIMITS, user="demo")["limits"] == [mine]
    assert cloud.get(LIMITS, user="admin")["limits"] == [mine, theirs, domains, as_project]
    grant = (
        f"/domains/default/users/{asking.user_id(cloud)}/roles/{asking.role_id(cloud, 'reader')}"
    )
    asking.done(cloud, "PUT", grant)
    login = asking.token_login(cloud.tokens["demo"], domain={"id": "default"})
    answer = cloud.client.post(f"{asking.V3}/auth/tokens", json=login)
    cloud.tokens["domains"] = answer.headers["X-Subject-Token"]
    assert cloud.get(LIMITS, user="domains")["limits"] == [mine, theirs, domains]
    by_project = cloud.get(f"{LIMITS}?project_id={cloud.project_id()}", user="admin")
    by_domain = cloud.get(f"{LIMITS}?domain_id=default", user="admin")
    assert (by_project["limits"], by_domain["limits"]) == ([mine], [domains])
    assert cloud.ask("GET", f"{LIMITS}/{theirs['id']}", user="demo").status_code == 403
    assert cloud.get(f"{LIMITS}/{theirs['id']}", user="domains")["limit"] == theirs


def test_one_that_cannot_be_leaves_none_of_the_list(cloud, service_id):
    _register(cloud, service_id, "cores")
    good = {"service_id": service_id, "resource_name": "ram", "default_limit": 1}
    own = {"service_id": service_id, "resource_name": "cores", "resource_limit": 1}
    own["project_id"] = cloud.project_id()

    body = {"registered_limits": [good, good | {"resource_name": "cores"}]}
    assert "Conflict" in asking.refused(cloud, 409, "POST", "/registered_limits", body)
    asking.refused(cloud, 409, "POST", "/registered_limits", {"registered_limits": [good, good]})
    asking.refused(cloud, 409, "POST", "/limits", {"limits": [own, own]})
    asking.refused(cloud, 403, "POST", "/limits", {"limits": [own, own | {"resource_name": "x"}]})


@pytest.mark.parametrize(
    "said",
    [
        {"default_limit": -2}, {"default_limit": 2**31}, {"default_limit": 10**400},
        {"default_limit": "1"}, {"default_limit": 1.5}, {"default_limit": True},
        {"default_limit": None}, {"resource_name": ""}, {"resource_name": "x" * 256},
        {"resource_name": None}, {"service_id": "none"}, {"service_id": 1}, {"region_id": "none"},
        {"region_id": ""}, {"description": 1}, {"unknown": 1},
    ],
)  # fmt: skip
def test_a_registered_limit_of_odd_input_is_400(cloud, service_id, said):
    good = {"service_id": service_id, "resource_name": "ram", "default_limit": 1}

    body = {"registered_limits": [good | said]}
    asking.refused(cloud, 400, "POST", "/registered_limits", body)

    (made,) = _register(cloud, service_id, "cores")
    path = f"/registered_limits/{made['id']}"
    asking.refused(cloud, 400, "PATCH", path, {"registered_limit": said})


@pytest.mark.parametrize(
    "said",
    [
        {"resource_limit": -2}, {"resource_limit": 2**31}, {"resource_limit": "1"},
        {"resource_name": "x" * 256}, {"service_id": "none"}, {"region_id": "none"},
        {"project_id": None}, {"project_id": "none"}, {"project_id": 1}, {"domain_id": "default"},
        {"domain_id": "none", "project_id": None}, {"unknown": 1},
    ],
)  # fmt: skip
def test_a_limit_of_odd_input_is_400(cloud, service_id, said):
    _register(cloud, service_id, "cores")
    good = {"service_id": service_id, "resource_name": "cores", "resource_limit": 1}
    good["project_id"] = cloud.project_id()

    asking.refused(cloud, 400, "POST", "/limits", {"limits": [good | said]})

    path = f"/limits/{_limit(cloud, service_id, project_id=cloud.project_id())['id']}"
    for changed in ({"resource_limit": -2}, {"project_id": "x"}, {"service_id": service_id}):
        asking.refused(cloud, 400, "PATCH", path, {"limit": changed})


@pytest.mark.parametrize("noun", ["limits", "registered_limits"])
@pytest.mark.parametrize("body", [{}, [], 1, None, {"limits": {}}, {"registered_limits": []}])
def test_what_is_no_list_of_limits_is_400(cloud, noun, body):
    asking.refused(cloud, 400, "POST", f"/{noun}", body)


@pytest.mark.parametrize("noun", ["limit", "registered_limit"])
def test_one_that_is_not_there_is_404(cloud, noun):
    for method, body in (("GET", None), ("PATCH", {noun: {}}), ("DELETE", None)):
        asking.refused(cloud, 404, method, f"/{noun}s/none", body)


def test_what_limits_follow_stays_until_they_are_gone(cloud, service_id):
    (registered,) = _register(cloud, service_id, "cores", region_id="RegionOne")
    limit = _limit(cloud, service_id, region_id="RegionOne", project_id=cloud.project_id())
    path = f"/registered_limits/{registered['id']}"

    asking.refused(cloud, 403, "DELETE", path)
    asking.refused(cloud, 403, "PATCH", path, {"registered_limit": {"resource_name": "ram"}})
    asking.done(cloud, "PATCH", path, {"registered_limit": {"default_limit": 3}})
    asking.done(cloud, "DELETE", f"/limits/{limit['id']}")
    asking.done(cloud, "PATCH", path, {"registered_limit": {"resource_name": "ram"}})
    asking.done(cloud, "DELETE", path)


def test_a_region_of_a_registered_limit_stays_and_a_service_takes_its_limits_along(
    cloud, service_id
):
    asking.make(cloud, "region", id="far")
    _register(cloud, service_id, "cores", region_id="far")
    _limit(cloud, service_id, region_id="far", project_id=cloud.project_id())

    assert "registered limits" in asking.refused(cloud, 403, "DELETE", "/regions/far")
    asking.done(cloud, "DELETE", f"/services/{service_id}")

    left = asking.rows(cloud)
    assert (left["registered_limits"], left["limits"]) == ([], [])
    asking.done(cloud, "DELETE", "/regions/far")


def test_a_project_takes_its_limits_along(cloud, service_id):
    _register(cloud, service_id, "cores")
    project = asking.make(cloud, "project", name="p")
    _limit(cloud, service_id, project_id=project["id"])

    asking.done(cloud, "DELETE", f"/projects/{project['id']}")

    assert asking.rows(cloud)["limits"] == []
