"""Users and their passwords over HTTP."""

import shutil

import pytest

from appliance import config
from tests.services.api import clouds
from tests.services.api.identity import asking


@pytest.fixture
def strict(home, first_start):
    """A cloud that locks out after three wrong passwords and remembers two."""
    template, tokens = first_start
    document = {"host": "box1", "identity": {"lockout_attempts": 3, "passwords_remembered": 2}}
    settings = config.parse(document, home=home)
    shutil.copytree(template, settings.home, dirs_exist_ok=True)
    cloud = clouds.opened(settings, dict(tokens))
    yield cloud
    cloud.db.close()


def _status(cloud, password, user="other"):
    body = asking.password_login(user, password, unscoped={})
    return cloud.client.post(f"{asking.V3}/auth/tokens", json=body).status_code


def _change(cloud, original, password, user="other"):
    path = f"{asking.V3}/users/{asking.user_id(cloud, user)}/password"
    body = {"user": {"original_password": original, "password": password}}
    return cloud.client.post(path, json=body).status_code


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("name__contains=nn", ["Ann", "hannah"]),
        ("name__startswith=An", ["Ann"]),
        ("name__istartswith=an", ["Ann"]),
        ("name__endswith=nn&name__contains=A", ["Ann"]),
        ("name__icontains=ANNA", ["hannah"]),
        ("name__contains=nobody", []),
        ("name=Ann&nothing__contains=x", ["Ann"]),
    ],
)
def test_users_are_found_by_a_part_of_their_name(cloud, query, names):
    for name in ("Ann", "hannah"):
        asking.make(cloud, "user", name=name)

    found = asking.done(cloud, "GET", f"/users?{query}")["users"]

    assert sorted(one["name"] for one in found) == names


def test_a_user_is_made_shown_changed_and_deleted(cloud):
    made = asking.make(cloud, "user", name="ann", password="secret", email="a@b", description="x")
    path = f"/users/{made['id']}"

    assert made == {
        "id": made["id"], "name": "ann", "email": "a@b", "description": "x", "enabled": True,
        "domain_id": "default", "password_expires_at": None, "options": {},
        "links": {"self": f"http://testserver{asking.V3}{path}"},
    }  # fmt: skip
    said = {"name": "anna", "email": "c@d", "default_project_id": cloud.project_id()}
    changed = asking.done(cloud, "PATCH", path, {"user": said})["user"]
    assert changed == made | said
    assert asking.done(cloud, "GET", path) == {"user": changed}
    assert asking.done(cloud, "GET", "/users?name=anna")["users"] == [changed]
    assert asking.done(cloud, "GET", "/users?enabled=false")["users"] == []
    asking.done(cloud, "DELETE", path)
    for method, body in (("GET", None), ("PATCH", {"user": {}}), ("DELETE", None)):
        asking.refused(cloud, 404, method, path, body)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({}, 400), ({"name": ""}, 400), ({"name": "x" * 256}, 400), ({"name": "demo"}, 409),
        ({"name": "x", "password": ""}, 400), ({"name": "x", "password": "x" * 1025}, 400),
        ({"name": "x", "password": 1}, 400), ({"name": "x", "domain_id": "none"}, 404),
        ({"name": "x", "default_project_id": "default"}, 400), ({"name": "x", "enabled": 1}, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_leaves_nothing(cloud, said, status):
    asking.refused(cloud, status, "POST", "/users", {"user": said})


def test_passwords_are_seen_nowhere(cloud):
    made = asking.make(cloud, "user", name="ann", password="a rare word")
    path = f"/users/{made['id']}"

    told = [made, asking.done(cloud, "GET", path), asking.done(cloud, "GET", "/users")]
    told += [asking.done(cloud, "PATCH", path, {"user": {"password": "a rare word too"}})]
    assert "rare word" not in str(told)
    assert "argon2" not in str(told)
    assert "rare word" not in str(asking.rows(cloud))
    (row,) = [one for one in asking.rows(cloud)["users"] if one["id"] == made["id"]]
    assert row["password_hash"].startswith("$argon2id$")


@pytest.mark.parametrize("password", ["nobody has this password", "", "x", None])
def test_who_has_no_password_logs_in_with_none(cloud, password):
    """Not with the one either that unknown users are compared with."""
    asking.make(cloud, "user", name="mute")
    asking.make(cloud, "user", name="dumb", password=None)

    for name in ("mute", "dumb", "no such user"):
        assert _status(cloud, password or "", user=name) == 401


def test_a_password_is_changed_by_who_knows_it_and_every_token_ends_at_once(cloud):
    body = asking.password_login("other", "secret", unscoped={})
    first = cloud.client.post(f"{asking.V3}/auth/tokens", json=body).headers["X-Subject-Token"]
    body = asking.token_login(first, project={"id": cloud.project_id("other")})
    second = cloud.client.post(f"{asking.V3}/auth/tokens", json=body).headers["X-Subject-Token"]
    cloud.tokens["1"], cloud.tokens["2"] = first, second

    assert _change(cloud, "wrong", "new") == 401
    assert _change(cloud, "secret", "") == 400
    assert cloud.ask("GET", f"{asking.V3}/auth/projects", user="1").status_code == 200
    assert _change(cloud, "secret", "new") == 204

    for user in ("1", "2", "other"):
        assert cloud.ask("GET", f"{asking.V3}/auth/projects", user=user).status_code == 401
    assert (_status(cloud, "secret"), _status(cloud, "new")) == (401, 201)


def test_an_admin_sets_a_password_and_the_users_tokens_end(cloud):
    body = {"user": {"password": "new"}}
    asking.done(cloud, "PATCH", f"/users/{asking.user_id(cloud, 'other')}", body)

    assert cloud.ask("GET", f"{asking.V3}/auth/projects", user="other").status_code == 401
    assert (_status(cloud, "secret"), _status(cloud, "new")) == (401, 201)


def test_a_disabled_user_does_not_even_change_its_password(cloud):
    path = f"/users/{asking.user_id(cloud, 'other')}"
    asking.done(cloud, "PATCH", path, {"user": {"enabled": False}})

    assert _change(cloud, "secret", "new") == 401


def test_nobodys_password_is_401(cloud):
    body = {"user": {"original_password": "x", "password": "y"}}

    assert cloud.client.post(f"{asking.V3}/users/none/password", json=body).status_code == 401


def test_wrong_passwords_lock_out_whichever_door_they_are_tried_at(strict):
    assert _status(strict, "wrong") == _change(strict, "wrong", "new") == 401
    assert _status(strict, "wrong") == 401

    assert _status(strict, "secret") == 401
    assert _change(strict, "secret", "new") == 401
    assert _status(strict, "secret", user="watcher") == 201


def test_the_last_passwords_are_not_taken_again(strict):
    assert _change(strict, "secret", "secret") == 400
    assert _change(strict, "secret", "second") == 204
    assert _change(strict, "second", "secret") == 400
    assert _change(strict, "second", "third") == 204
    assert _change(strict, "third", "secret") == 204


def test_a_user_sees_itself_and_changes_nothing(cloud):
    own, other = f"/users/{asking.user_id(cloud)}", f"/users/{asking.user_id(cloud, 'other')}"

    assert asking.done(cloud, "GET", own, user="demo")["user"]["name"] == "demo"
    asking.refused(cloud, 403, "GET", other, user="demo")
    asking.refused(cloud, 403, "PATCH", own, {"user": {"enabled": False}}, user="demo")
    asking.refused(cloud, 403, "DELETE", own, user="demo")
    asking.refused(cloud, 403, "GET", "/users/none", user="demo")
