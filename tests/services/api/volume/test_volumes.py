"""Volumes through the Block Storage API: made, listed, changed and deleted, as Cinder answers."""

import pytest

from appliance.db import quotas, volumes
from appliance.model.volume_states import VolumeEvent
from tests.services.api.clouds import VOLUME, Cloud

MISSING = "11111111-2222-4333-8444-555555555555"


def _create(cloud: Cloud, *, user: str = "demo", **volume: object):
    return cloud.ask("POST", f"{VOLUME}/volumes", user=user, json={"volume": volume})


def test_a_new_volume_is_a_promise_a_row_and_a_message(cloud):
    answer = _create(cloud, name="data", size=2, description="mine", metadata={"a": "1"})

    volume = answer.json()["volume"]
    row = volumes.get(cloud.db, volume["id"])
    assert (answer.status_code, volume["status"], volume["size"]) == (202, "creating", 2)
    assert (row.name, row.description, row.size_gib, row.host) == ("data", "mine", 2, "box1")
    assert row.request_id == answer.headers["X-Openstack-Request-Id"]
    assert cloud.messages("volume.box1") == [("create", row.id)]
    assert cloud.get(f"{VOLUME}/volumes/{row.id}/metadata") == {"metadata": {"a": "1"}}


def test_the_project_may_be_in_the_path_or_not(cloud):
    key, project_id = cloud.add_volume()["id"], cloud.project_id()

    plain = cloud.get(f"{VOLUME}/volumes/{key}")["volume"]
    named = cloud.get(f"{VOLUME}/{project_id}/volumes/{key}")["volume"]

    assert plain["links"][0]["href"] == f"http://testserver{VOLUME}/volumes/{key}"
    assert named["links"][0]["href"] == f"http://testserver{VOLUME}/{project_id}/volumes/{key}"
    assert {**plain, "links": 0} == {**named, "links": 0}


def test_another_projects_path_is_malformed(cloud):
    answer = cloud.ask("GET", f"{VOLUME}/{cloud.project_id('other')}/volumes")

    assert answer.status_code == 400
    assert answer.json() == {"badRequest": {"code": 400, "message": "Malformed request url"}}


def test_a_volume_is_made_from_a_snapshot_a_volume_and_an_image(cloud):
    origin = cloud.add_volume(size=2)["id"]
    snapshot = cloud.add_snapshot(origin)["id"]
    image = cloud.add_image(properties={"os_distro": "tiny"})

    of_snapshot = _create(cloud, snapshot_id=snapshot).json()["volume"]
    of_volume = _create(cloud, source_volid=origin).json()["volume"]
    of_image = _create(cloud, imageRef=image, size="1").json()["volume"]
    shown = cloud.get(f"{VOLUME}/volumes/{of_image['id']}")["volume"]

    assert (of_snapshot["snapshot_id"], of_snapshot["size"]) == (snapshot, 2)
    assert (of_volume["source_volid"], of_volume["size"]) == (origin, 2)
    assert (of_image["bootable"], of_image["size"]) == ("true", 1)
    assert shown["volume_image_metadata"]["image_id"] == image
    assert shown["volume_image_metadata"]["os_distro"] == "tiny"


@pytest.mark.parametrize(
    ("volume", "status", "message"),
    [
        ({}, 400, "Volume size 'None' must be an integer and greater than 0"),
        ({"size": 0}, 400, "Volume size '0' must be"),
        ({"size": "large"}, 400, "Invalid input for field/attribute size"),
        ({"size": 1, "name": "x" * 256}, 400, "name has 256 characters"),
        ({"size": 1, "metadata": {"": "1"}}, 400, "Metadata property key blank."),
        ({"size": 1, "metadata": {"a": 1}}, 400, "Expected `str`, got `int`"),
        ({"size": 1, "volume_type": "gold"}, 404, "Volume type gold could not be found."),
        ({"size": 1, "availability_zone": "moon"}, 400, "Availability zone 'moon' is invalid."),
        ({"size": 1, "multiattach": True}, 400, "one instance at a time"),
        ({"size": 1, "backup_id": MISSING}, 400, "no backups"),
        ({"size": 1, "snapshot_id": MISSING}, 404, f"Snapshot {MISSING} could not be found."),
        ({"size": 1, "source_volid": MISSING}, 404, f"Volume {MISSING} could not be found."),
        ({"size": 1, "imageRef": MISSING}, 400, "Invalid image identifier"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(cloud, volume, status, message):
    before = cloud.counts()

    answer = _create(cloud, **volume)

    assert answer.status_code == status
    (fault,) = answer.json().values()
    assert message in fault["message"]
    assert (cloud.counts(), cloud.messages("volume.box1")) == (before, [])


def test_over_quota_is_cinders_over_limit(cloud):
    with cloud.db.transaction() as tx:
        quotas.put(tx, cloud.project_id(), "gigabytes", 2)
    cloud.add_volume()

    answer = _create(cloud, size=2)

    assert answer.status_code == 413
    assert answer.json() == {
        "overLimit": {
            "code": 413,
            "message": "Quota exceeded for gigabytes: Requested 2, but already used 1 of 2 "
            "gigabytes",
            "retryAfter": "0",
        }
    }


def test_a_reader_reads_and_makes_nothing(cloud):
    assert cloud.get(f"{VOLUME}/volumes", user="watcher") == {"volumes": []}
    assert _create(cloud, user="watcher", size=1).status_code == 403


def test_a_volume_is_its_projects_alone(cloud):
    key = cloud.add_volume()["id"]

    assert cloud.ask("GET", f"{VOLUME}/volumes/{key}", user="other").status_code == 404
    assert cloud.ask("DELETE", f"{VOLUME}/volumes/{key}", user="other").status_code == 404
    assert cloud.get(f"{VOLUME}/volumes/detail?all_tenants=1", user="other") == {"volumes": []}
    (seen,) = cloud.get(f"{VOLUME}/volumes/detail?all_tenants=1", user="admin")["volumes"]
    assert seen["os-vol-host-attr:host"] == "box1@sparse#sparse"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["c", "b", "a"]),
        ("name=b", ["b"]),
        ("status=creating", []),
        ("status=available&sort=size", ["b", "c", "a"]),
        ("sort=size:asc,name:asc", ["a", "c", "b"]),
        ("sort_key=name&sort_dir=asc", ["a", "b", "c"]),
        ("limit=1", ["c"]),
        ("offset=1&limit=1", ["b"]),
        ("metadata={'disk': 'fast'}", ["a"]),
        ("metadata={'disk': 'slow'}", []),
        ("bootable=true", ["b"]),
        ("glitter=yes", ["c", "b", "a"]),
    ],
)
def test_lists_are_filtered_sorted_and_paged(cloud, query, names):
    cloud.add_volume(name="a", metadata={"disk": "fast"})
    cloud.add_volume(name="b", size=2)
    cloud.add_volume(name="c")
    (b,) = cloud.get(f"{VOLUME}/volumes?name=b")["volumes"]
    cloud.ask(
        "POST", f"{VOLUME}/volumes/{b['id']}/action", json={"os-set_bootable": {"bootable": True}}
    )

    found = cloud.get(f"{VOLUME}/volumes?{query}")["volumes"]

    assert [one["name"] for one in found] == names


def test_a_page_leads_to_the_next_and_may_be_counted(cloud):
    for name in ("a", "b", "c"):
        cloud.add_volume(name=name)

    first = cloud.get(f"{VOLUME}/volumes?limit=2&with_count=true")
    (link,) = first["volumes_links"]
    second = cloud.get(link["href"].removeprefix("http://testserver"))

    assert [one["name"] for one in first["volumes"] + second["volumes"]] == ["c", "b", "a"]
    assert first["count"] == 3
    assert "volumes_links" not in second


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1", "limit=ten", "marker=nope", "sort=colour", "sort=name:sideways",
        "sort=name&sort_key=size", "metadata=open('/etc/passwd')", "metadata=[1]",
        "all_tenants=perhaps", "with_count=many", "metadata={[]:1}", f"limit={'9' * 5000}",
        f"offset={'9' * 5000}",
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_is_refused(cloud, query):
    user = "admin" if query.startswith("all") else "demo"

    assert cloud.ask("GET", f"{VOLUME}/volumes?{query}", user=user).status_code == 400


@pytest.mark.parametrize(("version", "status"), [("3.0", 200), ("3.2", 400)])
def test_bootable_is_a_boolean_from_3_2_on(cloud, version, status):
    headers = {"OpenStack-API-Version": f"volume {version}"}

    answer = cloud.ask("GET", f"{VOLUME}/volumes?bootable=perhaps", headers=headers)

    assert answer.status_code == status


def test_a_volume_is_renamed_and_described(cloud):
    key = cloud.add_volume(name="a", description="x")["id"]

    body = {"volume": {"name": "b", "description": None, "metadata": {"k": "v"}}}
    changed = cloud.ask("PUT", f"{VOLUME}/volumes/{key}", json=body).json()["volume"]

    assert (changed["name"], changed["description"], changed["metadata"]) == ("b", None, {"k": "v"})
    unknown = {"volume": {"size": 7}}
    assert cloud.ask("PUT", f"{VOLUME}/volumes/{key}", json=unknown).status_code == 400


def test_a_change_that_cannot_be_changes_nothing(cloud):
    key = cloud.add_volume(name="a")["id"]
    for change in (
        {"name": "x" * 256, "metadata": {"k": "v"}},
        {"name": "b", "metadata": {"": ""}},
    ):
        answer = cloud.ask("PUT", f"{VOLUME}/volumes/{key}", json={"volume": change})
        assert answer.status_code == 400

    shown = cloud.get(f"{VOLUME}/volumes/{key}")["volume"]
    assert (shown["name"], shown["metadata"]) == ("a", {})


def test_a_volume_grows(cloud):
    key = cloud.add_volume()["id"]

    answer = cloud.ask(
        "POST", f"{VOLUME}/volumes/{key}/action", json={"os-extend": {"new_size": 3}}
    )

    assert (answer.status_code, answer.content) == (202, b"")
    shown = cloud.get(f"{VOLUME}/volumes/{key}")["volume"]
    assert (shown["status"], shown["size"]) == ("extending", 3)
    assert ("extend", key) in cloud.messages("volume.box1")


@pytest.mark.parametrize(
    "action",
    [
        {}, {"os-extend": {"new_size": 1}}, {"os-extend": {"new_size": "big"}}, {"os-extend": {}},
        {"os-set_bootable": {"bootable": "perhaps"}}, {"os-retype": {"new_type": "gold"}},
        {"os-extend": {"new_size": 2}, "os-set_bootable": {"bootable": True}},
    ],
)  # fmt: skip
def test_an_action_that_cannot_be_changes_nothing(cloud, action):
    key = cloud.add_volume()["id"]
    before = volumes.get(cloud.db, key)

    answer = cloud.ask("POST", f"{VOLUME}/volumes/{key}/action", json=action)

    assert (answer.status_code, list(answer.json())) == (400, ["badRequest"])
    assert volumes.get(cloud.db, key) == before


def test_a_deleted_volume_is_not_found_at_once(cloud):
    key = cloud.add_volume()["id"]

    for status in (202, 404):
        assert cloud.ask("DELETE", f"{VOLUME}/volumes/{key}").status_code == status
    assert cloud.ask("GET", f"{VOLUME}/volumes/{key}").status_code == 404


def test_a_broken_volume_is_its_workers_to_remove(cloud):
    key = cloud.post(f"{VOLUME}/volumes", {"volume": {"size": 1}})["volume"]["id"]
    cloud.change_volume(key, VolumeEvent.FAILED)

    for _ in range(2):
        assert cloud.ask("DELETE", f"{VOLUME}/volumes/{key}").status_code == 202
    assert cloud.get(f"{VOLUME}/volumes/{key}")["volume"]["status"] == "deleting"
    assert ("delete", key) in cloud.messages("volume.box1")
    cloud.change_volume(key, VolumeEvent.DELETED)
    assert cloud.ask("GET", f"{VOLUME}/volumes/{key}").status_code == 404


def test_a_volume_with_snapshots_goes_only_with_them(cloud):
    key = cloud.add_volume()["id"]
    cloud.add_snapshot(key)

    refused = cloud.ask("DELETE", f"{VOLUME}/volumes/{key}")
    cascaded = cloud.ask("DELETE", f"{VOLUME}/volumes/{key}?cascade=true")

    assert (refused.status_code, cascaded.status_code) == (400, 202)
    assert "have snapshots" in refused.json()["badRequest"]["message"]


def test_an_attached_volume_shows_its_server(cloud):
    key = cloud.add_volume()["id"]
    cloud.change_volume(
        key, VolumeEvent.RESERVE, attachment_id=MISSING, instance_id="i1", device="/dev/vdb"
    )
    assert cloud.get(f"{VOLUME}/volumes/{key}")["volume"]["attachments"] == []
    cloud.change_volume(key, VolumeEvent.EXPORTED, target="127.0.0.1:3261 iqn.x 1")
    cloud.change_volume(key, VolumeEvent.ATTACHED, attached_at="2026-01-01T00:00:00.000000Z")

    (attachment,) = cloud.get(f"{VOLUME}/volumes/{key}")["volume"]["attachments"]

    assert attachment == {
        "id": key, "attachment_id": MISSING, "volume_id": key, "server_id": "i1",
        "host_name": None, "device": "/dev/vdb", "attached_at": "2026-01-01T00:00:00.000000",
    }  # fmt: skip


@pytest.mark.parametrize("collection", ["volumes", "snapshots"])
def test_metadata_is_added_replaced_and_taken_away(cloud, collection):
    key = cloud.add_volume(metadata={"a": "1"})["id"]
    if collection == "snapshots":
        key = cloud.add_snapshot(key, metadata={"a": "1"})["id"]
    url = f"{VOLUME}/{collection}/{key}/metadata"

    assert cloud.post(url, {"metadata": {"b": "2"}}) == {"metadata": {"a": "1", "b": "2"}}
    assert cloud.get(f"{url}/b") == {"meta": {"b": "2"}}
    put = cloud.ask("PUT", f"{url}/b", json={"meta": {"b": "3"}})
    assert put.json() == {"meta": {"b": "3"}}
    assert cloud.ask("DELETE", f"{url}/a").status_code == 200
    assert cloud.ask("DELETE", f"{url}/a").status_code == 404
    assert cloud.ask("GET", f"{url}/a").status_code == 404
    assert cloud.ask("PUT", f"{url}/b", json={"meta": {"c": "3"}}).status_code == 400
    replaced = cloud.ask("PUT", url, json={"metadata": {"c": "4"}})
    assert replaced.json() == cloud.get(url) == {"metadata": {"c": "4"}}
