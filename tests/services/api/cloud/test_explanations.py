"""Explanations over HTTP: who may see which, and what the scheduler adds."""

import pytest

from appliance import errors
from appliance.db import instances
from appliance.model.states import Event
from tests.services.api.clouds import CLOUD


def test_an_instance_that_no_host_took_says_why_and_what_would_help(cloud):
    """The reasons are the fault's, of then; the advice is the scheduler's, of now."""
    cloud.add_host()
    big = cloud.run(name="ci-07", flavorRef="4")["id"]
    cloud.advance(big, Event.SCHEDULED, host="box1")
    small = cloud.run(name="db")["id"]
    refusal = errors.Refusal(
        host="box1", filter="RamFilter", reason="512 MiB asked, 0 free", asked=512, free=0,
        limit=8192, unit="MiB",
    )  # fmt: skip
    with cloud.db.transaction() as tx:
        instances.advance(tx, instances.get(tx, small), Event.FAILED_UNPLACED)
        instances.add_fault(tx, small, errors.NoValidHost([refusal]))

    found = cloud.get(f"{CLOUD}/explanations/instance/{small}")["explanation"]
    cloud.ask("DELETE", f"/compute/v2.1/servers/{big}")
    cloud.advance(big, Event.DESTROYED, Event.UNWIRED)
    after = cloud.get(f"{CLOUD}/explanations/instance/{small}")["explanation"]

    assert found["state"] == "ERROR"
    assert found["reasons"] == [
        {"what": "box1 RamFilter", "text": "512 MiB asked, 0 free", "asked": 512, "free": 0,
         "limit": 8192, "unit": "MiB"}
    ]  # fmt: skip
    assert found["advice"][0] == "Delete ci-07 and it fits."
    assert after["reasons"] == found["reasons"]
    assert after["advice"][0] == "It would fit on box1 now: run it again."


@pytest.mark.parametrize("kind", ["instance", "volume", "image"])
def test_each_project_is_told_of_its_own(cloud, kind):
    key = {
        "instance": lambda: cloud.run()["id"],
        "volume": lambda: cloud.add_volume()["id"],
        "image": lambda: cloud.add_image(visibility="private", project_id=cloud.project_id("demo")),
    }[kind]()

    seen = {
        user: cloud.ask("GET", f"{CLOUD}/explanations/{kind}/{key}", user=user).status_code
        for user in ("demo", "admin", "other")
    }

    assert seen == {"demo": 200, "admin": 200, "other": 404}


def test_a_name_will_do_where_it_is_one_things_only(cloud):
    cloud.run(name="web")
    cloud.run(name="web", user="other")

    assert cloud.get(f"{CLOUD}/explanations/instance/web")["explanation"]["state"] == "BUILD"
    twice = cloud.ask("GET", f"{CLOUD}/explanations/instance/web", user="admin")
    assert (twice.status_code, "give an id" in twice.text) == (409, True)


def test_a_project_is_for_itself_and_for_administrators(cloud):
    url = f"{CLOUD}/explanations/project/{cloud.project_id('demo')}"

    assert cloud.get(url)["explanation"]["summary"] == "demo is within all its limits."
    assert cloud.ask("GET", url, user="admin").status_code == 200
    assert cloud.ask("GET", url, user="other").status_code == 404


@pytest.mark.parametrize(
    ("path", "status"), [("moon/1", 400), ("volume/nope", 404), ("topic/nope", 404)]
)
def test_what_is_not_there_is_not_explained(cloud, path, status):
    assert cloud.ask("GET", f"{CLOUD}/explanations/{path}").status_code == status


def test_parts_of_the_cloud_are_explained_to_everybody(cloud):
    cloud.add_host()

    for path in ("host/box1", "service/compute.box1"):
        state = cloud.get(f"{CLOUD}/explanations/{path}", user="watcher")["explanation"]["state"]
        assert state == "up"
