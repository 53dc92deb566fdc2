"""Queues and processes of a real cloud, administered while instances are launched through them."""

import json
from collections.abc import Iterator

import pytest

from tests import cloud as clouds
from tests.cloud import Cloud, eventually

pytestmark = [pytest.mark.host, pytest.mark.timeout(240)]

FAKES = {
    "compute": {"driver": "fake"}, "network": {"driver": "fake"}, "volume": {"export": "fake"},
    "queue": {"sweep_s": 1.0},
}  # fmt: skip
TOPIC = "compute.box1"


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """A cloud on fakes, with an image."""
    if reason := clouds.missing():
        pytest.skip(reason)
    cloud = Cloud(FAKES)
    try:
        cloud.up()
        disk = str(cloud.home / "disk.qcow2")
        cloud.run("qemu-img", "create", "-q", "-f", "qcow2", disk, "8M")
        cloud.openstack(
            "image", "create", "tiny", "--disk-format", "qcow2", "--container-format", "bare",
            "--file", disk,
        )  # fmt: skip
        yield cloud
    finally:
        cloud.close()


def launch(cloud: Cloud, name: str) -> str:
    made = cloud.openstack("server", "create", name, "--image", "tiny", "--flavor", "m1.tiny")
    return str(made["id"])


def status(cloud: Cloud, key: str) -> str:
    return str(cloud.openstack("server", "show", key)["status"])


def is_active(cloud: Cloud, key: str) -> None:
    eventually(
        lambda: status(cloud, key) == "ACTIVE", timeout_s=60, what="it runs", every_s=0.5
    )  # fmt: skip


def waiting(cloud: Cloud, topic: str = TOPIC) -> dict[str, str]:
    """Ids of the messages that wait, by what they are about."""
    found = json.loads(cloud.novabox("queue", "show", topic, "--json"))
    return {one["object_id"]: one["id"] for one in found}


def test_one_launch_is_let_through_another_dropped_and_a_third_put_aside(cloud: Cloud) -> None:
    cloud.novabox("queue", "pause", TOPIC)
    first, second, third = (launch(cloud, f"held-{number}") for number in range(3))
    held = eventually(
        lambda: len(found := waiting(cloud)) == 3 and found, timeout_s=60, what="all wait"
    )

    cloud.novabox("queue", "release", TOPIC, held[second])
    is_active(cloud, second)
    assert [status(cloud, key) for key in (first, third)] == ["BUILD", "BUILD"]
    cloud.novabox("queue", "dead", TOPIC, held[third])
    assert "rings it again" in cloud.novabox("queue", "drop", TOPIC, held[first])
    cloud.novabox("queue", "resume", TOPIC)
    is_active(cloud, first)
    assert status(cloud, third) == "BUILD", "what lies aside is not rung again"
    cloud.novabox("queue", "retry", waiting(cloud, "dead")[third])
    is_active(cloud, third)
    assert waiting(cloud, "dead") == {}


def test_a_pause_outlives_every_process_and_ends_by_itself(cloud: Cloud) -> None:
    cloud.novabox("queue", "pause", TOPIC, "--for", "12")
    key = launch(cloud, "patient")
    for name in ("compute", "scheduler", "network", "api"):
        cloud.novabox("service", "kill", name)

    eventually(lambda: key in waiting(cloud), timeout_s=60, what="it waits")
    eventually(
        lambda: "PAUSED" not in cloud.novabox("queue", "list"), timeout_s=30, what="it is over"
    )
    is_active(cloud, key)


def test_a_service_is_stopped_and_what_it_serves_waits_until_it_is_started(cloud: Cloud) -> None:
    cloud.novabox("service", "stop", "compute")
    eventually(
        lambda: "■ compute" in cloud.novabox("service", "list"), timeout_s=60, what="it stopped"
    )
    key = launch(cloud, "waits")
    eventually(lambda: key in waiting(cloud), timeout_s=60, what="it waits")

    cloud.novabox("service", "start", "compute")
    is_active(cloud, key)
    assert "supervisor" in cloud.novabox("logs", "-n", "200")
    assert "compute: somebody asks to stop it" in cloud.novabox("logs", "supervisor")
