"""novabox's own API: traces, processes, topics, hosts, cost, and who may see or touch what."""

import os

import pytest

from appliance import trace
from appliance.db import services
from tests.services.api.clouds import CLOUD


@pytest.fixture
def traced(cloud):
    """A recorder of this process's hops, as the API has one."""
    trace.start(cloud.settings.home, "api", hops_max=1000)
    yield
    trace.flush()


def test_a_request_leaves_a_trace_for_its_project_and_for_who_knows_its_id(cloud, traced):
    image = cloud.add_image()
    body = {"server": {"name": "web", "flavorRef": "1", "imageRef": image}}
    answer = cloud.ask("POST", "/compute/v2.1/servers", json=body)
    request_id = answer.headers["X-Openstack-Request-Id"]
    trace.flush()

    hops = cloud.get(f"{CLOUD}/requests/{request_id}", user="other")["hops"]

    assert [(hop["kind"], hop["name"], hop["target"]) for hop in hops] == [
        ("http", "POST /compute/v2.1/servers", "api"),
        ("state", "created", "database"),
        ("sent", "select_host", "scheduler"),
    ]
    assert trace.orphans(trace.Log(cloud.settings.home).request(request_id)) == []
    for user, sees in (("demo", True), ("admin", True), ("other", False)):
        listed = cloud.get(f"{CLOUD}/requests", user=user)["requests"]
        assert (request_id in {one["id"] for one in listed}) is sees


@pytest.mark.parametrize("key", ["req-nonsense", "req-00000000-0000-4000-8000-000000000000"])
def test_an_unknown_request_is_not_found(cloud, key):
    answer = cloud.ask("GET", f"{CLOUD}/requests/{key}")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, 404)


def test_processes_say_whether_they_live_and_what_they_cost(cloud):
    cloud.add_host()
    with cloud.db.transaction() as tx:
        services.register(tx, "gone", name="gone", host="box1")
        tx.execute("UPDATE services SET pid = 4194304 WHERE topic = 'gone'")

    found = {one["topic"]: one for one in cloud.get(f"{CLOUD}/services")["services"]}

    assert (found["compute.box1"]["state"], found["gone"]["state"]) == ("up", "down")
    assert found["compute.box1"]["pid"] == os.getpid()
    assert found["compute.box1"]["pss_kib"] > 1000
    status = cloud.get(f"{CLOUD}/status")
    assert status["pss_kib"] == sum(one["pss_kib"] for one in status["processes"])


def test_hosts_show_their_room(cloud):
    cloud.add_host()

    (host,) = cloud.get(f"{CLOUD}/hosts")["hosts"]

    assert host == {
        "name": "box1", "zone": "nova", "vcpus": 4, "vcpus_used": 0, "memory_mib": 8192,
        "memory_mib_used": 0, "disk_gib": 100, "disk_gib_used": 0, "virt_type": "qemu",
        "is_up": True,
    }  # fmt: skip


@pytest.mark.parametrize("query", ["kinds=instance,unicorn", "request=req-1", "since=yesterday"])
def test_a_stream_that_cannot_be_is_refused(cloud, query):
    assert cloud.ask("GET", f"{CLOUD}/events?{query}").status_code == 400


@pytest.mark.parametrize("path", ["events", "requests", "services", "hosts", "topics", "status"])
def test_everything_asks_who_you_are(cloud, path):
    assert cloud.client.get(f"{CLOUD}/{path}").status_code == 401


def test_the_root_and_the_health_are_for_everybody(cloud):
    links = {link["rel"]: link["href"] for link in cloud.client.get(CLOUD).json()["links"]}

    assert links["events"] == "http://testserver/novabox/v1/events"
    assert cloud.client.get("/healthcheck").json() == {"status": "ok"}
    assert cloud.client.get("/").status_code == 300
    assert cloud.client.get("/nowhere").json()["error"]["code"] == 404
