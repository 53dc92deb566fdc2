"""Servers through the Compute API: created, seen, changed and deleted, as Nova answers."""

import base64

import pytest

from appliance import ids
from appliance.db import ports, security_groups
from appliance.model.image import ImageStatus, Visibility
from appliance.model.states import Event, TaskState, VmState
from tests.services.api.clouds import COMPUTE, Cloud

ACTIVE = {"imageRef": "active"}
MISSING = "11111111-2222-4333-8444-555555555555"


def _create(cloud: Cloud, **server: object):
    body = {"name": "web", "flavorRef": "1", "imageRef": MISSING, **server}
    return cloud.ask("POST", f"{COMPUTE}/servers", json={"server": body})


def test_a_new_server_is_a_promise_a_row_a_port_and_a_message(cloud):
    key = cloud.run()["id"]

    instance = cloud.instance(key)
    assert (instance.vm_state, instance.task_state) == (VmState.BUILDING, TaskState.SCHEDULING)
    (port,) = ports.of_instance(cloud.db, key)
    (default,) = security_groups.of_project(cloud.db, cloud.project_id(), name="default")
    assert port.security_group_ids == (default.id,)
    assert port.fixed_ips == ()
    assert cloud.messages("scheduler") == [("select_host", key)]


def test_the_answer_names_the_server_and_the_request(cloud):
    image_id = cloud.add_image()
    answer = _create(cloud, imageRef=image_id)

    server = answer.json()["server"]
    assert answer.status_code == 202
    assert answer.headers["Location"].endswith(f"/compute/v2.1/servers/{server['id']}")
    assert cloud.instance(server["id"]).request_id == answer.headers["X-Openstack-Request-Id"]
    assert server["security_groups"] == [{"name": "default"}]


def test_everything_asked_for_is_in_the_rows(cloud):
    cloud.add_host()
    kernel, ramdisk = cloud.add_image(name="k"), cloud.add_image(name="r")
    image = cloud.add_image(properties={"kernel_id": kernel, "ramdisk_id": ramdisk})
    cloud.post(f"{COMPUTE}/os-keypairs", {"keypair": {"name": "test"}})
    data = base64.b64encode(b"#!/bin/sh\n").decode()

    key = cloud.run(
        imageRef=image, flavorRef="m1.small", key_name="test", user_data=data,
        metadata={"role": "web"}, config_drive=True, availability_zone="nova",
    )["id"]  # fmt: skip

    instance = cloud.instance(key)
    assert (instance.image_id, instance.kernel_id, instance.ramdisk_id) == (image, kernel, ramdisk)
    assert (instance.flavor_name, instance.memory_mib, instance.disk_gib) == ("m1.small", 2048, 20)
    assert (instance.key_name, instance.user_data, instance.zone) == ("test", data, "nova")
    assert instance.public_key
    assert instance.has_config_drive == 1
    assert cloud.get(f"{COMPUTE}/servers/{key}/metadata") == {"metadata": {"role": "web"}}


def test_several_are_numbered_and_share_a_reservation(cloud):
    answer = cloud.post(
        f"{COMPUTE}/servers",
        {"server": {
            "name": "web", "flavorRef": "1", "imageRef": cloud.add_image(), "min_count": 2,
            "max_count": 3, "return_reservation_id": True,
        }},
    )  # fmt: skip

    found = cloud.get(f"{COMPUTE}/servers?reservation_id={answer['reservation_id']}")["servers"]
    assert {server["name"] for server in found} == {"web-1", "web-2", "web-3"}


def test_as_many_are_made_as_the_quota_lets(cloud):
    body = {"name": "web", "flavorRef": "1", "imageRef": cloud.add_image()}
    cloud.post(f"{COMPUTE}/servers", {"server": body | {"min_count": 2, "max_count": 50}})

    assert len(cloud.get(f"{COMPUTE}/servers")["servers"]) == 10


def test_a_server_without_networks_has_no_port(cloud):
    key = cloud.run(networks="none")["id"]

    assert ports.of_instance(cloud.db, key) == []


def test_an_empty_list_of_networks_is_none_named(cloud):
    assert len(ports.of_instance(cloud.db, cloud.run(networks=[])["id"])) == 1


def test_clients_may_name_the_image_as_a_block_device(cloud):
    image = cloud.add_image()
    device = {
        "uuid": image, "boot_index": 0, "source_type": "image", "destination_type": "local",
        "delete_on_termination": True,
    }  # fmt: skip

    assert (
        cloud.instance(cloud.run(imageRef="", block_device_mapping_v2=[device])["id"]).image_id
        == image
    )


@pytest.mark.parametrize(
    ("server", "message"),
    [
        ({}, "Can not find requested image"),
        (ACTIVE | {"flavorRef": "99"}, "Flavor 99 could not be found."),
        (ACTIVE | {"key_name": "nokey"}, "Invalid key_name provided."),
        (ACTIVE | {"networks": [{"uuid": MISSING}]}, f"Network {MISSING} could not be found."),
        (ACTIVE | {"security_groups": [{"name": "nope"}]}, "Security group nope not found for"),
        (ACTIVE | {"availability_zone": "moon"}, "The requested availability zone is not"),
        (ACTIVE | {"user_data": "!!!"}, "User data needs to be valid base 64."),
        (ACTIVE | {"user_data": "A" * 65_536}, "User data too large."),
        (ACTIVE | {"min_count": 3, "max_count": 2}, "min_count must be <= max_count"),
        (ACTIVE | {"min_count": 0}, "min_count must be <= max_count"),
        (ACTIVE | {"max_count": 100_000}, "max_count must be <= 1000"),
        (ACTIVE | {"min_count": "many"}, "Invalid input for field/attribute min_count"),
        (ACTIVE | {"name": ""}, "Invalid input"),
        (ACTIVE | {"name": 7}, "Expected `str`, got `int`"),
        (ACTIVE | {"metadata": {"a": 1}}, "Expected `str`, got `int`"),
        (ACTIVE | {"shape": "round"}, "unknown field `shape`"),
        (ACTIVE | {"config_drive": "perhaps"}, "Invalid input for field/attribute config_drive"),
        ({"imageRef": ""}, "Invalid imageRef provided."),
        ({"imageRef": "queued"}, "is not active."),
        ({"imageRef": "private"}, "Can not find requested image"),
        ({"imageRef": "large"}, "Flavor's disk is too small for requested image."),
        ({"imageRef": "greedy"}, "Flavor's memory is too small for requested image."),
        ({"imageRef": "wide"}, "Flavor's disk is smaller than the minimum size"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(cloud, server, message):
    images = {
        "active": {},
        "queued": {"status": ImageStatus.QUEUED},
        "private": {"visibility": Visibility.PRIVATE},
        "large": {"virtual_size_bytes": 2 << 30},
        "greedy": {"min_memory_mib": 1024},
        "wide": {"min_disk_gib": 5},
    }
    if server.get("imageRef") in images:
        server = server | {"imageRef": cloud.add_image(**images[server["imageRef"]])}
    before = cloud.counts()

    answer = _create(cloud, **server)

    assert answer.status_code == 400
    fault = answer.json()["badRequest"]
    assert fault["code"] == 400
    assert message in fault["message"]
    assert (cloud.counts(), cloud.messages("scheduler")) == (before, [])


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b'{"server": []}', b"\xff\xfe", b""])
def test_a_body_that_is_no_server_is_a_bad_request(cloud, body):
    answer = cloud.ask("POST", f"{COMPUTE}/servers", content=body)

    assert (answer.status_code, list(answer.json())) == (400, ["badRequest"])


def test_a_huge_body_is_refused_unread(cloud):
    answer = cloud.ask("POST", f"{COMPUTE}/servers", content=b" " * (2 << 20))

    assert (answer.status_code, list(answer.json())) == (413, ["overLimit"])


def test_over_quota_is_forbidden_in_novas_words(cloud):
    image = cloud.add_image()
    for _ in range(10):
        cloud.run(imageRef=image)
    before = cloud.counts()

    answer = _create(cloud, imageRef=image)

    assert answer.status_code == 403
    assert answer.json()["forbidden"]["message"] == (
        "Quota exceeded for instances: Requested 1, but already used 10 of 10 instances"
    )
    assert cloud.counts() == before


def test_several_quotas_are_named_together(cloud):
    answer = _create(cloud, imageRef=cloud.add_image(), flavorRef="5", min_count=4)

    assert answer.json()["forbidden"]["message"] == (
        "Quota exceeded for cores, ram: Requested 32, 65536, but already used 0, 0 of 20, 51200 "
        "cores, ram"
    )


def test_two_networks_to_choose_from_are_ambiguous(cloud):
    cloud.post("/network/v2.0/networks", {"network": {"name": "second"}})

    answer = _create(cloud, imageRef=cloud.add_image())

    assert (answer.status_code, list(answer.json())) == (409, ["conflictingRequest"])


@pytest.mark.parametrize(
    "token", ["", "nonsense", "gAAAAABrA0Z7AGsLVELTKSycH7wqeP8i1Pa3e9KUz4meK7p57L"]
)
def test_no_token_and_a_bad_one_are_unauthorized(cloud, token):
    headers = {"X-Auth-Token": token} if token else {}

    answer = cloud.client.get(f"{COMPUTE}/servers", headers=headers)

    assert (answer.status_code, list(answer.json())) == (401, ["unauthorized"])


def test_a_reader_reads_and_changes_nothing(cloud):
    body = {"server": {"name": "web", "flavorRef": "1", "imageRef": cloud.add_image()}}

    assert cloud.get(f"{COMPUTE}/servers", user="watcher") == {"servers": []}
    answer = cloud.ask("POST", f"{COMPUTE}/servers", user="watcher", json=body)
    assert answer.status_code == 403
    assert answer.json()["forbidden"]["message"] == (
        "Policy doesn't allow os_compute_api:servers:create to be performed."
    )


def test_another_project_does_not_see_it(cloud):
    key = cloud.run()["id"]
    one = f"{COMPUTE}/servers/{key}"

    asked = [
        cloud.ask("GET", one, user="other"),
        cloud.ask("DELETE", one, user="other"),
        cloud.ask("PUT", one, user="other", json={"server": {"name": "mine"}}),
        cloud.ask("POST", f"{one}/action", user="other", json={"os-stop": None}),
        cloud.ask("POST", f"{one}/action", user="other", json={"os-getConsoleOutput": {}}),
        cloud.ask("PUT", f"{one}/metadata", user="other", json={"metadata": {}}),
    ]

    assert {answer.status_code for answer in asked} == {404}
    message = f"Instance {key} could not be found."
    assert asked[0].json() == {"itemNotFound": {"code": 404, "message": message}}
    assert cloud.get(f"{COMPUTE}/servers", user="other") == {"servers": []}


def test_only_an_administrator_lists_all_projects(cloud):
    key = cloud.run()["id"]

    listed = cloud.get(f"{COMPUTE}/servers/detail?all_tenants=True", user="admin")["servers"]
    assert [server["id"] for server in listed] == [key]
    assert cloud.ask("GET", f"{COMPUTE}/servers?all_tenants=1").status_code == 403


def test_a_server_shows_its_addresses_and_for_administrators_its_host(cloud):
    cloud.add_host()
    key = cloud.run()["id"]
    cloud.advance(key, Event.SCHEDULED, host="box1")

    seen = cloud.get(f"{COMPUTE}/servers/{key}")["server"]
    by_admin = cloud.get(f"{COMPUTE}/servers/{key}", user="admin")["server"]

    assert (seen["status"], seen["OS-EXT-STS:task_state"]) == ("BUILD", "networking")
    assert "OS-EXT-SRV-ATTR:host" not in seen
    assert by_admin["OS-EXT-SRV-ATTR:host"] == "box1"
    assert len(seen["hostId"]) == 56


def test_a_failed_server_shows_why(cloud):
    key = cloud.run()["id"]
    cloud.advance(key, Event.FAILED_UNPLACED)
    with cloud.db.transaction() as tx:
        from appliance import errors
        from appliance.db import instances

        instances.add_fault(tx, key, errors.NoValidHost([]))

    server = cloud.get(f"{COMPUTE}/servers/{key}")["server"]

    assert server["status"] == "ERROR"
    assert server["fault"]["message"].startswith("No valid host was found.")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["c", "b", "a"]),
        ("name=b", ["b"]),
        ("name=%5E.*c$", ["c"]),
        ("status=BUILD", ["c", "b", "a"]),
        ("status=active", []),
        ("limit=2", ["c", "b"]),
        ("flavor=1", ["c", "b", "a"]),
        ("host=box9", []),
    ],
)
def test_lists_are_filtered(cloud, query, names):
    image = cloud.add_image()
    for name in ("a", "b", "c"):
        cloud.run(imageRef=image, name=name)

    listed = cloud.get(f"{COMPUTE}/servers?{query}")["servers"]

    assert [server["name"] for server in listed] == names


def test_pages_follow_one_another(cloud):
    image = cloud.add_image()
    for name in ("a", "b", "c"):
        cloud.run(imageRef=image, name=name)

    first = cloud.get(f"{COMPUTE}/servers?limit=2")
    href = first["servers_links"][0]["href"]
    second = cloud.get(href.removeprefix("http://testserver"))

    assert [server["name"] for server in second["servers"]] == ["a"]
    assert "servers_links" not in second


@pytest.mark.parametrize("query", ["limit=-1", "limit=x", f"marker={MISSING}", "name=(a%2B)%2B"])
def test_a_page_that_cannot_be_is_a_bad_request(cloud, query):
    assert cloud.ask("GET", f"{COMPUTE}/servers?{query}").status_code == 400


def test_a_server_is_renamed(cloud):
    key = cloud.run()["id"]

    answer = cloud.ask("PUT", f"{COMPUTE}/servers/{key}", json={"server": {"name": "db"}})

    assert answer.json()["server"]["name"] == "db"


def test_an_unplaced_server_is_gone_at_once_with_its_ports(cloud):
    before = cloud.counts()["ports"]
    key = cloud.run()["id"]

    assert cloud.ask("DELETE", f"{COMPUTE}/servers/{key}").status_code == 204
    assert cloud.ask("GET", f"{COMPUTE}/servers/{key}").status_code == 404
    assert cloud.counts()["ports"] == before
    assert cloud.instance(key).vm_state is VmState.DELETED


def _active(cloud: Cloud) -> str:
    cloud.add_host()
    key: str = cloud.run()["id"]
    cloud.advance(key, Event.SCHEDULED, host="box1")
    cloud.advance(key, Event.WIRED, Event.SPAWNED)
    return key


def test_a_placed_server_is_deleted_by_its_host_and_may_be_asked_twice(cloud):
    key = _active(cloud)

    for _ in range(2):
        assert cloud.ask("DELETE", f"{COMPUTE}/servers/{key}").status_code == 204

    assert cloud.instance(key).task_state is TaskState.DELETING
    assert set(cloud.messages("compute.box1")) == {("terminate", key)}


@pytest.mark.parametrize(
    ("action", "task", "step"),
    [
        ({"os-stop": None}, TaskState.POWERING_OFF, "power_off"),
        ({"reboot": {"type": "SOFT"}}, TaskState.REBOOTING, "reboot"),
        ({"reboot": {"type": "hard"}}, TaskState.REBOOTING_HARD, "reboot"),
    ],
)
def test_an_action_is_a_state_and_a_message(cloud, action, task, step):
    key = _active(cloud)

    answer = cloud.ask("POST", f"{COMPUTE}/servers/{key}/action", json=action)

    assert answer.status_code == 202
    assert cloud.instance(key).task_state is task
    assert cloud.messages("compute.box1") == [(step, key)]


def test_a_stopped_server_starts(cloud):
    key = _active(cloud)
    cloud.advance(key, Event.STOP, Event.STOPPED)

    assert (
        cloud.ask("POST", f"{COMPUTE}/servers/{key}/action", json={"os-start": None}).status_code
        == 202
    )
    assert cloud.messages("compute.box1") == [("power_on", key)]


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ({"os-start": None}, 409),
        ({"reboot": {"type": "SIDEWAYS"}}, 400),
        ({"reboot": {}}, 400),
        ({"fly": None}, 400),
        ({}, 400),
        ({"os-stop": None, "os-start": None}, 400),
        ({"os-getConsoleOutput": {"length": "long"}}, 400),
    ],
)
def test_an_action_that_cannot_be_changes_nothing(cloud, action, status):
    key = _active(cloud)

    assert cloud.ask("POST", f"{COMPUTE}/servers/{key}/action", json=action).status_code == status
    assert cloud.instance(key).task_state is None
    assert cloud.messages("compute.box1") == []


def test_a_server_without_a_host_has_no_serial_console_yet(cloud):
    server = cloud.run()
    body = {"os-getSerialConsole": {"type": "serial"}}

    answer = cloud.ask("POST", f"{COMPUTE}/servers/{server['id']}/action", json=body)
    assert answer.status_code == 409
    body["os-getSerialConsole"]["type"] = "novnc"
    answer = cloud.ask("POST", f"{COMPUTE}/servers/{server['id']}/action", json=body)
    assert answer.status_code == 400


def test_a_server_without_a_host_has_no_console_yet(cloud):
    key = cloud.run()["id"]

    answer = cloud.ask("POST", f"{COMPUTE}/servers/{key}/action", json={"os-getConsoleOutput": {}})

    assert answer.status_code == 409
    assert answer.json()["conflictingRequest"]["message"] == f"Instance {key} is not ready"


def test_metadata_is_added_replaced_and_taken_away(cloud):
    key = cloud.run(metadata={"a": "1"})["id"]
    url = f"{COMPUTE}/servers/{key}/metadata"

    assert cloud.post(url, {"metadata": {"b": "2"}}) == {"metadata": {"a": "1", "b": "2"}}
    assert cloud.get(f"{url}/b") == {"meta": {"b": "2"}}
    put = cloud.ask("PUT", f"{url}/b", json={"meta": {"b": "3"}})
    assert put.json() == {"meta": {"b": "3"}}
    assert cloud.ask("DELETE", f"{url}/a").status_code == 204
    assert cloud.ask("DELETE", f"{url}/a").status_code == 404
    assert cloud.ask("GET", f"{url}/a").status_code == 404
    assert cloud.ask("PUT", f"{url}/b", json={"meta": {"c": "3"}}).status_code == 400
    replaced = cloud.ask("PUT", url, json={"metadata": {"c": "4"}})
    assert replaced.json() == {"metadata": {"c": "4"}}


def test_metadata_has_a_quota(cloud):
    key = cloud.run()["id"]
    pairs = {str(number): "x" for number in range(129)}

    answer = cloud.ask("PUT", f"{COMPUTE}/servers/{key}/metadata", json={"metadata": pairs})

    assert answer.status_code == 403
    assert cloud.get(f"{COMPUTE}/servers/{key}/metadata") == {"metadata": {}}


def test_a_servers_interfaces_addresses_and_groups_are_shown(cloud):
    key = cloud.run()["id"]
    (port,) = ports.of_instance(cloud.db, key)

    (interface,) = cloud.get(f"{COMPUTE}/servers/{key}/os-interface")["interfaceAttachments"]
    assert (interface["port_id"], interface["mac_addr"]) == (port.id, port.mac)
    assert cloud.get(f"{COMPUTE}/servers/{key}/ips") == {"addresses": {}}
    (group,) = cloud.get(f"{COMPUTE}/servers/{key}/os-security-groups")["security_groups"]
    assert group["name"] == "default"


@pytest.mark.parametrize(
    ("headers", "status", "answered"),
    [
        ({}, 200, "2.1"),
        ({"OpenStack-API-Version": "compute 2.3"}, 200, "2.3"),
        ({"X-OpenStack-Nova-API-Version": "latest"}, 200, "2.3"),
        ({"OpenStack-API-Version": "volume 3.0"}, 200, "2.1"),
        ({"OpenStack-API-Version": "compute 2.999"}, 406, None),
        ({"OpenStack-API-Version": "compute two"}, 400, None),
    ],
)
def test_a_microversion_is_answered_or_refused(cloud, headers, status, answered):
    answer = cloud.ask("GET", f"{COMPUTE}/flavors", headers=headers)

    assert answer.status_code == status
    assert answer.headers.get("X-OpenStack-Nova-API-Version") == answered


def test_administrators_see_more_from_2_3_on(cloud):
    key = cloud.run()["id"]
    headers = {"OpenStack-API-Version": "compute 2.3"}

    server = cloud.get(f"{COMPUTE}/servers/{key}", user="admin", headers=headers)["server"]

    assert server["OS-EXT-SRV-ATTR:reservation_id"].startswith("r-")


def test_ids_are_no_guesses(cloud):
    assert ids.is_uuid(cloud.run()["id"])
