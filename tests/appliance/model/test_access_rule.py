"""Which calls an access rule is about."""

import pytest

from appliance.model.access_rule import AccessRule


@pytest.mark.parametrize(
    ("rule", "path", "is_allowed"),
    [
        ("/v2.1/servers", "/v2.1/servers", True),
        ("/v2.1/servers", "/v2.1/servers/", False),
        ("/v2.1/servers", "/v2x1/servers", False),
        ("/v2.1/servers/*", "/v2.1/servers/1", True),
        ("/v2.1/servers/*", "/v2.1/servers/", False),
        ("/v2.1/servers/*", "/v2.1/servers/1/ips", False),
        ("/v2.1/servers/*/ips", "/v2.1/servers/1/ips", True),
        ("/v2.1/**", "/v2.1/servers/1/ips", True),
        ("/v2.1/{name}/{id}", "/v2.1/servers/1", True),
        ("/v2.1/{name}/{id}", "/v2.1/servers/1/ips", False),
        ("/v1/A_*", "/v1/A_1", True),
        ("**", "/anything/at/all", True),
    ],
)
def test_a_path_is_matched_segment_by_segment(rule, path, is_allowed):
    known = AccessRule(id="1", service="compute", method="get", path=rule)

    assert known.allows(service="compute", method="GET", path=path) is is_allowed
    assert not known.allows(service="image", method="GET", path=path)
    assert not known.allows(service="compute", method="POST", path=path)
