"""Snapshots through the Block Storage API, as Cinder answers them."""

import pytest

from appliance.model.volume_states import VolumeEvent
from tests.services.api.clouds import VOLUME, Cloud

MISSING = "11111111-2222-4333-8444-555555555555"


def _attach(cloud: Cloud, volume_id: str) -> None:
    cloud.change_volume(
        volume_id, VolumeEvent.RESERVE, VolumeEvent.EXPORTED, VolumeEvent.ATTACHED, instance_id="i1"
    )


def test_a_new_snapshot_is_a_promise_a_row_and_a_message(cloud):
    volume = cloud.add_volume(size=2)["id"]
    body = {"snapshot": {"volume_id": volume, "name": "daily", "metadata": {"a": "1"}}}

    answer = cloud.ask("POST", f"{VOLUME}/snapshots", json=body)

    made = answer.json()["snapshot"]
    assert (answer.status_code, made["status"], made["size"]) == (202, "creating", 2)
    assert (made["name"], made["volume_id"], made["metadata"]) == ("daily", volume, {"a": "1"})
    assert ("snapshot", made["id"]) in cloud.messages("volume.box1")


def test_a_snapshot_is_shown_with_its_project(cloud):
    key = cloud.add_snapshot(cloud.add_volume()["id"])["id"]

    shown = cloud.get(f"{VOLUME}/snapshots/{key}")["snapshot"]

    assert shown["os-extended-snapshot-attributes:project_id"] == cloud.project_id()
    assert shown["os-extended-snapshot-attributes:progress"] == "100%"
    assert cloud.ask("GET", f"{VOLUME}/snapshots/{key}", user="other").status_code == 404


def test_snapshots_are_listed_by_their_volume(cloud):
    first, second = cloud.add_volume()["id"], cloud.add_volume()["id"]
    key = cloud.add_snapshot(first, name="a", metadata={"k": "v"})["id"]
    cloud.add_snapshot(second, name="b")

    for query in (f"volume_id={first}", "name=a", "metadata={'k': 'v'}"):
        for form in ("", "/detail"):
            found = cloud.get(f"{VOLUME}/snapshots{form}?{query}")["snapshots"]
            assert [one["id"] for one in found] == [key]
    assert len(cloud.get(f"{VOLUME}/snapshots?with_count=1&limit=1")["snapshots"]) == 1


def test_files_are_not_snapshotted_under_a_guest_not_even_by_force(cloud):
    volume = cloud.add_volume()["id"]
    _attach(cloud, volume)

    for force in (False, True, "true"):
        body = {"snapshot": {"volume_id": volume, "force": force}}
        answer = cloud.ask("POST", f"{VOLUME}/snapshots", json=body)
        assert (answer.status_code, list(answer.json())) == (400, ["badRequest"])


@pytest.mark.parametrize(
    ("snapshot", "status"),
    [
        ({"volume_id": MISSING}, 404),
        ({}, 400),
        ({"volume_id": MISSING, "force": "perhaps"}, 400),
    ],
)
def test_a_snapshot_that_cannot_be_is_refused(cloud, snapshot, status):
    answer = cloud.ask("POST", f"{VOLUME}/snapshots", json={"snapshot": snapshot})

    assert answer.status_code == status


def test_a_snapshot_is_renamed_and_deleted(cloud):
    key = cloud.add_snapshot(cloud.add_volume()["id"])["id"]
    url = f"{VOLUME}/snapshots/{key}"

    changed = cloud.ask("PUT", url, json={"snapshot": {"name": "b", "description": "d"}}).json()
    gone = cloud.ask("DELETE", url)

    assert (changed["snapshot"]["name"], changed["snapshot"]["description"]) == ("b", "d")
    assert gone.status_code == 202
    assert cloud.ask("GET", url).status_code == 404
    assert ("delete_snapshot", key) not in cloud.messages("volume.box1")


def test_metadata_of_a_snapshot_is_changed_at_its_own_address(cloud):
    key = cloud.add_snapshot(cloud.add_volume()["id"])["id"]

    body = {"snapshot": {"metadata": {"k": "v"}}}
    answer = cloud.ask("PUT", f"{VOLUME}/snapshots/{key}", json=body)

    assert answer.status_code == 400
    assert "unknown field `metadata`" in answer.json()["badRequest"]["message"]
