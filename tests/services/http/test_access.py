"""Access rules let through what they name: this service, this method, paths like this one."""

import time

import pytest

from appliance import context, errors
from appliance.model.access_rule import AccessRule
from services.http import access, endpoint, faults

COMPUTE = endpoint.Face(
    prefix="/compute", paths=(), fault=faults.nova, service_types=("compute", "computev21")
)
IDENTITY = endpoint.Face(
    prefix="/identity", paths=(), fault=faults.keystone, service_types=("identity",)
)
NAMELESS = endpoint.Face(prefix="", paths=(), fault=faults.novabox)


def _rule(path: str, *, method: str = "GET", service: str = "compute") -> AccessRule:
    return AccessRule(id="r", service=service, method=method, path=path)


def _is_let_through(
    rules: tuple[AccessRule, ...] | None,
    path: str,
    *,
    method: str = "GET",
    face: endpoint.Face = COMPUTE,
) -> bool:
    ctx = context.RequestContext(access_rules=rules)
    try:
        return access.checked(lambda _: ctx, face, method=method, path=path)("token") is ctx
    except errors.Unauthorized:
        return False


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("/v2.1/servers", "/v2.1/servers", True),
        ("/v2.1/servers", "/v2.1/servers/", False),
        ("/v2.1/servers", "/v2.1/serverss", False),
        ("/v2.1/servers", "/v2.1/server", False),
        ("/v2.1/servers", "/v2x1/servers", False),
        ("/v2.1/servers/*", "/v2.1/servers/a1", True),
        ("/v2.1/servers/*", "/v2.1/servers/", False),
        ("/v2.1/servers/*", "/v2.1/servers/a1/ips", False),
        ("/v2.1/servers/{server_id}/ips", "/v2.1/servers/a1/ips", True),
        ("/v2.1/servers/{server_id}/ips", "/v2.1/servers/a1/b/ips", False),
        ("/v2.1/servers/{server_id}/ips", "/v2.1/servers//ips", False),
        ("/v2.1/**", "/v2.1/", True),
        ("/v2.1/**", "/v2.1/servers/a1/ips", True),
        ("/v2.1/**/ips", "/v2.1/servers/a1/ips", True),
        ("/v2.1/**/ips", "/v2.1/servers/a1/ips/more", False),
        ("/**/**", "/a/b", True),
        ("/*a*", "/bab", True),
        ("/{a", "/{a", True),
        ("/a|b", "/a", False),
        ("/.*", "/.x", True),
        ("/.*", "/ax", False),
        ("/**", "/é/\x00", True),
    ],
)
def test_a_path_is_as_the_pattern_says(pattern: str, path: str, is_match: bool) -> None:
    assert _is_let_through((_rule(pattern),), f"/compute{path}") is is_match


def test_a_path_may_be_written_with_what_stands_before_the_service() -> None:
    assert _is_let_through((_rule("/compute/v2.1/servers"),), "/compute/v2.1/servers")


def test_service_and_method_are_the_rules() -> None:
    rules = (_rule("/x"), _rule("/y", method="POST"), _rule("/z", service="computev21"))

    assert _is_let_through(rules, "/compute/x")
    assert not _is_let_through(rules, "/compute/x", method="HEAD")
    assert not _is_let_through(rules, "/compute/y")
    assert _is_let_through(rules, "/compute/y", method="POST")
    assert _is_let_through(rules, "/compute/z")
    assert not _is_let_through(rules, "/identity/x", face=IDENTITY)
    assert not _is_let_through((_rule("/x", service=""),), "/x", face=NAMELESS)


def test_without_rules_anything_goes_and_a_token_may_always_be_looked_at() -> None:
    assert _is_let_through(None, "/compute/x", method="DELETE")
    assert _is_let_through((_rule("/x"),), "/identity/v3/auth/tokens", face=IDENTITY)
    for method in ("POST", "DELETE"):
        assert not _is_let_through(
            (_rule("/x"),), "/identity/v3/auth/tokens", method=method, face=IDENTITY
        )


def test_no_pattern_takes_long() -> None:
    """Such a pattern as a regular expression would run for years."""
    began = time.thread_time()

    assert not _is_let_through((_rule("/" + "**a" * 84),), "/compute/" + "a" * 83 + "b" * 3900)
    assert not _is_let_through((_rule("/**"),), "/compute/" + "a" * access.PATH_CHARS_MAX)

    assert time.thread_time() - began < 1.0
