"""Grants on projects, domains and the system, inherited ones, and what comes of them."""

import pytest

from tests.services.api.identity import asking


@pytest.fixture
def places(cloud):
    """Ids: a domain, `parent` in it, `child` below that; a user and a group of the domain."""
    domain = asking.make(cloud, "domain", name="edu")["id"]
    parent = asking.make(cloud, "project", name="parent", domain_id=domain)["id"]
    child = asking.make(cloud, "project", name="child", parent_id=parent)["id"]
    user = asking.make(cloud, "user", name="ann", domain_id=domain, password="secret")["id"]
    group = asking.make(cloud, "group", name="staff", domain_id=domain)["id"]
    return {"domain": domain, "parent": parent, "child": child, "user": user, "group": group}


def _roles(cloud, places, **scope):
    """Names of the roles in a token of ann's for that; None when she gets none."""
    identity = {"methods": ["password"]}
    identity["password"] = {"user": {"id": places["user"], "password": "secret"}}
    body = {"auth": {"identity": identity, "scope": scope}}
    answer = cloud.client.post(f"{asking.V3}/auth/tokens", json=body)
    if answer.status_code == 401:
        return None
    return [role["name"] for role in answer.json()["token"]["roles"]]


def _listed(cloud, query):
    """(user or group, role, target, inherited) of each assignment."""
    found = []
    for one in asking.done(cloud, "GET", f"/role_assignments?{query}")["role_assignments"]:
        ((kind, target),) = [
            (kind, value) for kind, value in one["scope"].items() if ":" not in kind
        ]
        who = one.get("user", one.get("group"))["id"]
        found.append(
            (
                who,
                one["role"]["id"],
                target.get("id", kind),
                "OS-INHERIT:inherited_to" in one["scope"],
            )
        )
    return found


@pytest.mark.parametrize("who", ["users/{user}", "groups/{group}"])
@pytest.mark.parametrize("target", ["projects/{child}", "domains/{domain}", "system"])
def test_a_role_is_granted_checked_listed_and_taken_back(cloud, places, who, target):
    asking.done(cloud, "PUT", f"/groups/{places['group']}/users/{places['user']}")
    start = f"/{target}/{who}/roles".format(**places)
    grant = f"{start}/{asking.role_id(cloud, 'member')}"
    scope = {
        "projects": {"project": {"id": places["child"]}},
        "domains": {"domain": {"id": places["domain"]}}, "system": {"system": {"all": True}},
    }[target.partition("/")[0]]  # fmt: skip

    asking.refused(cloud, 404, "GET", grant)
    assert _roles(cloud, places, **scope) is None
    asking.done(cloud, "PUT", grant)
    asking.done(cloud, "PUT", grant)  # it may be granted
    asking.done(cloud, "HEAD", grant)
    assert [one["name"] for one in asking.done(cloud, "GET", start)["roles"]] == ["member"]
    assert _roles(cloud, places, **scope) == ["member", "reader"]
    asking.done(cloud, "DELETE", grant)
    asking.refused(cloud, 404, "DELETE", grant)
    assert _roles(cloud, places, **scope) is None


@pytest.mark.parametrize("who", ["users/{user}", "groups/{group}"])
@pytest.mark.parametrize("target", ["projects/{parent}", "domains/{domain}"])
def test_an_inherited_role_holds_below_and_not_there(cloud, places, who, target):
    asking.done(cloud, "PUT", f"/groups/{places['group']}/users/{places['user']}")
    start = f"/OS-INHERIT/{target}/{who}/roles".format(**places)
    grant = f"{start}/{asking.role_id(cloud, 'member')}/inherited_to_projects"
    place = {"project": {"id": places["parent"]}}
    if target.startswith("domains"):
        place = {"domain": {"id": places["domain"]}}

    asking.done(cloud, "PUT", grant)

    asking.done(cloud, "HEAD", grant)
    listed = asking.done(cloud, "GET", f"{start}/inherited_to_projects")["roles"]
    assert [one["name"] for one in listed] == ["member"]
    assert _roles(cloud, places, **place) is None
    assert _roles(cloud, places, project={"id": places["child"]}) == ["member", "reader"]
    asking.done(cloud, "DELETE", grant)
    assert _roles(cloud, places, project={"id": places["child"]}) is None


def test_who_or_what_is_not_there_is_404(cloud, places):
    member = asking.role_id(cloud, "member")

    for path in (
        f"/projects/none/users/{places['user']}/roles/{member}",
        f"/projects/{places['child']}/users/none/roles/{member}",
        f"/projects/{places['child']}/groups/none/roles/{member}",
        f"/projects/{places['child']}/users/{places['user']}/roles/none",
        f"/domains/none/groups/{places['group']}/roles/{member}",
        f"/system/users/none/roles/{member}",
    ):
        for method in ("GET", "PUT", "DELETE"):
            asking.refused(cloud, 404, method, path)


def test_assignments_are_listed_as_granted_and_as_in_effect(cloud, places):
    member, reader = asking.role_id(cloud, "member"), asking.role_id(cloud, "reader")
    user, group = places["user"], places["group"]
    asking.done(cloud, "PUT", f"/groups/{group}/users/{user}")
    below = f"/OS-INHERIT/domains/{places['domain']}/groups/{group}/roles/{member}"
    asking.done(cloud, "PUT", f"{below}/inherited_to_projects")

    assert _listed(cloud, f"group.id={group}") == [(group, member, places["domain"], True)]
    assert _listed(cloud, f"user.id={user}") == []
    expected = {
        (user, role, place, False)
        for role in (member, reader)
        for place in (places["parent"], places["child"])
    }
    in_effect = _listed(cloud, f"user.id={user}&effective")
    assert (set(in_effect), len(in_effect)) == (expected, 4)
    assert {one[2] for one in _listed(cloud, f"scope.project.id={places['child']}&effective")} == {
        places["child"]
    }
    tree = _listed(cloud, f"scope.project.id={places['parent']}&include_subtree=true&effective")
    assert set(tree) == expected
    assert _listed(cloud, f"role.id={reader}&user.id={user}&effective") == [
        one for one in in_effect if one[1] == reader
    ]
    assert _listed(
        cloud, f"scope.domain.id={places['domain']}&scope.OS-INHERIT:inherited_to=projects"
    ) == [(group, member, places["domain"], True)]


def test_names_and_where_each_comes_from_are_told(cloud, places):
    member = asking.role_id(cloud, "member")
    asking.done(cloud, "PUT", f"/groups/{places['group']}/users/{places['user']}")
    grant = f"/projects/{places['child']}/groups/{places['group']}/roles/{member}"
    asking.done(cloud, "PUT", grant)

    query = f"user.id={places['user']}&effective&include_names"
    found = asking.done(cloud, "GET", f"/role_assignments?{query}")["role_assignments"]

    by_role = {one["role"]["name"]: one for one in found}
    assert by_role.keys() == {"member", "reader"}
    assert by_role["reader"]["user"]["name"] == "ann"
    assert by_role["reader"]["scope"]["project"]["domain"]["name"] == "edu"
    links = by_role["reader"]["links"]
    assert links["assignment"].endswith(grant)
    assert links["membership"].endswith(f"/groups/{places['group']}/users/{places['user']}")
    reader = asking.role_id(cloud, "reader")
    assert links["prior_role"].endswith(f"/prior_roles/{member}/implies/{reader}")
    assert "prior_role" not in by_role["member"]["links"]


def test_the_system_is_listed_apart(cloud):
    admin = asking.user_id(cloud, "admin")

    assert _listed(cloud, "scope.system=all") == [
        (admin, asking.role_id(cloud, "admin"), "system", False)
    ]


@pytest.mark.parametrize(
    "query",
    [
        "scope.project.id=a&scope.domain.id=b", "scope.system=all&scope.domain.id=b",
        "include_subtree", "user.id=a&group.id=b", "group.id=a&effective",
    ],
)  # fmt: skip
def test_queries_that_contradict_themselves_are_400(cloud, query):
    asking.refused(cloud, 400, "GET", f"/role_assignments?{query}")


def test_ones_own_are_anybodys_to_list_and_others_are_not(cloud):
    mine, theirs = asking.user_id(cloud), asking.user_id(cloud, "other")

    found = asking.done(cloud, "GET", f"/role_assignments?user.id={mine}", user="demo")
    assert len(found["role_assignments"]) == 1
    asking.refused(cloud, 403, "GET", f"/role_assignments?user.id={theirs}", user="demo")
    asking.refused(cloud, 403, "GET", "/role_assignments", user="demo")


def test_a_domains_manager_gives_less_than_it_has_and_only_there(cloud, places):
    manager, admin = asking.role_id(cloud, "manager"), asking.role_id(cloud, "admin")
    asking.done(cloud, "PUT", f"/domains/{places['domain']}/users/{places['user']}/roles/{manager}")
    body = {"methods": ["password"]}
    body["password"] = {"user": {"id": places["user"], "password": "secret"}}
    scope = {"domain": {"id": places["domain"]}}
    login = {"auth": {"identity": body, "scope": scope}}
    got = cloud.client.post(f"{asking.V3}/auth/tokens", json=login)
    cloud.tokens["ann"] = got.headers["X-Subject-Token"]
    own = f"/projects/{places['child']}/users/{places['user']}/roles"
    reader = asking.role_id(cloud, "reader")

    asking.done(cloud, "PUT", f"{own}/{manager}", user="ann")
    asking.refused(cloud, 403, "PUT", f"{own}/{admin}", user="ann")
    asking.refused(cloud, 403, "PUT", f"/system/users/{places['user']}/roles/{reader}", user="ann")
    theirs = f"/projects/{cloud.project_id()}/users/{places['user']}/roles/{reader}"
    asking.refused(cloud, 403, "PUT", theirs, user="ann")
    stranger = f"/projects/{places['child']}/users/{asking.user_id(cloud)}/roles/{reader}"
    asking.refused(cloud, 403, "PUT", stranger, user="ann")
    seen = asking.done(cloud, "GET", "/role_assignments", user="ann")["role_assignments"]
    assert {next(iter(one["scope"].values()))["id"] for one in seen} == {
        places["domain"], places["child"],
    }  # fmt: skip
