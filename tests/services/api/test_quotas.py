"""Limits set by an administrator, through each API that has some, and felt at once."""

import pytest

from tests.services.api.clouds import COMPUTE, NETWORK, VOLUME

SETS = {
    "compute": (f"{COMPUTE}/os-quota-sets/", "quota_set", "instances"),
    "volume": (f"{VOLUME}/os-quota-sets/", "quota_set", "gigabytes"),
    "network": (f"{NETWORK}/quotas/", "quota", "network"),
}


def put(cloud, api, limit, *, user="admin", **more):
    url, key, resource = SETS[api]
    return cloud.ask(
        "PUT", f"{url}{cloud.project_id('demo')}", user=user, json={key: {resource: limit, **more}}
    )


@pytest.mark.parametrize("api", SETS)
def test_a_limit_is_set_and_read_by_its_project(cloud, api):
    url, key, resource = SETS[api]

    answer = put(cloud, api, 77)

    assert (answer.status_code, answer.json()[key][resource]) == (200, 77)
    assert cloud.get(f"{url}{cloud.project_id('demo')}")[key][resource] == 77


@pytest.mark.parametrize("api", SETS)
def test_only_an_administrator_sets_limits(cloud, api):
    assert put(cloud, api, 77, user="demo").status_code == 403


@pytest.mark.parametrize("api", SETS)
@pytest.mark.parametrize("limit", [-2, "many", 2**31, None])
def test_what_is_no_limit_is_refused(cloud, api, limit):
    assert put(cloud, api, limit).status_code == 400


@pytest.mark.parametrize("api", SETS)
def test_a_resource_that_nobody_counts_is_refused(cloud, api):
    assert put(cloud, api, 5, unicorns=1).status_code == 400


@pytest.mark.parametrize("api", SETS)
def test_a_project_that_is_none_has_no_limits(cloud, api):
    url, key, resource = SETS[api]

    answer = cloud.ask("PUT", f"{url}nope", user="admin", json={key: {resource: 1}})

    assert answer.status_code == 400


def test_a_limit_below_what_is_used_needs_force(cloud):
    cloud.run()
    cloud.run()

    refused, forced = put(cloud, "compute", 1), put(cloud, "compute", 1, force=True)
    third = cloud.ask(
        "POST", f"{COMPUTE}/servers",
        json={"server": {"name": "x", "flavorRef": "1", "imageRef": cloud.add_image()}},
    )  # fmt: skip

    assert "must be greater than or equal to already used" in refused.text
    assert (refused.status_code, forced.status_code, third.status_code) == (400, 200, 403)


def test_neutron_looks_at_what_is_used_only_if_it_is_told_to(cloud):
    """As `openstack quota set` tells it, unless with `--force`."""
    for name in ("a", "b"):
        cloud.post(f"{NETWORK}/networks", {"network": {"name": name}})

    assert put(cloud, "network", 1, check_limit=True).status_code == 400
    assert put(cloud, "network", 1, check_limit=True, force=True).status_code == 200
    assert put(cloud, "network", 1).status_code == 200


def test_minus_one_takes_the_limit_away(cloud):
    assert put(cloud, "compute", -1).status_code == 200
    assert put(cloud, "compute", 10).status_code == 200
