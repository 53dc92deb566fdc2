"""Capacity over HTTP: who takes the room, what fits, whose quotas, what is imagined."""

from typing import Any

import pytest

from appliance.model.states import Event
from services.scheduler import sampling
from tests.services.api.clouds import CLOUD, Cloud


def put(cloud: Cloud, name: str, *, user: str = "demo", flavor: str = "1") -> str:
    """An instance with a host."""
    key: str = cloud.run(name=name, user=user, flavorRef=flavor)["id"]
    cloud.advance(key, Event.SCHEDULED, host="box1")
    return key


def fits(found: Any) -> dict[str, int]:
    return {one["flavor"]: one["count"] for one in found["fits"]}


def test_room_is_shown_with_who_has_it(cloud):
    cloud.add_host()
    put(cloud, "web")
    put(cloud, "secret", user="other", flavor="2")

    (host,) = cloud.get(f"{CLOUD}/capacity")["hosts"]

    assert (host["memory_mib"], host["memory_mib_used"], host["vcpus_limit"]) == (8192, 2560, 64)
    assert [(one["name"], one["memory_mib"]) for one in host["instances"]] == [
        ("web", 512), ("1 of others", 2048),
    ]  # fmt: skip
    (all_of_it,) = cloud.get(f"{CLOUD}/capacity", user="admin")["hosts"]
    assert {one["name"] for one in all_of_it["instances"]} == {"web", "secret"}


def test_what_fits_is_counted_and_what_does_not_says_who_is_in_the_way(cloud):
    cloud.add_host()
    key = put(cloud, "web")

    found = cloud.get(f"{CLOUD}/capacity")
    large = next(one for one in found["fits"] if one["flavor"] == "m1.large")

    assert fits(found) == {
        "m1.nano": 60, "m1.tiny": 15, "m1.small": 3, "m1.medium": 1, "m1.large": 0,
        "m1.xlarge": 0,
    }  # fmt: skip
    assert large["why_not"] == (
        "box1: needs 8 GiB of memory, 7.5 GiB free. Delete web and it fits."
    )
    assert large["in_the_way"] == {"id": key, "name": "web"}
    assert [check["filter"] for check in large["checks"]] == ["RamFilter"]


def test_advice_never_names_anothers_instance(cloud):
    cloud.add_host()
    put(cloud, "secret", user="other")

    found = cloud.get(f"{CLOUD}/capacity")

    assert "secret" not in str(found)
    large = next(one for one in found["fits"] if one["flavor"] == "m1.large")
    assert (large["why_not"], large["in_the_way"]) == (
        "box1: needs 8 GiB of memory, 7.5 GiB free.", None,
    )  # fmt: skip


def test_an_imaginary_instance_takes_room_until_none_is_left(cloud):
    cloud.add_host()
    version = cloud.db.version()

    found = cloud.get(f"{CLOUD}/capacity?imagine=m1.medium&imagine=3&imagine=m1.medium")

    assert [one["host"] for one in found["imagined"]] == ["box1", "box1", None]
    assert "needs 4 GiB of memory, 0 MiB free" in found["imagined"][2]["why_not"]
    assert found["hosts"][0]["memory_mib_used"] == 8192
    assert [one["state"] for one in found["hosts"][0]["instances"]] == ["imagined"] * 2
    assert fits(found)["m1.tiny"] == 0
    assert cloud.db.version() == version


def test_a_flavor_that_is_none_is_not_found(cloud):
    assert cloud.ask("GET", f"{CLOUD}/capacity?imagine=moon").status_code == 404


def test_quotas_are_ones_own_and_every_projects_for_an_administrator(cloud):
    put(cloud, "web")

    (own,) = cloud.get(f"{CLOUD}/capacity")["quotas"]
    every = cloud.get(f"{CLOUD}/capacity", user="admin")["quotas"]

    assert own["project"] == "demo"
    assert {"resource": "cores", "used": 1, "limit": 20} in own["resources"]
    assert {"demo", "admin", "other", "watcher"} <= {one["project"] for one in every}


def test_a_host_that_is_silent_holds_nothing_more(cloud):
    cloud.add_host()
    with cloud.db.transaction() as tx:
        tx.execute("UPDATE hosts SET seen_at = '2020-01-01T00:00:00.000000Z'")

    found = cloud.get(f"{CLOUD}/capacity")

    assert found["hosts"][0]["is_up"] is False
    assert set(fits(found).values()) == {0}
    assert "silent for" in found["fits"][0]["why_not"]


def test_without_hosts_it_says_so(cloud):
    found = cloud.get(f"{CLOUD}/capacity")

    assert (found["hosts"], found["fits"][0]["why_not"]) == (
        [], "No compute host has reported in.",
    )  # fmt: skip


def test_the_history_is_what_was_sampled(cloud):
    cloud.add_host()
    sampling.sample(cloud.db)

    found = cloud.get(f"{CLOUD}/capacity")

    assert [one["memory_mib"] for one in found["history"]] == [8192]
    assert found["forecasts"] == []


@pytest.mark.parametrize("path", ["capacity", "explanations/host/box1"])
def test_strangers_are_asked_who_they_are(cloud, path):
    assert cloud.client.get(f"{CLOUD}/{path}").status_code == 401
