"""kill -9 before and after each commit of what instances and volumes do together.

Rows end true, and no export, file or disk is left that none of them knows.
"""

from typing import Any

import pytest

from tests import client, cloud
from tests.crash.crashing import COMMITS_MAX, Crashing, gone, launch, settled

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]

VOLUMES = "/volume/v3/volumes"
SETTLED = ("available", "in-use", "error")


def volume_status(demo: client.Client, volume_id: str) -> str:
    """Its status; empty when it is gone."""
    answer = demo("GET", f"{VOLUMES}/{volume_id}")
    assert answer.status in (200, 404), answer
    return str(answer.body["volume"]["status"]) if answer.status == 200 else ""


def settles(demo: client.Client, volume_id: str, *wanted: str) -> str:
    def look() -> str | None:
        status = volume_status(demo, volume_id)
        return status if status in (wanted or SETTLED) else None

    return str(cloud.eventually(look, timeout_s=60, what=f"volume {volume_id} settles"))


def is_true(crashing: Crashing, server_id: str, had: set[str]) -> None:
    """The guest has these volumes, they are exported, and no other is."""
    cloud.eventually(
        lambda: (crashing.plugged(server_id), crashing.exports) == (had, had),
        timeout_s=60,
        what=f"guest and exports are {had}",
    )


@pytest.fixture(scope="module")
def data(demo: client.Client) -> str:
    """A volume that outlives every instance."""
    answer = demo("POST", VOLUMES, {"volume": {"size": 1, "name": "data"}})
    assert answer.status == 202, answer
    volume_id = str(answer.body["volume"]["id"])
    assert settles(demo, volume_id) == "available"
    return volume_id


def attach(demo: client.Client, server_id: str, volume_id: str) -> None:
    body = {"volumeAttachment": {"volumeId": volume_id}}
    answer = demo("POST", f"/compute/v2.1/servers/{server_id}/os-volume_attachments", body)
    assert answer.status == 200, answer


def detach(demo: client.Client, server_id: str, volume_id: str) -> None:
    path = f"/compute/v2.1/servers/{server_id}/os-volume_attachments/{volume_id}"
    answer = demo("DELETE", path)
    assert answer.status == 202, answer


def launch_with(demo: client.Client, image_id: str, data: str) -> str:
    """A server that boots from a new volume, which goes with it, and has `data` beside it."""
    root: dict[str, Any] = {
        "source_type": "image", "destination_type": "volume", "uuid": image_id, "boot_index": 0,
        "volume_size": 1, "delete_on_termination": True,
    }  # fmt: skip
    disk = {"source_type": "volume", "destination_type": "volume", "uuid": data, "boot_index": -1}
    return launch(demo, "", block_device_mapping_v2=[root, disk])


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("service", ["volume", "compute"])
def test_an_attach_and_a_detach_survive_every_kill(
    crashing: Crashing, demo: client.Client, image_id: str, data: str, service: str, when: str
) -> None:
    server_id = launch(demo, image_id)
    assert settled(demo, server_id)["status"] == "ACTIVE"
    killed = {attach: True, detach: True}
    for number in range(1, COMMITS_MAX):
        for verb, wanted, had in ((attach, "in-use", {data}), (detach, "available", set[str]())):
            if killed[verb]:
                crashing.plan(service, number, when)
            verb(demo, server_id, data)
            assert settles(demo, data, wanted) == wanted
            is_true(crashing, server_id, had)
            killed[verb] = killed[verb] and crashing.was_killed(service)
        if not any(killed.values()):
            gone(crashing, demo, server_id)
            return
    raise AssertionError("an attach has more commits than this test expects")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("service", ["network", "volume", "compute"])
def test_a_launch_with_volumes_and_its_delete_survive_every_kill(
    crashing: Crashing, demo: client.Client, image_id: str, data: str, service: str, when: str
) -> None:
    killed = {"launch": True, "delete": True}
    for number in range(1, COMMITS_MAX):
        if killed["launch"]:
            crashing.plan(service, number, when)
        server_id = launch_with(demo, image_id, data)
        server = settled(demo, server_id)
        killed["launch"] = killed["launch"] and crashing.was_killed(service)
        assert server["status"] == "ACTIVE", server["fault"]
        is_true(crashing, server_id, {data} | (crashing.files - {data}))
        assert len(crashing.files) == 2

        if killed["delete"]:
            crashing.plan(service, number, when)
        gone(crashing, demo, server_id)
        assert settles(demo, data, "available") == "available"
        cloud.eventually(
            lambda: (crashing.exports, crashing.files) == (set(), {data}),
            timeout_s=60,
            what="only the volume that was there before is left",
        )
        killed["delete"] = killed["delete"] and crashing.was_killed(service)
        if not any(killed.values()):
            return
    raise AssertionError("a launch has more commits than this test expects")


@pytest.mark.parametrize("service", ["volume", "network", "compute"])
def test_a_server_deleted_while_it_is_made_leaves_nothing(
    crashing: Crashing, demo: client.Client, image_id: str, data: str, service: str
) -> None:
    """Somewhere between its first row and its guest, with a worker killed there."""
    for number in range(1, 6):
        crashing.plan(service, number, "after")
        server_id = launch_with(demo, image_id, data)
        gone(crashing, demo, server_id)
        crashing.was_killed(service)
        assert settles(demo, data, "available") == "available"
        cloud.eventually(
            lambda: (crashing.exports, crashing.files) == (set(), {data}),
            timeout_s=60,
            what="only the volume that was there before is left",
        )
