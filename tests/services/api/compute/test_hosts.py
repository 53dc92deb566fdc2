"""Flavors, limits, quotas, services, hypervisors, zones, versions: what there is to choose from."""

import pytest

from tests.services.api.clouds import COMPUTE


def test_versions_are_for_everybody(cloud):
    (listed,) = cloud.client.get("/compute").json()["versions"]
    shown = cloud.client.get(f"{COMPUTE}/").json()["version"]

    assert (listed["id"], listed["min_version"], listed["version"]) == ("v2.1", "2.1", "2.3")
    assert shown["links"] == [{"rel": "self", "href": "http://testserver/compute/v2.1/"}]


def test_flavors_are_those_of_the_first_start(cloud):
    found = cloud.get(f"{COMPUTE}/flavors/detail")["flavors"]

    assert [(one["id"], one["name"], one["vcpus"], one["ram"], one["disk"]) for one in found] == [
        ("42", "m1.nano", 1, 128, 1),
        ("1", "m1.tiny", 1, 512, 1),
        ("2", "m1.small", 1, 2048, 20),
        ("3", "m1.medium", 2, 4096, 40),
        ("4", "m1.large", 4, 8192, 80),
        ("5", "m1.xlarge", 8, 16384, 160),
    ]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("minRam=4096", ["3", "4", "5"]),
        ("minDisk=80", ["4", "5"]),
        ("marker=4", ["5"]),
        ("limit=1", ["42"]),
    ],
)
def test_flavors_are_filtered_and_paged(cloud, query, ids):
    found = cloud.get(f"{COMPUTE}/flavors?{query}")["flavors"]

    assert [one["id"] for one in found] == ids


@pytest.mark.parametrize("query", ["minRam=lots", "limit=-5", "marker=nope"])
def test_a_flavor_query_that_cannot_be_is_refused(cloud, query):
    assert cloud.ask("GET", f"{COMPUTE}/flavors?{query}").status_code == 400


def test_one_flavor_is_shown_without_extra_specs(cloud):
    assert cloud.get(f"{COMPUTE}/flavors/1")["flavor"]["name"] == "m1.tiny"
    assert cloud.get(f"{COMPUTE}/flavors/1/os-extra_specs") == {"extra_specs": {}}
    assert cloud.ask("GET", f"{COMPUTE}/flavors/99").status_code == 404


def test_limits_count_what_is_used(cloud):
    cloud.run()

    limits = cloud.get(f"{COMPUTE}/limits")["limits"]["absolute"]

    assert (limits["totalInstancesUsed"], limits["totalCoresUsed"], limits["totalRAMUsed"]) == (
        1, 1, 512,
    )  # fmt: skip
    assert limits["maxTotalInstances"] == 10


def test_a_quota_set_is_the_projects_own(cloud):
    project_id = cloud.project_id()

    assert cloud.get(f"{COMPUTE}/os-quota-sets/{project_id}")["quota_set"]["cores"] == 20
    assert (
        cloud.ask("GET", f"{COMPUTE}/os-quota-sets/{project_id}", user="other").status_code == 403
    )
    assert (
        cloud.ask("GET", f"{COMPUTE}/os-quota-sets/{project_id}", user="admin").status_code == 200
    )


def test_operators_see_services_and_hypervisors(cloud):
    cloud.add_host()

    (service,) = cloud.get(f"{COMPUTE}/os-services", user="admin")["services"]
    (brief,) = cloud.get(f"{COMPUTE}/os-hypervisors", user="admin")["hypervisors"]
    (full,) = cloud.get(f"{COMPUTE}/os-hypervisors/detail", user="admin")["hypervisors"]
    sums = cloud.get(f"{COMPUTE}/os-hypervisors/statistics", user="admin")["hypervisor_statistics"]

    assert (service["binary"], service["host"], service["state"]) == ("nova-compute", "box1", "up")
    assert (brief["hypervisor_hostname"], brief["state"]) == ("box1", "up")
    assert (full["vcpus"], full["memory_mb"], full["free_ram_mb"]) == (4, 8192, 8192)
    assert (sums["count"], sums["local_gb"]) == (1, 100)
    assert cloud.get(f"{COMPUTE}/os-hypervisors/1", user="admin")["hypervisor"]["id"] == 1
    assert cloud.ask("GET", f"{COMPUTE}/os-hypervisors/9", user="admin").status_code == 404
    assert cloud.get(f"{COMPUTE}/os-services?binary=nova-api", user="admin") == {"services": []}


@pytest.mark.parametrize(
    "path",
    ["os-services", "os-hypervisors", "os-hypervisors/detail", "os-availability-zone/detail"],
)
def test_what_is_for_operators_is_for_nobody_else(cloud, path):
    assert cloud.ask("GET", f"{COMPUTE}/{path}").status_code == 403


def test_zones_are_those_of_the_hosts(cloud):
    cloud.add_host()

    (zone,) = cloud.get(f"{COMPUTE}/os-availability-zone")["availabilityZoneInfo"]
    (full,) = cloud.get(f"{COMPUTE}/os-availability-zone/detail", user="admin")[
        "availabilityZoneInfo"
    ]

    assert zone == {"zoneName": "nova", "zoneState": {"available": True}, "hosts": None}
    assert full["hosts"]["box1"]["nova-compute"]["available"] is True


def test_extensions_are_listed(cloud):
    aliases = [one["alias"] for one in cloud.get(f"{COMPUTE}/extensions")["extensions"]]

    assert "os-keypairs" in aliases
    assert cloud.get(f"{COMPUTE}/extensions/os-keypairs")["extension"]["name"] == "Keypairs"
    assert cloud.ask("GET", f"{COMPUTE}/extensions/os-fixed-ips").status_code == 404


def test_an_unknown_path_is_not_found_in_novas_form(cloud):
    answer = cloud.ask("GET", f"{COMPUTE}/os-nothing")

    assert (answer.status_code, list(answer.json())) == (404, ["itemNotFound"])
