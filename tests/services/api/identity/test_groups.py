"""Groups and their users over HTTP."""

import pytest

from tests.services.api.identity import asking


@pytest.fixture
def group(cloud):
    return asking.make(cloud, "group", name="staff", description="teachers")


def _manager(cloud):
    """A user that is manager of the domain Default, and has a token for it."""
    user = asking.make(cloud, "user", name="mandy", password="secret")
    manager = asking.role_id(cloud, "manager")
    asking.done(cloud, "PUT", f"/domains/default/users/{user['id']}/roles/{manager}")
    login = asking.password_login("mandy", "secret", domain={"id": "default"})
    got = cloud.client.post(f"{asking.V3}/auth/tokens", json=login)
    cloud.tokens["mandy"] = got.headers["X-Subject-Token"]
    return "mandy"


def test_a_group_is_made_shown_changed_and_deleted(cloud, group):
    path = f"/groups/{group['id']}"

    assert group == {
        "id": group["id"], "name": "staff", "description": "teachers", "domain_id": "default",
        "links": {"self": f"http://testserver{asking.V3}{path}"},
    }  # fmt: skip
    changed = asking.done(cloud, "PATCH", path, {"group": {"name": "crew", "x": 1}})["group"]
    assert changed == group | {"name": "crew", "x": 1}
    assert asking.done(cloud, "GET", path) == {"group": changed}
    assert asking.done(cloud, "GET", "/groups?name=crew")["groups"] == [changed]
    asking.done(cloud, "DELETE", path)
    for method, body in (("GET", None), ("PATCH", {"group": {}}), ("DELETE", None)):
        asking.refused(cloud, 404, method, path, body)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 400), ({"name": ""}, 400), ({"name": "x" * 256}, 400), ({"name": "staff"}, 409),
        ({"name": "x", "domain_id": "none"}, 404), ({"name": "x", "domain_id": None}, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_leaves_nothing(cloud, group, said, status):
    asking.refused(cloud, status, "POST", "/groups", {"group": said})


def test_a_group_does_not_move_to_another_domain(cloud, group):
    other = asking.make(cloud, "domain", name="other")["id"]

    asking.refused(cloud, 400, "PATCH", f"/groups/{group['id']}", {"group": {"domain_id": other}})


def test_users_come_and_go_and_their_roles_with_them(cloud, group):
    demo, member = asking.user_id(cloud), f"/groups/{group['id']}/users/{asking.user_id(cloud)}"
    project = asking.make(cloud, "project", name="p")["id"]
    reader = asking.role_id(cloud, "reader")
    asking.done(cloud, "PUT", f"/projects/{project}/groups/{group['id']}/roles/{reader}")

    def projects():
        found = asking.done(cloud, "GET", "/auth/projects", user="demo")["projects"]
        return [one["name"] for one in found]

    asking.refused(cloud, 404, "GET", member)
    asking.done(cloud, "PUT", member)
    asking.done(cloud, "PUT", member)  # it may be of it
    asking.done(cloud, "HEAD", member)
    listed = asking.done(cloud, "GET", f"/groups/{group['id']}/users")["users"]
    assert [one["id"] for one in listed] == [demo]
    own = asking.done(cloud, "GET", f"/users/{demo}/groups", user="demo")["groups"]
    assert own == [group]
    assert projects() == ["demo", "p"]
    asking.done(cloud, "DELETE", member)
    assert projects() == ["demo"]
    asking.refused(cloud, 404, "DELETE", member)
    asking.done(cloud, "PUT", member)
    asking.done(cloud, "DELETE", f"/groups/{group['id']}")
    assert projects() == ["demo"]


def test_who_or_what_is_not_there_is_404(cloud, group):
    demo = asking.user_id(cloud)

    for method in ("GET", "PUT", "DELETE"):
        asking.refused(cloud, 404, method, f"/groups/none/users/{demo}")
        asking.refused(cloud, 404, method, f"/groups/{group['id']}/users/none")
    asking.refused(cloud, 404, "GET", "/groups/none/users")
    asking.refused(cloud, 404, "GET", "/users/none/groups")


def test_a_domains_manager_has_to_do_with_users_of_it_in_groups_of_it(cloud, group):
    mandy = _manager(cloud)
    other = asking.make(cloud, "domain", name="other")["id"]
    foreign = asking.make(cloud, "user", name="f", domain_id=other)["id"]
    theirs = asking.make(cloud, "group", name="g", domain_id=other)["id"]
    demo = asking.user_id(cloud)

    asking.done(cloud, "PUT", f"/groups/{group['id']}/users/{demo}", user=mandy)
    for method in ("PUT", "DELETE", "GET"):
        asking.refused(cloud, 403, method, f"/groups/{group['id']}/users/{foreign}", user=mandy)
        asking.refused(cloud, 403, method, f"/groups/{theirs}/users/{demo}", user=mandy)
    asking.refused(cloud, 403, "GET", f"/groups/{theirs}", user=mandy)
    listed = asking.done(cloud, "GET", "/groups", user=mandy)["groups"]
    assert [one["name"] for one in listed] == ["staff"]
    for plural in ("groups", "users", "projects"):
        path = f"/{plural}?domain_id={other}"
        assert asking.done(cloud, "GET", path, user=mandy)[plural] == []
