"""Regions, services, endpoints and policies over HTTP, and the catalog that tokens carry."""

import time

import pytest

from services.identity.api import catalog
from tests.services.api.identity import asking


@pytest.fixture
def service(cloud):
    return asking.make(cloud, "service", type="sky", name="heaven")


def _endpoint(cloud, service, **said):
    body = {"service_id": service["id"], "interface": "public", "url": "http://sky", **said}
    return asking.make(cloud, "endpoint", **body)


def _urls(cloud, kind="sky", user="demo"):
    """URLs of a service in the catalog of the user's token."""
    found = asking.done(cloud, "GET", "/auth/catalog", user=user)["catalog"]
    return [each["url"] for one in found if one["type"] == kind for each in one["endpoints"]]


def test_regions_are_a_tree_of_names_that_clients_choose(cloud):
    far = asking.make(cloud, "region", id="far", description="away")
    near = asking.done(cloud, "PUT", "/regions/near", {"region": {"parent_region_id": "far"}})
    unnamed = asking.make(cloud, "region")

    assert far == {
        "id": "far", "description": "away", "parent_region_id": None,
        "links": {"self": f"http://testserver{asking.V3}/regions/far"},
    }  # fmt: skip
    assert (len(unnamed["id"]), near["region"]["parent_region_id"]) == (32, "far")
    listed = asking.done(cloud, "GET", "/regions?parent_region_id=far", user="demo")["regions"]
    assert listed == [near["region"]]
    asking.refused(cloud, 403, "DELETE", "/regions/far")
    asking.refused(cloud, 409, "POST", "/regions", {"region": {"id": "far"}})
    asking.refused(cloud, 409, "PUT", "/regions/far", {"region": {}})
    asking.refused(cloud, 400, "PUT", "/regions/x", {"region": {"id": "y"}})
    asking.refused(cloud, 400, "PATCH", "/regions/far", {"region": {"parent_region_id": "near"}})
    asking.refused(cloud, 400, "PATCH", "/regions/far", {"region": {"parent_region_id": "none"}})
    asking.done(cloud, "PATCH", "/regions/near", {"region": {"parent_region_id": None}})
    asking.done(cloud, "DELETE", "/regions/far")
    asking.refused(cloud, 404, "GET", "/regions/far")


def test_a_service_is_made_shown_changed_and_takes_its_endpoints_along(cloud, service):
    path = f"/services/{service['id']}"
    one = _endpoint(cloud, service)

    changed = asking.done(cloud, "PATCH", path, {"service": {"name": "hell", "description": "hot"}})
    assert changed["service"] == service | {"name": "hell", "description": "hot"}
    assert asking.done(cloud, "GET", "/services?type=sky")["services"] == [changed["service"]]
    asking.done(cloud, "DELETE", path)
    asking.refused(cloud, 404, "GET", path)
    asking.refused(cloud, 404, "GET", f"/endpoints/{one['id']}")


def test_an_endpoint_is_in_the_catalog_while_it_and_its_service_are_enabled(cloud, service):
    one = _endpoint(cloud, service, url="http://sky/$(tenant_id)s/%(user_id)s/100%%")
    path, off = f"/endpoints/{one['id']}", {"enabled": False}
    wanted = [f"http://sky/{cloud.project_id()}/{asking.user_id(cloud)}/100%"]

    assert _urls(cloud) == wanted
    assert asking.done(cloud, "GET", path)["endpoint"] == one
    listed = asking.done(cloud, "GET", f"/endpoints?service_id={service['id']}&interface=public")
    assert listed["endpoints"] == [one]
    asking.done(cloud, "PATCH", path, {"endpoint": off})
    assert _urls(cloud) == []
    asking.done(cloud, "PATCH", path, {"endpoint": {"enabled": True}})
    assert _urls(cloud) == wanted
    asking.done(cloud, "PATCH", f"/services/{service['id']}", {"service": off})
    assert "sky" not in [
        each["type"] for each in asking.done(cloud, "GET", "/auth/catalog")["catalog"]
    ]
    asking.done(cloud, "DELETE", path)
    asking.refused(cloud, 404, "GET", path)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"service_id": "none"}, 400),
        ({"interface": "sideways"}, 400),
        ({"url": ""}, 400),
        ({"url": "http://x/%(project_id)s/%(unknown)s"}, 400),
        ({"url": "http://x/$(project_id)d"}, 400),
        ({"url": "http://x/%zz"}, 400),
        ({"url": "http://x/%(project_id)999999999s"}, 400),
        ({"url": "http://x/" + "y" * 2048}, 400),
        ({"region_id": "none"}, 400),
        ({"region": "brand new", "interface": "sideways"}, 400),
        ({"region": "brand new", "url": "%"}, 400),
        ({"region": ""}, 400),
        ({"enabled": "no"}, 400),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused_and_leaves_nothing(cloud, service, said, status):
    """Not even the region that it names."""
    good = {"service_id": service["id"], "interface": "public", "url": "http://x"}

    asking.refused(cloud, status, "POST", "/endpoints", {"endpoint": good | said})
    asking.refused(
        cloud, status, "PATCH", f"/endpoints/{_endpoint(cloud, service)['id']}", {"endpoint": said}
    )


def test_the_older_name_of_a_region_makes_it(cloud, service):
    one = _endpoint(cloud, service, region="brand new")

    assert (one["region"], one["region_id"]) == ("brand new", "brand new")
    assert asking.done(cloud, "GET", "/regions/brand%20new")["region"]["id"] == "brand new"


def test_an_endpoint_of_a_project_is_left_out_where_there_is_none(cloud, service):
    _endpoint(cloud, service, url="http://sky/%(project_id)s")
    _endpoint(cloud, service, url="http://sky", interface="internal")
    identity = asking.token_login(cloud.tokens["admin"], system={"all": True})
    got = cloud.client.post(f"{asking.V3}/auth/tokens", json=identity)
    cloud.tokens["system"] = got.headers["X-Subject-Token"]

    assert _urls(cloud, user="system") == ["http://sky"]


@pytest.mark.parametrize(
    ("url", "filled"),
    [
        ("http://x/%(a)s/$(a)s", "http://x/1/1"), ("http://x/%%(a)s", "http://x/%(a)s"),
        ("%(b)s", None), ("%(c)s", None), ("%", None), ("$(a)", None), ("%(a)", None), ("%s", None),
        ("$", "$"), ("%()s", None), ("%(a)99s", None),
    ],
)  # fmt: skip
def test_variables_of_a_url_are_filled_in(url, filled):
    began = time.thread_time()

    assert catalog.filled(url, {"a": "1", "b": ""}) == filled
    assert time.thread_time() - began < 1.0


def test_policies_are_kept_for_others(cloud):
    made = asking.make(cloud, "policy", type="text/plain", blob="anything", note=1)
    path = f"/policies/{made['id']}"

    assert asking.done(cloud, "GET", path)["policy"] == made
    assert asking.done(cloud, "GET", "/policies?type=text/plain")["policies"] == [made]
    changed = asking.done(cloud, "PATCH", path, {"policy": {"blob": "x"}})["policy"]
    assert changed == made | {"blob": "x"}
    asking.refused(cloud, 400, "POST", "/policies", {"policy": {"type": "x"}})
    asking.done(cloud, "DELETE", path)
    asking.refused(cloud, 404, "DELETE", path)


def test_the_clouds_own_services_are_there_for_every_interface(cloud):
    identity = _urls(cloud, "identity")

    assert len(set(identity)) == 1
    assert len(identity) == 3
