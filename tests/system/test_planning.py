"""Plans, explanations and limits of a whole cloud of real processes, whose guests are files.

What the plan says is what then happens; what went wrong is said in numbers; clients set limits.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests import cloud as clouds

pytestmark = [pytest.mark.host, pytest.mark.timeout(300)]

OPENSTACK = str(clouds.BIN / "openstack")
NOVABOX = str(clouds.BIN / "novabox")


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clouds.Cloud]:
    """A cloud that is up, with one image."""
    if reason := clouds.missing():
        pytest.skip(reason)
    made = clouds.Cloud({"compute": {"driver": "fake"}, "network": {"driver": "fake"}})
    disk = tmp_path_factory.mktemp("disk") / "tiny.raw"
    disk.write_bytes(bytes(1 << 20))
    try:
        made.up()
        made.openstack(
            "image", "create", "--file", str(disk), "--disk-format", "raw", "--public", "tiny",
            user="admin",
        )  # fmt: skip
        yield made
        print(made.logs())
    finally:
        made.close()


def told(cloud: clouds.Cloud, *words: str, user: str = "demo", check: bool = True) -> Any:
    """The JSON of a `novabox` command."""
    done = cloud.run(NOVABOX, *words, "--user", user, "--json", check=check)
    return json.loads(done.stdout)


def test_what_is_planned_is_what_happens_and_is_planned_otherwise_then(planned):
    image = planned.openstack("image", "show", "tiny")["id"]
    plan = ("plan", "run", "--image", image, "--flavor", "m1.tiny", "web")

    before = told(planned, *plan)["plan"]
    server = planned.openstack(
        "server", "create", "--image", "tiny", "--flavor", "m1.tiny", "--wait", "web"
    )
    after = told(planned, *plan)["plan"]

    assert (before["host"], server["status"]) == ("box1", "ACTIVE")
    assert (before["image"]["is_cached"], after["image"]["is_cached"]) == (False, True)
    ram = [
        next(check for check in one["hosts"][0]["checks"] if check["filter"] == "RamFilter")["free"]
        for one in (before, after)
    ]
    assert ram[0] - ram[1] == 512
    used = {one["resource"]: one["used"] for one in after["quota"]}
    assert used["instances"] == 1


def test_a_launch_that_nobody_takes_is_foretold_and_then_explained(planned):
    image = planned.openstack("image", "show", "tiny")["id"]
    planned.run(
        OPENSTACK, "--os-compute-api-version", "2.1", "quota", "set", "--cores", "-1", "--ram",
        "-1", "--instances", "-1", "demo", user="admin",
    )  # fmt: skip
    words = ("--image", image, "--flavor", "m1.xlarge", "--count", "60")
    foretold = told(planned, "plan", "run", *words, "big", check=False)["plan"]
    fits = foretold["count"]["placed"]

    planned.run(
        OPENSTACK, "server", "create", "--image", "tiny", "--flavor", "m1.xlarge", "--min", "60",
        "--max", "60", "big", user="demo",
    )  # fmt: skip

    def settled() -> Any:
        servers = planned.openstack("server", "list", "--name", "big")
        return servers if all(one["Status"] in ("ACTIVE", "ERROR") for one in servers) else None

    servers = clouds.eventually(settled, timeout_s=120, what="all are settled", every_s=0.5)
    failed = [one for one in servers if one["Status"] == "ERROR"]
    assert foretold["refusal"]["code"] == "NoValidHost"
    assert len(servers) - len(failed) == fits
    why = told(planned, "explain", "instance", failed[0]["ID"])["explanation"]
    assert why["reasons"][0]["what"].startswith("box1 ")
    assert why["reasons"][0]["asked"] > why["reasons"][0]["free"]
    assert why["advice"][0].startswith("Delete big-")


def test_openstackclient_sets_limits_everywhere(planned):
    planned.run(
        OPENSTACK, "quota", "set", "--instances", "70", "--volumes", "4", "--networks", "7", "demo",
        user="admin",
    )  # fmt: skip
    found = {one["Resource"]: one["Limit"] for one in planned.openstack(
        "quota", "show", "demo", user="admin")}  # fmt: skip

    assert (found["instances"], found["volumes"], found["networks"]) == (70, 4, 7)


def test_the_room_is_noted_down_by_the_scheduler(planned):
    """At a beat after the host has reported in, ten seconds apart."""
    (sample,) = clouds.eventually(
        lambda: told(planned, "capacity", user="admin")["history"],
        timeout_s=30, what="a sample", every_s=1,
    )  # fmt: skip

    assert sample["memory_mib"] > 0
