"""Keystone's OS-TRUST over HTTP: its form, and what is refused."""

import pytest

from appliance.db import roles, users

TRUSTS = "/identity/v3/OS-TRUST/trusts"
EXPIRES = "2999-12-31T23:59:59.000123Z"


def _id(cloud, name="demo"):
    found = users.find_by_name(cloud.db, name)
    assert found is not None
    return found.id


def _body(cloud, **said):
    return {
        "trust": {
            "trustor_user_id": _id(cloud), "trustee_user_id": _id(cloud, "other"),
            "project_id": cloud.project_id(), "roles": [{"name": "member"}],
            "impersonation": True, **said,
        }
    }  # fmt: skip


def _made(cloud, **said):
    return cloud.post(TRUSTS, _body(cloud, **said))["trust"]


def test_a_trust_is_made_shown_and_deleted(cloud):
    made = _made(cloud, expires_at=EXPIRES, note="mine")
    url = f"{TRUSTS}/{made['id']}"

    assert made == {
        "id": made["id"], "trustor_user_id": _id(cloud), "trustee_user_id": _id(cloud, "other"),
        "project_id": cloud.project_id(), "impersonation": True, "expires_at": EXPIRES,
        "remaining_uses": None, "redelegated_trust_id": None, "redelegation_count": 0,
        "deleted_at": None, "note": "mine", "roles": made["roles"],
        "roles_links": made["roles_links"], "links": {"self": f"http://testserver{url}"},
    }  # fmt: skip
    assert [role["name"] for role in made["roles"]] == ["member"]
    assert cloud.get(url, user="other") == {"trust": made}
    assert cloud.ask("DELETE", url, user="other").status_code == 403
    assert cloud.ask("DELETE", url).status_code == 204
    assert cloud.ask("GET", url).status_code == cloud.ask("DELETE", url).status_code == 404


def test_trusts_are_listed_by_trustor_and_by_trustee_without_their_roles(cloud):
    made = _made(cloud)
    short = {key: value for key, value in made.items() if not key.startswith("roles")}
    trustor, trustee = {"trustor_user_id": _id(cloud)}, {"trustee_user_id": _id(cloud, "other")}

    assert cloud.get(TRUSTS, params=trustor)["trusts"] == [short]
    assert cloud.get(TRUSTS, params=trustee, user="other")["trusts"] == [short]
    assert cloud.get(TRUSTS, params=trustor | trustee)["trusts"] == [short]
    assert cloud.get(TRUSTS, user="admin")["trusts"] == [short]
    assert cloud.get(TRUSTS, params={"trustee_user_id": _id(cloud)})["trusts"] == []
    assert cloud.ask("GET", TRUSTS).status_code == 403
    assert cloud.ask("GET", TRUSTS, params=trustor, user="watcher").status_code == 403


def test_the_roles_of_a_trust_are_shown_one_by_one(cloud):
    made = _made(cloud)
    url = f"{TRUSTS}/{made['id']}/roles"
    reader = roles.find_by_name(cloud.db, "reader")

    assert cloud.get(url)["roles"] == made["roles"]
    one = f"{url}/{made['roles'][0]['id']}"
    assert cloud.get(one)["role"] == made["roles"][0]
    head = cloud.ask("HEAD", one)
    assert (head.status_code, head.content) == (200, b"")
    for method in ("GET", "HEAD"):
        assert cloud.ask(method, f"{url}/{reader.id}").status_code == 404


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"expires_at": "bad.123Z"}, 400),
        ({"expires_at": "2001-01-01T00:00:00Z"}, 400),
        ({"impersonation": "yes"}, 400),
        ({"impersonation": None}, 400),
        ({"trustee_user_id": None}, 400),
        ({"trustee_user_id": "nobody"}, 404),
        ({"project_id": "none"}, 404),
        ({"roles": [{"name": "no such"}]}, 404),
        ({"roles": [{"name": "admin"}]}, 403),
        ({"roles": []}, 403),
        ({"roles": [{}]}, 400),
        ({"roles": [{"id": 1}]}, 400),
        ({"roles": ["member"]}, 400),
        ({"remaining_uses": 0}, 400),
        ({"remaining_uses": 2**70}, 400),
        ({"remaining_uses": True}, 400),
        ({"redelegation_count": -1}, 400),
        ({"allow_redelegation": True, "redelegation_count": 9}, 403),
        ({"allow_redelegation": True, "remaining_uses": 1}, 400),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(cloud, said, status):
    assert cloud.ask("POST", TRUSTS, json=_body(cloud, **said)).status_code == status

    assert cloud.get(TRUSTS, user="admin")["trusts"] == []


@pytest.mark.parametrize("name", ["trustor_user_id", "trustee_user_id", "impersonation"])
def test_what_is_required_is_missed(cloud, name):
    body = _body(cloud)
    del body["trust"][name]

    answer = cloud.ask("POST", TRUSTS, json=body)

    assert (answer.status_code, name in answer.text) == (400, True)


def test_nobody_trusts_for_another(cloud):
    for user in ("other", "admin"):
        assert cloud.ask("POST", TRUSTS, json=_body(cloud), user=user).status_code == 403
