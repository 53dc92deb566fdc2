"""Dry runs: the verb itself, taken back. What it says is what happens, and nothing has happened."""

from typing import Any

import pytest

from appliance import quota, trace
from appliance.db import quotas
from appliance.model.states import Event
from appliance.model.volume_states import VolumeEvent
from tests.services.api.clouds import CLOUD, COMPUTE, VOLUME, Cloud


def plan(cloud: Cloud, verb: str, body: dict[str, Any], *, user: str = "demo") -> Any:
    """The plan; asking for it has changed no row and sent no message."""
    rows, version = cloud.counts(), cloud.db.version()
    waiting = {name: len(cloud.topics.peek(name)) for name in cloud.topics.names()}
    found = cloud.post(f"{CLOUD}/dry-runs/{verb}", body, user=user)["plan"]
    assert (cloud.counts(), cloud.db.version()) == (rows, version)
    assert {name: len(cloud.topics.peek(name)) for name in cloud.topics.names()} == waiting
    return found


def server(cloud: Cloud, **fields: Any) -> dict[str, Any]:
    return {"server": {"name": "web", "flavorRef": "1", "imageRef": cloud.add_image()} | fields}


def running(cloud: Cloud, **fields: Any) -> str:
    """An instance that runs on box1."""
    key: str = cloud.run(**fields)["id"]
    cloud.advance(key, Event.SCHEDULED, host="box1")
    cloud.advance(key, Event.WIRED)
    cloud.advance(key, Event.SPAWNED, launched_at="2026-01-01T00:00:00.000000Z")
    return key


def test_a_launch_says_where_it_would_go_and_what_it_would_take(cloud):
    cloud.add_host()

    found = plan(cloud, "run", server(cloud))

    (host,) = found["hosts"]
    assert (found["host"], host["name"], host["is_chosen"]) == ("box1", "box1", True)
    ram = next(check for check in host["checks"] if check["filter"] == "RamFilter")
    assert (ram["is_passed"], ram["asked"], ram["free"], ram["unit"]) == (True, 512, 8192, "MiB")
    assert all(check["is_passed"] for check in host["checks"])
    taken = {one["resource"]: (one["used"], one["asked"]) for one in found["quota"]}
    assert taken == {
        "instances": (0, 1), "cores": (0, 1), "ram": (0, 512), "port": (0, 1),
        "security_group": (0, 1), "security_group_rule": (0, 4),  # the default group, on first use
    }  # fmt: skip
    assert found["image"] == {
        "is_cached": False, "size_bytes": 8 << 20, "ec2_id": "ami-00000001",
    }  # fmt: skip
    assert found["refusal"] is None
    assert found["count"] == {"asked": 1, "placed": 1}


def test_an_image_that_ran_on_the_host_lately_is_there_already(cloud):
    cloud.add_host()
    body = server(cloud)
    running(cloud, imageRef=body["server"]["imageRef"])

    assert plan(cloud, "run", body)["image"]["is_cached"] is True


def test_the_last_of_several_may_be_one_too_many(cloud):
    """Each is placed on what the ones before it left: 8,192 MiB take one of 4,096 and no more."""
    cloud.add_host()
    body = server(cloud, flavorRef="3", min_count=3, max_count=3)

    found = plan(cloud, "run", body)

    assert found["count"] == {"asked": 3, "placed": 2}
    assert found["host"] is None
    assert found["refusal"]["code"] == "NoValidHost"
    assert "box1: RamFilter: 4096 MiB asked, 0 free" in found["refusal"]["message"]


def test_without_a_host_nothing_can_run(cloud):
    found = plan(cloud, "run", server(cloud))

    assert (found["host"], found["hosts"]) == (None, [])
    assert "No compute host has reported in." in found["refusal"]["message"]


def test_over_quota_says_of_each_limit_how_much_and_what_hosts_would_say(cloud):
    cloud.add_host()
    with cloud.db.transaction() as tx:
        quotas.put(tx, cloud.project_id(), "cores", 1)
    body = server(cloud, min_count=2, max_count=2)

    found = plan(cloud, "run", body)
    real = cloud.ask("POST", f"{COMPUTE}/servers", json=body)

    assert [one for one in found["quota"] if one["is_exceeded"]] == [
        {"resource": "cores", "used": 0, "asked": 2, "limit": 1, "is_exceeded": True}
    ]
    assert [host["name"] for host in found["hosts"]] == ["box1"]
    assert (found["host"], found["hosts"][0]["is_chosen"]) == (None, False)
    assert real.status_code == found["refusal"]["status"] == 403
    assert real.json()["forbidden"]["message"] == found["refusal"]["message"]


@pytest.mark.parametrize(
    "fields",
    [
        {"imageRef": "nope"}, {"flavorRef": "nope"}, {"key_name": "nope"},
        {"security_groups": [{"name": "nope"}]}, {"networks": [{"uuid": "nope"}]},
        {"user_data": "no base64!"}, {"availability_zone": "mars"}, {"min_count": "x"},
        {"flavorRef": "42", "block_device_mapping_v2": [{"source_type": "volume", "uuid": "no"}]},
    ],
)  # fmt: skip
def test_what_the_verb_refuses_is_refused_in_its_words(cloud, fields):
    body = server(cloud, **fields)

    refusal = plan(cloud, "run", body)["refusal"]
    real = cloud.ask("POST", f"{COMPUTE}/servers", json=body)

    (fault,) = real.json().values()
    assert (real.status_code, fault["message"]) == (refusal["status"], refusal["message"])


def test_who_may_not_run_may_not_rehearse_it_either(cloud):
    refusal = plan(cloud, "run", server(cloud), user="watcher")["refusal"]

    assert (refusal["code"], refusal["status"]) == ("Forbidden", 403)


def test_a_dry_run_leaves_no_trace(cloud):
    cloud.add_host()
    body = server(cloud)
    trace.start(cloud.settings.home, "api", hops_max=1000)
    plan(cloud, "run", body)
    trace.flush()

    assert trace.Log(cloud.settings.home).requests(limit=10) == []


def test_a_body_that_is_none_is_a_bad_request(cloud):
    assert cloud.ask("POST", f"{CLOUD}/dry-runs/run", json={"server": {}}).status_code == 400


def test_attaching_and_detaching_name_the_device_and_what_to_do_first(cloud):
    key, volume = running(cloud), cloud.add_volume(name="data")["id"]
    body = {"server_id": key, "volume_id": volume}

    attach = plan(cloud, "attach", body)
    cloud.post(f"{COMPUTE}/servers/{key}/os-volume_attachments",
               {"volumeAttachment": {"volumeId": volume}})  # fmt: skip
    cloud.change_volume(volume, VolumeEvent.EXPORTED, VolumeEvent.ATTACHED)
    detach = plan(cloud, "detach", body)

    assert [(one["kind"], one["what"]) for one in attach["touches"]] == [
        ("volume", "is exported, and given to web as /dev/vdb"),
        ("instance", "gets a disk of 1 GiB, as it runs"),
    ]
    assert detach["touches"][1]["what"] == "loses /dev/vdb: unmount it in the guest first"
    assert plan(cloud, "attach", body)["refusal"]["code"] == "BadRequest"


def test_terminating_says_what_goes_and_what_stays(cloud):
    key = running(cloud, block_device_mapping_v2=[
        {"source_type": "blank", "destination_type": "volume", "volume_size": 2,
         "delete_on_termination": True},
        {"source_type": "blank", "destination_type": "volume", "volume_size": 3},
    ])  # fmt: skip

    found = plan(cloud, "delete", {"kind": "instance", "id": key})

    assert [(one["kind"], one["what"]) for one in found["touches"]] == [
        ("instance", "is switched off and gone"),
        ("disk", "goes with all that is on it"),
        ("volume", "is deleted with it"),
        ("volume", "is detached, and kept"),
    ]
    assert found["frees_bytes"] == 3 << 30
    assert found["refusal"] is None


def test_deleting_an_image_names_ones_own_instances_only(cloud):
    image = cloud.add_image(project_id=cloud.project_id("demo"))
    cloud.run(imageRef=image, name="mine")
    cloud.run(imageRef=image, name="theirs", user="other")

    found = plan(cloud, "delete", {"kind": "image", "id": image})
    seen_by_admin = plan(cloud, "delete", {"kind": "image", "id": image}, user="admin")

    assert [one["name"] for one in found["touches"]] == ["tiny", "mine"]
    assert [one["name"] for one in seen_by_admin["touches"]] == ["tiny", "mine", "theirs"]
    assert found["frees_bytes"] == 8 << 20


def test_a_volume_with_a_snapshot_is_not_deleted(cloud):
    volume = cloud.add_volume()["id"]
    snapshot = cloud.add_snapshot(volume)["id"]

    kept = plan(cloud, "delete", {"kind": "volume", "id": volume})
    gone = plan(cloud, "delete", {"kind": "snapshot", "id": snapshot})

    assert "must not be attached or have snapshots" in kept["refusal"]["message"]
    assert kept["touches"] == []
    assert [one["kind"] for one in gone["touches"]] == ["snapshot", "volume"]


def test_a_plan_says_whether_and_for_how_long_it_can_be_undone(cloud):
    volume = cloud.add_volume()["id"]
    broken = cloud.post(f"{VOLUME}/volumes", {"volume": {"size": 1}})["volume"]["id"]
    cloud.change_volume(broken, VolumeEvent.FAILED)
    group = cloud.post("/network/v2.0/security-groups", {"security_group": {"name": "web"}})
    key = running(cloud)

    def undo(kind, object_id):
        found = plan(cloud, "delete", {"kind": kind, "id": object_id})
        return found["is_undoable"], found["undo_s"]

    assert undo("volume", volume) == (True, 600)
    assert undo("volume", broken) == (False, None)
    assert undo("volume", "none") == (False, None)
    assert undo("security_group", group["security_group"]["id"]) == (True, None)
    assert undo("instance", key) == (False, None)
    assert cloud.get(f"{CLOUD}/journal")["entries"][0]["action"] == "instance.create"


def test_parts_of_a_network_have_their_plans(cloud):
    made = cloud.post("/network/v2.0/networks", {"network": {"name": "lab"}})["network"]["id"]
    subnet = cloud.post("/network/v2.0/subnets", {"subnet": {
        "network_id": made, "cidr": "10.9.0.0/24", "ip_version": 4}})["subnet"]["id"]  # fmt: skip
    port = cloud.post("/network/v2.0/ports", {"port": {"network_id": made}})["port"]["id"]
    group = cloud.post(
        "/network/v2.0/security-groups", {"security_group": {"name": "web"}}
    )["security_group"]  # fmt: skip
    rule = group["security_group_rules"][0]["id"]
    key_pair = cloud.post(f"{COMPUTE}/os-keypairs", {"keypair": {"name": "k"}})["keypair"]["name"]

    def touched(kind, key):
        found = plan(cloud, "delete", {"kind": kind, "id": key})
        return found["refusal"] and found["refusal"]["code"], [t["kind"] for t in found["touches"]]

    assert touched("network", made) == ("Conflict", [])
    assert touched("subnet", subnet)[0] in (None, "Conflict")
    assert touched("port", port) == (None, ["port"])
    cloud.ask("DELETE", f"/network/v2.0/ports/{port}")
    assert touched("subnet", subnet) == (None, ["subnet", "network"])
    assert touched("network", made) == (None, ["network", "subnet"])
    assert touched("security_group", group["id"]) == (None, ["security_group"])
    assert touched("security_group_rule", rule) == (None, ["security_group_rule", "security_group"])
    assert touched("key_pair", key_pair) == (None, ["key_pair"])


def test_what_another_project_has_is_not_found(cloud):
    volume = cloud.add_volume(user="other")["id"]

    found = plan(cloud, "delete", {"kind": "volume", "id": volume})

    assert (found["refusal"]["status"], found["touches"]) == (404, [])


def test_there_is_no_plan_for_an_unknown_kind(cloud):
    answer = cloud.ask("POST", f"{CLOUD}/dry-runs/delete", json={"kind": "moon", "id": "x"})

    assert answer.status_code == 400
    assert "instance, volume" in answer.json()["error"]["message"]


def test_quota_knows_all_that_is_counted(cloud):
    """What a plan compares before and after is every resource that has a limit of its own."""
    used = set(quota.usage(cloud.db, cloud.project_id()).used)

    assert used == set(quota.DEFAULTS) - {"key_pairs", "metadata_items"}
