"""Versions, types, zones, quotas, limits, services, pools, messages: what there is to choose."""

import pytest

from appliance.db import services
from appliance.model.volume_states import VolumeEvent
from tests.services.api.clouds import VOLUME


def test_versions_are_for_everybody(cloud):
    choices, one = cloud.client.get("/volume/"), cloud.client.get(f"{VOLUME}/")

    (version,) = one.json()["versions"]
    assert (choices.status_code, one.status_code) == (300, 200)
    assert choices.json() == one.json()
    assert (version["id"], version["min_version"], version["version"]) == ("v3.0", "3.0", "3.3")
    assert {"rel": "self", "href": f"http://testserver{VOLUME}/"} in version["links"]


@pytest.mark.parametrize(
    ("headers", "status", "answered"),
    [
        ({}, 200, "volume 3.0"),
        ({"OpenStack-API-Version": "volume 3.3"}, 200, "volume 3.3"),
        ({"OpenStack-API-Version": "volume latest"}, 200, "volume 3.3"),
        ({"OpenStack-API-Version": "compute 2.90"}, 200, "volume 3.0"),
        ({"OpenStack-API-Version": "volume 3.71"}, 406, None),
        ({"OpenStack-API-Version": "volume three"}, 400, None),
    ],
)
def test_a_microversion_is_answered_or_refused(cloud, headers, status, answered):
    answer = cloud.ask("GET", f"{VOLUME}/volumes", headers=headers)

    assert answer.status_code == status
    assert answer.headers.get("OpenStack-API-Version") == answered


def test_the_one_type_is_the_pools_and_the_default(cloud):
    (listed,) = cloud.get(f"{VOLUME}/types")["volume_types"]

    assert (listed["name"], listed["is_public"], listed["extra_specs"]) == ("sparse", True, {})
    for key in ("default", "sparse", listed["id"]):
        assert cloud.get(f"{VOLUME}/types/{key}")["volume_type"] == listed
    assert cloud.get(f"{VOLUME}/types/{listed['id']}/extra_specs") == {"extra_specs": {}}
    assert cloud.ask("GET", f"{VOLUME}/types/gold").status_code == 404
    assert cloud.get(f"{VOLUME}/types?is_public=None")["volume_types"] == [listed]
    assert cloud.get(f"{VOLUME}/types?is_public=false")["volume_types"] == []


def test_zones_are_listed(cloud):
    assert cloud.get(f"{VOLUME}/os-availability-zone") == {
        "availabilityZoneInfo": [{"zoneName": "nova", "zoneState": {"available": True}}]
    }


def test_a_quota_set_counts_what_is_used(cloud):
    project_id = cloud.project_id()
    cloud.add_snapshot(cloud.add_volume(size=3)["id"])

    plain = cloud.get(f"{VOLUME}/os-quota-sets/{project_id}")["quota_set"]
    used = cloud.get(f"{VOLUME}/{project_id}/os-quota-sets/{project_id}?usage=true")["quota_set"]
    defaults = cloud.get(f"{VOLUME}/os-quota-sets/{project_id}/defaults")["quota_set"]

    assert (plain["id"], plain["volumes"], plain["gigabytes"]) == (project_id, 10, 1000)
    assert plain == defaults
    assert used["gigabytes"] == {"limit": 1000, "in_use": 6, "reserved": 0}
    assert used["snapshots"]["in_use"] == 1
    for user, status in (("other", 403), ("admin", 200)):
        answer = cloud.ask("GET", f"{VOLUME}/os-quota-sets/{project_id}", user=user)
        assert answer.status_code == status


def test_limits_count_what_is_used(cloud):
    cloud.add_volume(size=2)

    limits = cloud.get(f"{VOLUME}/limits")["limits"]["absolute"]

    assert (limits["totalVolumesUsed"], limits["totalGigabytesUsed"]) == (1, 2)
    assert (limits["maxTotalVolumes"], limits["maxTotalVolumeGigabytes"]) == (10, 1000)


def test_operators_see_services_and_pools(cloud):
    with cloud.db.transaction() as tx:
        services.register(tx, "volume.box1", name="volume", host="box1")

    (service,) = cloud.get(f"{VOLUME}/os-services", user="admin")["services"]
    (brief,) = cloud.get(f"{VOLUME}/scheduler-stats/get_pools", user="admin")["pools"]
    (full,) = cloud.get(f"{VOLUME}/scheduler-stats/get_pools?detail=True", user="admin")["pools"]

    assert (service["binary"], service["host"]) == ("cinder-volume", "box1@sparse")
    assert service["state"] == "up"
    assert brief == {"name": "box1@sparse#sparse"}
    assert full["capabilities"]["volume_backend_name"] == "sparse"
    for query, count in (("host=box1", 1), ("binary=cinder-backup", 0), ("host=box2", 0)):
        found = cloud.get(f"{VOLUME}/os-services?{query}", user="admin")["services"]
        assert len(found) == count
    for path in ("os-services", "scheduler-stats/get_pools"):
        assert cloud.ask("GET", f"{VOLUME}/{path}").status_code == 403


def test_why_something_failed_is_a_message_from_3_3_on(cloud):
    made = cloud.post(f"{VOLUME}/volumes", {"volume": {"size": 1}})["volume"]
    cloud.change_volume(made["id"], VolumeEvent.FAILED, reason="the pool is full")
    headers = {"OpenStack-API-Version": "volume 3.3"}

    (message,) = cloud.get(f"{VOLUME}/messages", headers=headers)["messages"]

    assert (message["user_message"], message["message_level"]) == ("the pool is full", "ERROR")
    assert (message["resource_type"], message["resource_uuid"]) == ("VOLUME", made["id"])
    shown = cloud.get(f"{VOLUME}/messages/{message['id']}", headers=headers)["message"]
    assert shown == message
    assert cloud.get(f"{VOLUME}/messages", user="other", headers=headers) == {"messages": []}
    assert cloud.ask("GET", f"{VOLUME}/messages").status_code == 404
    assert cloud.ask("GET", f"{VOLUME}/messages/x", headers=headers).status_code == 404


def test_what_clients_only_look_for_is_there_and_empty(cloud):
    assert cloud.get(f"{VOLUME}/backups/detail") == {"backups": []}
    aliases = {one["alias"] for one in cloud.get(f"{VOLUME}/extensions")["extensions"]}
    assert "os-quota-sets" in aliases


@pytest.mark.parametrize("path", ["group_snapshots", "backups/x", "volumes/x/encryption"])
def test_an_unknown_path_is_not_found_in_cinders_form(cloud, path):
    answer = cloud.ask("GET", f"{VOLUME}/{path}")

    assert (answer.status_code, list(answer.json())) == (404, ["itemNotFound"])
