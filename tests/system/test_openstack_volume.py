"""python-openstackclient, unchanged, with volumes: made, snapshotted, attached, booted from."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import cloud as clouds

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]

OPENSTACK = str(clouds.BIN / "openstack")


def run(cloud: clouds.Cloud, *arguments: str) -> None:
    """A command of the demo user that prints nothing."""
    cloud.run(OPENSTACK, *arguments, user="demo")


def until(cloud: clouds.Cloud, noun: tuple[str, ...], name: str, status: str) -> dict[str, Any]:
    """The thing, as soon as it has the status; fails at once when it is in error instead."""

    def reached() -> Any:
        shown = cloud.openstack(*noun, "show", name)
        assert not shown["status"].lower().startswith("error"), shown
        return shown if shown["status"] == status else None

    what = f"{' '.join(noun)} {name} is {status}"
    found: dict[str, Any] = clouds.eventually(reached, timeout_s=120, what=what, every_s=0.5)
    return found


def gone(cloud: clouds.Cloud, *noun: str) -> None:
    """Wait until a list is empty."""
    clouds.eventually(
        lambda: cloud.openstack(*noun, "list") == [],
        timeout_s=60, what=f"no {' '.join(noun)} left", every_s=0.5,
    )  # fmt: skip


@pytest.fixture
def data(cloud: clouds.Cloud) -> Iterator[dict[str, Any]]:
    """An available volume of 1 GiB, called data."""
    cloud.openstack("volume", "create", "--size", "1", "data")
    yield until(cloud, ("volume",), "data", "available")
    run(cloud, "volume", "delete", "data")
    gone(cloud, "volume")


@pytest.fixture(scope="module")
def image(cloud: clouds.Cloud, tiny: Path) -> Iterator[str]:
    """The tiny image, uploaded."""
    cloud.add_tiny("disk", tiny)
    yield "disk"
    run(cloud, "image", "delete", "disk")


@pytest.fixture(scope="module")
def access(
    cloud: clouds.Cloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[list[str], str]]:
    """What lets its owner into a server: options of its creation, and the key's file."""
    key = tmp_path_factory.mktemp("volumes") / "key"
    run(cloud, "keypair", "create", "volumes", "--private-key", str(key))
    key.chmod(0o600)
    cloud.openstack("security", "group", "create", "volumes")
    cloud.openstack(
        "security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "22", "volumes"
    )
    yield ["--key-name", "volumes", "--security-group", "volumes", "--flavor", "m1.tiny"], str(key)
    run(cloud, "security", "group", "delete", "volumes")
    run(cloud, "keypair", "delete", "volumes")


def test_a_volume_is_listed_changed_and_extended(cloud, data):
    run(cloud, "volume", "set", "--property", "role=db", "--description", "mine", "data")
    run(cloud, "volume", "set", "--size", "2", "data")
    changed = until(cloud, ("volume",), "data", "available")
    run(cloud, "volume", "unset", "--property", "role", "data")
    run(cloud, "volume", "set", "--bootable", "data")

    shown = cloud.openstack("volume", "show", "data")
    (listed,) = cloud.openstack("volume", "list")

    assert (changed["size"], changed["properties"]) == (2, {"role": "db"})
    assert (shown["description"], shown["properties"], shown["bootable"]) == ("mine", {}, True)
    assert (listed["ID"], listed["Name"], listed["Size"]) == (data["id"], "data", 2)


def test_a_volume_is_made_from_a_snapshot(cloud, data):
    cloud.openstack("volume", "snapshot", "create", "--volume", "data", "snap")
    shown = until(cloud, ("volume", "snapshot"), "snap", "available")
    cloud.openstack("volume", "create", "--snapshot", "snap", "copy")
    copy = until(cloud, ("volume",), "copy", "available")
    (listed,) = cloud.openstack("volume", "snapshot", "list")
    refused = cloud.run(OPENSTACK, "volume", "delete", "data", user="demo", check=False)
    run(cloud, "volume", "delete", "copy")
    run(cloud, "volume", "snapshot", "delete", "snap")
    gone(cloud, "volume", "snapshot")

    assert (shown["volume_id"], shown["size"]) == (data["id"], 1)
    assert (copy["snapshot_id"], copy["size"]) == (shown["id"], 1)
    assert (listed["Name"], listed["Status"]) == ("snap", "available")
    assert "have snapshots" in refused.stderr


def test_what_there_is_to_choose_from_is_listed(cloud):
    (kind,) = cloud.openstack("volume", "type", "list")
    (zone,) = cloud.openstack("availability", "zone", "list", "--volume")
    limits = {one["Resource"]: one["Limit"] for one in cloud.openstack("quota", "show", "--volume")}
    (service,) = cloud.openstack("volume", "service", "list", user="admin")

    assert (kind["Name"], zone["Zone Name"]) == ("sparse", "nova")
    assert (limits["volumes"], limits["snapshots"], limits["gigabytes"]) == (10, 10, 1000)
    assert (service["Binary"], service["State"]) == ("cinder-volume", "up")


def test_over_quota_is_refused_in_words(cloud):
    create = ("volume", "create", "--size", "2000", "big")

    done = cloud.run(OPENSTACK, *create, user="demo", check=False)

    assert done.returncode != 0
    assert "413" in done.stderr
    assert "Quota exceeded for gigabytes: Requested 2000" in done.stderr


@pytest.mark.guest
def test_a_running_server_is_given_a_volume_and_gives_it_back(cloud, data, image, access):
    options, key = access
    cloud.openstack("server", "create", "web", "--image", image, *options, "--wait")
    server = cloud.openstack("server", "show", "web")
    (address,) = server["addresses"]["demo-net"]
    clouds.eventually(
        lambda: cloud.ssh(address, key, "hostname", check=False),
        timeout_s=180, what="an ssh login", every_s=1,
    )  # fmt: skip

    added = cloud.openstack("server", "add", "volume", "web", "data")
    used = until(cloud, ("volume",), "data", "in-use")
    (attached,) = cloud.openstack("server", "volume", "list", "web")
    size_bytes = cloud.ssh(address, key, "cat /sys/block/vdb/size")
    cloud.ssh(address, key, "echo kept | dd of=/dev/vdb conv=fsync")
    shown = cloud.openstack("server", "show", "web")
    run(cloud, "server", "remove", "volume", "web", "data")
    until(cloud, ("volume",), "data", "available")
    names = cloud.ssh(address, key, "ls /sys/block")
    run(cloud, "server", "delete", "--wait", "web")

    assert (added["Volume ID"], added["Device"]) == (data["id"], "/dev/vdb")
    assert [(one["server_id"], one["device"]) for one in used["attachments"]] == [
        (server["id"], "/dev/vdb")
    ]
    assert (attached["Volume ID"], attached["Device"]) == (data["id"], "/dev/vdb")
    assert int(size_bytes) * 512 == 1 << 30
    assert [one["id"] for one in shown["volumes_attached"]] == [data["id"]]
    assert "vda" in names
    assert "vdb" not in names


@pytest.mark.guest
def test_a_server_boots_from_a_new_volume_that_goes_with_it(cloud, image, access):
    options, key = access
    cloud.openstack(
        "server", "create", "diskless", "--image", image, "--boot-from-volume", "1",
        "--delete-on-termination", *options, "--wait",
    )  # fmt: skip
    (volume,) = cloud.openstack("volume", "list")
    shown = cloud.openstack("server", "show", "diskless")
    (address,) = shown["addresses"]["demo-net"]
    name = clouds.eventually(
        lambda: cloud.ssh(address, key, "hostname", check=False),
        timeout_s=180, what="an ssh login", every_s=1,
    )  # fmt: skip
    run(cloud, "server", "delete", "--wait", "diskless")
    gone(cloud, "volume")

    assert name.strip() == "diskless"
    assert (volume["Status"], volume["Size"]) == ("in-use", 1)
    assert [one["id"] for one in shown["volumes_attached"]] == [volume["ID"]]
    assert "booted from volume" in str(shown["image"])


@pytest.mark.guest
def test_a_server_boots_from_a_volume_that_stays(cloud, image, access):
    options, _ = access
    cloud.openstack("volume", "create", "--size", "1", "--image", image, "root")
    root = until(cloud, ("volume",), "root", "available")
    cloud.openstack("server", "create", "rooted", "--volume", "root", *options, "--wait")
    used = cloud.openstack("volume", "show", "root")
    run(cloud, "server", "delete", "--wait", "rooted")
    until(cloud, ("volume",), "root", "available")
    run(cloud, "volume", "delete", "root")
    gone(cloud, "volume")

    assert (root["bootable"], root["volume_image_metadata"]["image_name"]) == (True, "disk")
    assert (used["status"], used["attachments"][0]["device"]) == ("in-use", "/dev/vda")
