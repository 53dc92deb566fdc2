"""The tree of projects, and their tags, over HTTP."""

import pytest

from services.identity.api import projects, tags
from tests.services.api.identity import asking


@pytest.fixture
def tree(cloud):
    """`a` with `b` below and `c` below that; `d` beside `b`."""
    made = {"a": asking.make(cloud, "project", name="a")}
    for name, parent in (("b", "a"), ("c", "b"), ("d", "a")):
        made[name] = asking.make(cloud, "project", name=name, parent_id=made[parent]["id"])
    return made


def _shown(cloud, project, query, **asked):
    return asking.done(cloud, "GET", f"/projects/{project['id']}?{query}", **asked)["project"]


def test_a_project_is_made_shown_changed_and_deleted(cloud):
    made = asking.make(cloud, "project", name="p", description="mine", colour="red", tags=["x"])
    path = f"/projects/{made['id']}"

    assert made == {
        "id": made["id"], "name": "p", "description": "mine", "colour": "red", "tags": ["x"],
        "domain_id": "default", "parent_id": "default", "is_domain": False, "enabled": True,
        "options": {}, "links": {"self": f"http://testserver{asking.V3}{path}"},
    }  # fmt: skip
    changed = asking.done(cloud, "PATCH", path, {"project": {"enabled": False, "colour": "blue"}})
    assert changed["project"] == made | {"enabled": False, "colour": "blue"}
    assert asking.done(cloud, "GET", "/projects?name=p&enabled=0")["projects"] == [
        changed["project"]
    ]
    asking.done(cloud, "DELETE", path)
    asking.refused(cloud, 404, "GET", path)
    asking.refused(cloud, 404, "PATCH", path, {"project": {}})
    asking.refused(cloud, 404, "DELETE", path)


def test_what_is_above_and_below_is_told_when_asked_for(cloud, tree):
    a, b, c, d = (tree[name]["id"] for name in "abcd")

    assert "parents" not in _shown(cloud, tree["b"], "")
    above = _shown(cloud, tree["c"], "parents_as_list")["parents"]
    assert [one["project"]["id"] for one in above] == [b, a, "default"]
    assert _shown(cloud, tree["c"], "parents_as_ids")["parents"] == {b: {a: {"default": None}}}
    below = _shown(cloud, tree["a"], "subtree_as_list")["subtree"]
    assert {one["project"]["id"] for one in below} == {b, c, d}
    assert _shown(cloud, tree["a"], "subtree_as_ids")["subtree"] == {b: {c: None}, d: None}
    asking.refused(cloud, 400, "GET", f"/projects/{a}?subtree_as_list&subtree_as_ids")
    listed = asking.done(cloud, "GET", f"/projects?parent_id={a}")["projects"]
    assert {one["id"] for one in listed} == {b, d}


def test_of_the_family_a_user_is_told_where_it_has_a_role(cloud, tree):
    reader = asking.role_id(cloud, "reader")
    for name in ("b", "c"):
        asking.done(
            cloud, "PUT",
            f"/projects/{tree[name]['id']}/users/{asking.user_id(cloud)}/roles/{reader}",
        )  # fmt: skip
    login = asking.token_login(cloud.tokens["demo"], project={"id": tree["c"]["id"]})
    got = cloud.client.post(f"{asking.V3}/auth/tokens", json=login)
    cloud.tokens["in c"] = got.headers["X-Subject-Token"]

    above = _shown(cloud, tree["c"], "parents_as_ids", user="in c")["parents"]

    assert above == {tree["b"]["id"]: None}


def test_a_tree_has_a_depth(cloud):
    parent = asking.make(cloud, "project", name="p0")
    for level in range(1, projects.DEPTH_MAX):
        parent = asking.make(cloud, "project", name=f"p{level}", parent_id=parent["id"])

    body = {"project": {"name": "deeper", "parent_id": parent["id"]}}
    assert "depth" in asking.refused(cloud, 403, "POST", "/projects", body)


def test_what_has_something_below_stays_and_nothing_moves(cloud, tree):
    a, c = f"/projects/{tree['a']['id']}", f"/projects/{tree['c']['id']}"
    other = asking.make(cloud, "domain", name="other")["id"]

    assert "not a leaf" in asking.refused(cloud, 403, "DELETE", a)
    asking.refused(cloud, 403, "PATCH", c, {"project": {"parent_id": tree["a"]["id"]}})
    asking.refused(cloud, 400, "PATCH", c, {"project": {"domain_id": other}})
    asking.refused(cloud, 400, "PATCH", c, {"project": {"is_domain": True}})
    for name in "cbda":
        asking.done(cloud, "DELETE", f"/projects/{tree[name]['id']}")


def test_enabled_projects_are_below_enabled_ones(cloud, tree):
    a, b, c = (f"/projects/{tree[name]['id']}" for name in "abc")
    off, on = {"project": {"enabled": False}}, {"project": {"enabled": True}}

    asking.refused(cloud, 403, "PATCH", b, off)
    asking.done(cloud, "PATCH", c, off)
    asking.done(cloud, "PATCH", b, off)
    asking.refused(cloud, 403, "PATCH", c, on)
    body = {"project": {"name": "new", "parent_id": tree["b"]["id"]}}
    asking.refused(cloud, 403, "POST", "/projects", body)
    asking.refused(cloud, 403, "PATCH", a, off)  # d is enabled
    asking.done(cloud, "PATCH", b, on)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 400),
        ({"name": "x", "parent_id": "none"}, 404),
        ({"name": "x", "domain_id": "none"}, 404),
        ({"name": "demo"}, 409),
        ({"name": "x", "is_domain": True, "domain_id": "default"}, 400),
        ({"name": "x", "enabled": 1}, 400),
        ({"name": "x", "tags": ["a/b"]}, 400),
        ({"name": "x", "tags": [""]}, 400),
        ({"name": "x", "tags": [str(n) for n in range(tags.TAGS_MAX + 1)]}, 400),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(cloud, said, status):
    asking.refused(cloud, status, "POST", "/projects", {"project": said})


def test_a_parent_of_another_domain_is_refused(cloud, tree):
    other = asking.make(cloud, "domain", name="other")["id"]

    body = {"project": {"name": "x", "parent_id": tree["a"]["id"], "domain_id": other}}
    asking.refused(cloud, 400, "POST", "/projects", body)


def test_tags_are_replaced_added_checked_and_removed(cloud, tree):
    path = f"/projects/{tree['a']['id']}/tags"

    assert asking.done(cloud, "PUT", path, {"tags": ["red", "blue"]})["tags"] == ["blue", "red"]
    added = cloud.ask("PUT", f"{asking.V3}{path}/gr%C3%BCn", user="admin")
    assert added.status_code == 201
    assert added.headers["Location"].endswith(f"{path}/gr%C3%BCn")
    asking.done(cloud, "PUT", f"{path}/red")  # it may be there
    asking.done(cloud, "HEAD", f"{path}/red")
    assert asking.done(cloud, "GET", path)["tags"] == ["blue", "grün", "red"]
    asking.done(cloud, "DELETE", f"{path}/red")
    asking.refused(cloud, 404, "DELETE", f"{path}/red")
    asking.refused(cloud, 404, "GET", f"{path}/red")
    asking.done(cloud, "DELETE", path)
    assert asking.done(cloud, "GET", path)["tags"] == []


def test_odd_tags_are_400_and_a_reader_changes_none(cloud, tree):
    path = f"/projects/{tree['a']['id']}/tags"
    own = f"/projects/{cloud.project_id()}/tags"
    asking.done(cloud, "PUT", path, {"tags": [str(n) for n in range(tags.TAGS_MAX)]})

    for wanted in (["a", "a"], [""], ["x" * 256], [1], "a", None, [str(n) for n in range(81)]):
        asking.refused(cloud, 400, "PUT", path, {"tags": wanted})
    asking.refused(cloud, 400, "PUT", f"{path}/{'x' * 256}")
    asking.refused(cloud, 400, "PUT", f"{path}/a,b")
    asking.refused(cloud, 400, "PUT", f"{path}/one-more")
    asking.refused(cloud, 404, "GET", "/projects/none/tags")
    assert asking.done(cloud, "GET", own, user="demo")["tags"] == []
    asking.refused(cloud, 403, "PUT", f"{own}/mine", user="demo")
    asking.refused(cloud, 403, "GET", path, user="demo")


def test_projects_are_found_by_their_tags(cloud, tree):
    for name, wanted in (("a", ["x", "y"]), ("b", ["x"]), ("c", ["y"])):
        asking.done(cloud, "PUT", f"/projects/{tree[name]['id']}/tags", {"tags": wanted})

    def found(query):
        listed = asking.done(cloud, "GET", f"/projects?{query}")["projects"]
        return sorted(one["name"] for one in listed if one["name"] in "abcd")

    assert found("tags=x") == ["a", "b"]
    assert found("tags=x,y") == ["a"]
    assert found("tags-any=x,y") == ["a", "b", "c"]
    assert found("not-tags=x,y") == ["b", "c", "d"]
    assert found("not-tags-any=x,y") == ["d"]


def test_a_users_projects_are_its_own_to_list(cloud):
    me, other = asking.user_id(cloud), asking.user_id(cloud, "other")

    mine = asking.done(cloud, "GET", f"/users/{me}/projects", user="demo")["projects"]
    assert [one["name"] for one in mine] == ["demo"]
    asking.refused(cloud, 403, "GET", f"/users/{other}/projects", user="demo")
    asking.refused(cloud, 404, "GET", "/users/none/projects")
