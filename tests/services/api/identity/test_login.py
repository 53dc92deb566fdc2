"""Tokens over HTTP: for what they are, what they tell, what becomes of them."""

import pytest

from appliance import clock
from tests.services.api.identity import asking

URL = f"{asking.V3}/auth/tokens"


def _post(cloud, body):
    return cloud.client.post(URL, json=body)


def _password(cloud, **scope):
    return _post(cloud, asking.password_login("other", "secret", **scope))


def _keep(cloud, name, answer):
    assert answer.status_code == 201, answer.text
    cloud.tokens[name] = answer.headers["X-Subject-Token"]
    return answer.json()["token"]


def _grant(cloud, target, role="reader", user="other"):
    asking.done(
        cloud, "PUT",
        f"/{target}/users/{asking.user_id(cloud, user)}/roles/{asking.role_id(cloud, role)}",
    )  # fmt: skip


def test_a_token_for_a_domain_tells_the_domain_and_lists_what_is_in_it(cloud):
    _grant(cloud, "domains/default")

    for domain in ({"id": "default"}, {"name": "Default"}):
        token = _keep(cloud, "domain", _password(cloud, domain=domain))

    assert token["domain"] == {"id": "default", "name": "Default"}
    assert not {"project", "system", "is_domain"} & token.keys()
    assert [role["name"] for role in token["roles"]] == ["reader"]
    names = [u["name"] for u in asking.done(cloud, "GET", "/users", user="domain")["users"]]
    assert "demo" in names
    asking.refused(cloud, 403, "GET", "/services", user="domain")
    domains = asking.done(cloud, "GET", "/auth/domains", user="domain")["domains"]
    assert [one["id"] for one in domains] == ["default"]


def test_a_token_for_the_system_reads_everything_and_a_reader_changes_nothing(cloud):
    assert asking.done(cloud, "GET", "/auth/system", user="other")["system"] == []
    _grant(cloud, "system")

    token = _keep(cloud, "system", _password(cloud, system={"all": True}))

    assert token["system"] == {"all": True}
    assert not {"project", "domain"} & token.keys()
    assert {"identity", "compute"} <= {one["type"] for one in token["catalog"]}
    assert asking.done(cloud, "GET", "/auth/system", user="system")["system"] == [{"all": True}]
    for path in ("/users", "/domains", "/services", "/role_assignments", "/roles"):
        asking.done(cloud, "GET", path, user="system")
    asking.refused(cloud, 403, "POST", "/users", {"user": {"name": "x"}}, user="system")


def test_what_one_has_no_role_in_is_401_in_the_same_words(cloud):
    told = {
        _password(cloud, **scope).text
        for scope in (
            {"domain": {"id": "default"}}, {"domain": {"id": "none"}}, {"system": {"all": True}},
            {"project": {"id": cloud.project_id("demo")}}, {"project": {"id": "none"}},
            {"OS-TRUST:trust": {"id": "none"}},
        )
    }  # fmt: skip

    assert len(told) == 1
    assert "requires authentication" in told.pop()


@pytest.mark.parametrize(
    "scope",
    [
        {"project": {"id": "x"}, "domain": {"id": "x"}}, {"system": {"all": False}},
        {"project": {"name": "demo"}}, {"project": {}}, {}, "everything",
    ],
)  # fmt: skip
def test_a_scope_that_says_too_little_or_too_much_is_400(cloud, scope):
    body = asking.password_login("other", "secret")
    body["auth"]["scope"] = scope

    assert _post(cloud, body).status_code == 400


def test_another_scope_keeps_the_expiry_and_the_first_tokens_name(cloud):
    _grant(cloud, "domains/default")
    first = _keep(cloud, "1", _password(cloud, unscoped={}))

    body = asking.token_login(cloud.tokens["1"], domain={"id": "default"})
    second = _keep(cloud, "2", _post(cloud, body))
    body = asking.token_login(cloud.tokens["2"], project={"id": cloud.project_id("other")})
    third = _keep(cloud, "3", _post(cloud, body))

    assert first["expires_at"] == second["expires_at"] == third["expires_at"]
    assert second["methods"] == third["methods"] == ["password", "token"]
    assert third["audit_ids"][1] == second["audit_ids"][1] == first["audit_ids"][0]
    assert third["audit_ids"][0] not in (first["audit_ids"][0], second["audit_ids"][0])


def test_a_token_lives_for_the_time_that_is_set(cloud):
    token = _password(cloud).json()["token"]

    lived = clock.seconds(token["expires_at"]) - clock.seconds(token["issued_at"])
    assert lived == cloud.settings.api.token_ttl_s


def test_a_revoked_token_is_no_more_at_once_and_the_others_live(cloud):
    _keep(cloud, "1", _password(cloud))
    _keep(cloud, "2", _password(cloud))
    gone = {"X-Subject-Token": cloud.tokens["1"]}

    asking.refused(cloud, 400, "DELETE", "/auth/tokens")  # which one?
    assert cloud.ask("DELETE", URL, user="demo", headers=gone).status_code == 403
    assert cloud.ask("DELETE", URL, user="2", headers=gone).status_code == 204

    for method in ("GET", "HEAD", "DELETE"):
        assert cloud.ask(method, URL, user="2", headers=gone).status_code == 404
    assert cloud.ask("GET", f"{asking.V3}/auth/projects", user="1").status_code == 401
    assert _post(cloud, asking.token_login(cloud.tokens["1"])).status_code == 404
    asking.done(cloud, "GET", "/auth/projects", user="2")


def test_a_token_with_no_catalog_is_asked_for(cloud):
    mine = {"X-Subject-Token": cloud.tokens["demo"]}

    assert "catalog" in cloud.get(URL, headers=mine)["token"]
    assert "catalog" not in cloud.get(f"{URL}?nocatalog", headers=mine)["token"]
    head = cloud.ask("HEAD", URL, headers=mine)
    assert (head.status_code, head.content) == (200, b"")


def test_a_user_that_is_disabled_or_moved_out_is_felt_at_the_next_request(cloud):
    user = asking.user_id(cloud, "other")
    own = f"/projects/{cloud.project_id('other')}/users/{user}/roles"
    _keep(cloud, "1", _password(cloud))
    assert cloud.ask("GET", "/compute/v2.1/servers", user="1").status_code == 200

    asking.done(cloud, "DELETE", f"{own}/{asking.role_id(cloud, 'member')}")
    assert cloud.ask("GET", "/compute/v2.1/servers", user="1").status_code == 403
    asking.done(cloud, "PATCH", f"/users/{user}", {"user": {"enabled": False}})
    assert cloud.ask("GET", "/compute/v2.1/servers", user="1").status_code == 401
    assert _password(cloud, unscoped={}).status_code == 401
    asking.done(cloud, "DELETE", f"/users/{user}")
    assert cloud.ask("GET", "/compute/v2.1/servers", user="1").status_code == 401


def test_an_unknown_method_is_401_and_none_400(cloud):
    body = asking.password_login("other", "secret")
    for methods, status in ((["totp"], 401), (["password", "totp"], 401), ([], 400)):
        body["auth"]["identity"]["methods"] = methods
        assert _post(cloud, body).status_code == status
