"""A server's volumes through the Compute API: attached, detached, and asked for at launch."""

import pytest

from appliance.db import volumes
from appliance.model.states import Event
from appliance.model.volume_states import VolumeEvent
from tests.services.api.clouds import COMPUTE, Cloud

MISSING = "11111111-2222-4333-8444-555555555555"


def _active(cloud: Cloud, **server: object) -> str:
    cloud.add_host()
    key: str = cloud.run(**server)["id"]
    cloud.advance(key, Event.SCHEDULED, host="box1")
    cloud.advance(key, Event.WIRED, Event.SPAWNED)
    return key


def _url(server: str) -> str:
    return f"{COMPUTE}/servers/{server}/os-volume_attachments"


def _attach(cloud: Cloud, server: str, volume: str, **more: object):
    body = {"volumeAttachment": {"volumeId": volume, **more}}
    return cloud.ask("POST", _url(server), json=body)


def _attached(cloud: Cloud, server: str) -> str:
    volume: str = cloud.add_volume()["id"]
    assert _attach(cloud, server, volume).status_code == 200
    cloud.change_volume(volume, VolumeEvent.EXPORTED, VolumeEvent.ATTACHED)
    return volume


def test_an_attachment_is_a_promise_a_row_and_a_message(cloud):
    server, volume = _active(cloud), cloud.add_volume()["id"]

    answer = _attach(cloud, server, volume)

    expected = {"id": volume, "volumeId": volume, "serverId": server, "device": "/dev/vdb"}
    assert (answer.status_code, answer.json()) == (200, {"volumeAttachment": expected})
    row = volumes.get(cloud.db, volume)
    assert (row.status, row.instance_id, row.device) == ("reserved", server, "/dev/vdb")
    assert ("export", volume) in cloud.messages("volume.box1")
    assert cloud.get(_url(server)) == {"volumeAttachments": [expected]}
    assert cloud.get(f"{_url(server)}/{volume}") == {"volumeAttachment": expected}


def test_the_device_asked_for_is_kept(cloud):
    server, volume = _active(cloud), cloud.add_volume()["id"]

    answer = _attach(cloud, server, volume, device="/dev/vdf")

    assert answer.json()["volumeAttachment"]["device"] == "/dev/vdf"


def test_what_cannot_be_attached_is_refused_as_nova_does(cloud):
    server, other = _active(cloud), cloud.add_volume(user="other")["id"]
    used, free = _attached(cloud, server), cloud.add_volume()["id"]
    building = cloud.run()["id"]

    for target, volume, device, status, kind in (
        (server, MISSING, None, 404, "itemNotFound"),
        (server, other, None, 404, "itemNotFound"),
        (MISSING, free, None, 404, "itemNotFound"),
        (server, used, None, 400, "badRequest"),
        (building, free, None, 409, "conflictingRequest"),
        (server, free, "/dev/vdb", 409, "conflictingRequest"),
        (server, free, "/dev/floppy0", 400, "badRequest"),
    ):
        answer = _attach(cloud, target, volume, device=device)
        assert (answer.status_code, list(answer.json())) == (status, [kind])
    assert volumes.get(cloud.db, free).status == "available"


@pytest.mark.parametrize("body", [{}, {"volumeAttachment": {}}, {"volumeAttachment": {"id": 1}}])
def test_a_body_that_is_no_attachment_is_a_bad_request(cloud, body):
    assert cloud.ask("POST", _url(_active(cloud)), json=body).status_code == 400


def test_a_detachment_is_a_promise_for_the_servers_host(cloud):
    server = _active(cloud)
    volume = _attached(cloud, server)

    answer = cloud.ask("DELETE", f"{_url(server)}/{volume}")

    assert (answer.status_code, answer.content) == (202, b"")
    assert volumes.get(cloud.db, volume).status == "detaching"
    assert ("detach", volume) in cloud.messages("compute.box1")


def test_what_is_not_attached_is_not_found(cloud):
    server, volume = _active(cloud), cloud.add_volume()["id"]

    for method, key in (("GET", volume), ("DELETE", volume), ("DELETE", MISSING)):
        assert cloud.ask(method, f"{_url(server)}/{key}").status_code == 404
    assert cloud.ask("GET", _url(server), user="other").status_code == 404


def test_a_server_shows_its_volumes_and_from_2_3_on_whether_they_go_with_it(cloud):
    server = _active(cloud)
    volume = _attached(cloud, server)
    newer = {"OpenStack-API-Version": "compute 2.3"}

    shown = cloud.get(f"{COMPUTE}/servers/{server}")["server"]
    more = cloud.get(f"{COMPUTE}/servers/{server}", headers=newer)["server"]

    name = "os-extended-volumes:volumes_attached"
    assert shown[name] == [{"id": volume}]
    assert more[name] == [{"id": volume, "delete_on_termination": False}]


def test_a_server_boots_from_a_volume_that_is_there(cloud):
    volume = cloud.add_volume(imageRef=cloud.add_image())["id"]
    mapping = {
        "uuid": volume, "boot_index": 0, "source_type": "volume", "destination_type": "volume",
    }  # fmt: skip

    server = cloud.run(imageRef="", block_device_mapping_v2=[mapping])["id"]

    row = volumes.get(cloud.db, volume)
    assert (row.status, row.instance_id, row.boot_index) == ("reserved", server, 0)
    assert cloud.instance(server).image_id is None
    assert cloud.get(f"{COMPUTE}/servers/{server}")["server"]["image"] == ""
    assert ("export", volume) in cloud.messages("volume.box1")


def test_volumes_are_made_for_a_server_from_an_image_a_snapshot_and_nothing(cloud):
    image, origin = cloud.add_image(), cloud.add_volume(size=2)["id"]
    snapshot = cloud.add_snapshot(origin)["id"]
    mappings = [
        {"uuid": image, "boot_index": "0", "source_type": "image", "destination_type": "volume",
         "volume_size": "3", "delete_on_termination": "true"},
        {"uuid": snapshot, "boot_index": -1, "source_type": "snapshot",
         "destination_type": "volume", "device_name": "vdf"},
        {"source_type": "blank", "destination_type": "volume", "volume_size": 1},
    ]  # fmt: skip

    server = cloud.run(imageRef="", block_device_mapping_v2=mappings)["id"]

    found = {
        (row.image_id, row.snapshot_id, row.size_gib, row.boot_index, row.is_deleted_with_instance)
        for row in volumes.of_instance(cloud.db, server)
    }
    assert found == {
        (image, None, 3, 0, 1), (None, snapshot, 2, None, 0), (None, None, 1, None, 0),
    }  # fmt: skip
    devices = {row.device for row in volumes.of_instance(cloud.db, server)}
    assert devices == {"/dev/vda", "/dev/vdf", "/dev/vdb"}


def test_a_volume_beside_the_image_is_no_disk_to_boot_from(cloud):
    volume, image = cloud.add_volume()["id"], cloud.add_image()
    mappings = [
        {"uuid": image, "boot_index": 0, "source_type": "image", "destination_type": "local",
         "delete_on_termination": True},
        {"uuid": volume, "boot_index": None, "source_type": "volume", "destination_type": "volume"},
    ]  # fmt: skip

    server = cloud.run(imageRef=image, block_device_mapping_v2=mappings)["id"]

    assert cloud.instance(server).image_id == image
    assert volumes.get(cloud.db, volume).instance_id == server


def test_an_old_mapping_boots_from_its_first_volume(cloud):
    volume = cloud.add_volume(imageRef=cloud.add_image())["id"]
    old = {"volume_id": volume, "device_name": "vda", "delete_on_termination": "1"}

    server = cloud.run(imageRef="", block_device_mapping=[old])["id"]

    row = volumes.get(cloud.db, volume)
    assert (row.instance_id, row.boot_index, row.is_deleted_with_instance) == (server, 0, 1)


@pytest.mark.parametrize(
    "mappings",
    [
        [{"source_type": "image", "destination_type": "local", "boot_index": 1}],
        [{"uuid": MISSING, "source_type": "image", "boot_index": 0}],
        [{"source_type": "volume", "destination_type": "volume"}],
        [{"uuid": MISSING, "source_type": "volume", "destination_type": "volume"}],
        [{"uuid": MISSING, "source_type": "volume", "destination_type": "volume",
          "volume_type": "sparse"}],
        [{"uuid": MISSING, "source_type": "blank", "destination_type": "volume",
          "volume_size": 1}],
        [{"source_type": "blank", "destination_type": "volume"}],
        [{"source_type": "blank", "destination_type": "volume", "volume_size": "much"}],
        [{"source_type": "blank", "destination_type": "local", "guest_format": "swap"}],
        [{"source_type": "blank", "volume_size": 1, "boot_index": 0,
          "destination_type": "volume"}],
        [{"source_type": "tape"}],
        [{"source_type": "blank", "destination_type": "volume", "volume_size": 1,
          "delete_on_termination": "perhaps"}],
    ],
)  # fmt: skip
def test_a_mapping_that_cannot_be_is_refused_and_leaves_nothing(cloud, mappings):
    image = cloud.add_image()
    before = cloud.counts()
    body = {
        "name": "web", "flavorRef": "1", "imageRef": image, "block_device_mapping_v2": mappings,
    }  # fmt: skip

    answer = cloud.ask("POST", f"{COMPUTE}/servers", json={"server": body})

    assert (answer.status_code, list(answer.json())) == (400, ["badRequest"])
    assert (cloud.counts(), cloud.messages("volume.box1")) == (before, [])


def test_both_mappings_at_once_are_refused(cloud):
    mapping = {"uuid": MISSING, "source_type": "volume"}
    body = {
        "name": "web", "flavorRef": "1", "block_device_mapping_v2": [mapping],
        "block_device_mapping": [{"volume_id": MISSING}],
    }  # fmt: skip

    answer = cloud.ask("POST", f"{COMPUTE}/servers", json={"server": body})

    assert "different block_device_mapping syntaxes" in answer.json()["badRequest"]["message"]
