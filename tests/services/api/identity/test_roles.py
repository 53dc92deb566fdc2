"""Roles, and which implies which, over HTTP."""

import pytest

from tests.services.api.identity import asking


@pytest.fixture
def roles(cloud):
    return {name: asking.make(cloud, "role", name=name) for name in ("chef", "cook", "boy")}


def _implies(roles, prior, implied):
    return f"/roles/{roles[prior]['id']}/implies/{roles[implied]['id']}"


def _roles_of_demo(cloud):
    """Names of the roles in a new token of demo's project."""
    login = asking.token_login(cloud.tokens["demo"], project={"id": cloud.project_id()})
    token = cloud.client.post(f"{asking.V3}/auth/tokens", json=login).json()["token"]
    return [role["name"] for role in token["roles"]]


def test_a_role_is_made_shown_changed_and_deleted(cloud):
    made = asking.make(cloud, "role", name="chef", description="cooks")
    path = f"/roles/{made['id']}"

    assert made == {
        "id": made["id"], "name": "chef", "description": "cooks", "domain_id": None, "options": {},
        "links": {"self": f"http://testserver{asking.V3}{path}"},
    }  # fmt: skip
    changed = asking.done(cloud, "PATCH", path, {"role": {"name": "cook"}})["role"]
    assert changed == made | {"name": "cook"}
    assert asking.done(cloud, "GET", path) == {"role": changed}
    assert asking.done(cloud, "GET", "/roles?name=cook")["roles"] == [changed]
    asking.done(cloud, "DELETE", path)
    for method, body in (("GET", None), ("PATCH", {"role": {}}), ("DELETE", None)):
        asking.refused(cloud, 404, method, path, body)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 400), ({"name": ""}, 400), ({"name": "x" * 256}, 400), ({"name": "admin"}, 409),
        ({"name": "x", "domain_id": "none"}, 404),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_leaves_nothing(cloud, said, status):
    asking.refused(cloud, status, "POST", "/roles", {"role": said})


@pytest.mark.parametrize("name", ["admin", "manager", "member", "reader", "service"])
def test_the_roles_that_the_policy_is_written_in_stay(cloud, name):
    path = f"/roles/{asking.role_id(cloud, name)}"

    assert asking.done(cloud, "GET", path)["role"]["options"] == {"immutable": True}
    asking.refused(cloud, 403, "DELETE", path)
    asking.refused(cloud, 403, "PATCH", path, {"role": {"name": "x"}})


def test_a_role_of_a_domain_is_listed_apart_and_granted_there_only(cloud):
    domain = asking.make(cloud, "domain", name="other")["id"]
    role = asking.make(cloud, "role", name="admin", domain_id=domain)  # another than the cloud's
    demo = asking.user_id(cloud)

    assert role not in asking.done(cloud, "GET", "/roles")["roles"]
    assert asking.done(cloud, "GET", f"/roles?domain_id={domain}")["roles"] == [role]
    grant = f"/projects/{cloud.project_id()}/users/{demo}/roles/{role['id']}"
    asking.refused(cloud, 403, "PUT", grant)
    asking.done(cloud, "PUT", f"/domains/{domain}/users/{demo}/roles/{role['id']}")


def test_a_role_that_implies_others_gives_them_all_the_way_down(cloud, roles):
    for pair in (("chef", "cook"), ("cook", "boy")):
        asking.done(cloud, "PUT", _implies(roles, *pair))
        asking.done(cloud, "PUT", _implies(roles, *pair))  # it may be so
    grant = f"/projects/{cloud.project_id()}/users/{asking.user_id(cloud)}/roles"
    asking.done(cloud, "PUT", f"{grant}/{roles['chef']['id']}")

    assert _roles_of_demo(cloud) == ["boy", "chef", "cook", "member", "reader"]
    asking.done(cloud, "DELETE", _implies(roles, "cook", "boy"))
    assert _roles_of_demo(cloud) == ["chef", "cook", "member", "reader"]
    asking.done(cloud, "DELETE", f"{grant}/{roles['chef']['id']}")
    assert _roles_of_demo(cloud) == ["member", "reader"]


def test_roles_that_imply_one_another_end(cloud, roles):
    asking.done(cloud, "PUT", _implies(roles, "chef", "cook"))
    asking.done(cloud, "PUT", _implies(roles, "cook", "chef"))
    grant = f"/projects/{cloud.project_id()}/users/{asking.user_id(cloud)}/roles"
    asking.done(cloud, "PUT", f"{grant}/{roles['cook']['id']}")

    assert _roles_of_demo(cloud) == ["chef", "cook", "member", "reader"]


def test_inferences_are_shown_one_of_a_role_and_all(cloud, roles):
    made = asking.done(cloud, "PUT", _implies(roles, "chef", "cook"))["role_inference"]

    assert (made["prior_role"]["name"], made["implies"]["name"]) == ("chef", "cook")
    shown = asking.done(cloud, "GET", _implies(roles, "chef", "cook"))["role_inference"]
    assert shown == made
    asking.done(cloud, "HEAD", _implies(roles, "chef", "cook"))
    of_role = asking.done(cloud, "GET", f"/roles/{roles['chef']['id']}/implies")["role_inference"]
    assert [one["name"] for one in of_role["implies"]] == ["cook"]
    every = asking.done(cloud, "GET", "/role_inferences")["role_inferences"]
    found = {one["prior_role"]["name"]: [each["name"] for each in one["implies"]] for one in every}
    assert found == {
        "admin": ["manager"], "manager": ["member"], "member": ["reader"], "chef": ["cook"],
    }  # fmt: skip


def test_what_may_not_be_implied_is_403_and_what_is_not_there_404(cloud, roles):
    admin, chef = asking.role_id(cloud, "admin"), roles["chef"]["id"]
    domain = asking.make(cloud, "domain", name="other")["id"]
    own = asking.make(cloud, "role", name="own", domain_id=domain)["id"]

    asking.refused(cloud, 403, "PUT", f"/roles/{chef}/implies/{admin}")
    asking.refused(cloud, 403, "PUT", f"/roles/{chef}/implies/{own}")
    for path in (f"/roles/none/implies/{chef}", f"/roles/{chef}/implies/none"):
        for method in ("GET", "PUT", "DELETE"):
            asking.refused(cloud, 404, method, path)
    asking.refused(cloud, 404, "GET", _implies(roles, "chef", "cook"))
    asking.refused(cloud, 404, "DELETE", _implies(roles, "chef", "cook"))
