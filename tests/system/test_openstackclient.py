"""python-openstackclient, unchanged, against a real cloud: what its users type first."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import cloud as clouds

pytestmark = [pytest.mark.host, pytest.mark.guest, pytest.mark.timeout(600)]

OPENSTACK = str(clouds.BIN / "openstack")


@pytest.fixture(scope="module")
def image(cloud: clouds.Cloud, tiny: Path) -> Iterator[dict[str, Any]]:
    """The tiny image, uploaded as a file."""
    cloud.add_tiny("tiny", tiny)
    yield cloud.openstack("image", "show", "tiny")
    cloud.run(OPENSTACK, "image", "delete", "tiny", user="demo")


@pytest.fixture(scope="module")
def server(
    cloud: clouds.Cloud, image: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """A server that is ACTIVE, with a key pair and a group that lets ssh and icmp in."""
    key = tmp_path_factory.mktemp("key") / "test"
    cloud.run(OPENSTACK, "keypair", "create", "test", "--private-key", str(key), user="demo")
    (group,) = cloud.openstack("security", "group", "list")
    for options in (("--protocol", "icmp"), ("--protocol", "tcp", "--dst-port", "22")):
        cloud.openstack("security", "group", "rule", "create", *options, group["ID"])
    cloud.openstack(
        "server", "create", "web", "--image", "tiny", "--flavor", "m1.tiny", "--key-name", "test",
        "--property", "role=web", "--wait",
    )  # fmt: skip
    yield cloud.openstack("server", "show", "web")
    cloud.run(OPENSTACK, "keypair", "delete", "test", user="demo")


def test_a_token_is_issued(cloud):
    token = cloud.openstack("token", "issue")

    assert token["id"]
    assert token["project_id"]


def test_an_image_comes_back_as_it_went(cloud, image, tiny, tmp_path):
    path = tmp_path / "saved"
    cloud.run(OPENSTACK, "image", "save", "tiny", "--file", str(path), user="demo")

    assert image["status"] == "active"
    assert [one["Name"] for one in cloud.openstack("image", "list")] == ["tiny"]
    expected = hashlib.md5((tiny / "ami-tiny.qcow2").read_bytes()).hexdigest()
    assert image["checksum"] == hashlib.md5(path.read_bytes()).hexdigest() == expected


def test_what_there_is_to_choose_from_is_listed(cloud):
    flavors = {one["Name"] for one in cloud.openstack("flavor", "list")}
    (network,) = cloud.openstack("network", "list")
    (subnet,) = cloud.openstack("subnet", "list")
    (zone,) = cloud.openstack("availability", "zone", "list", "--compute")

    assert {"m1.tiny", "m1.small", "m1.medium", "m1.large", "m1.xlarge"} <= flavors
    assert network["Subnets"] == [subnet["ID"]]
    assert (zone["Zone Name"], zone["Zone Status"]) == ("nova", "available")


def test_a_server_runs_with_its_address_and_shows_its_console(cloud, server):
    (listed,) = cloud.openstack("server", "list")
    (port,) = cloud.openstack("port", "list", "--server", "web")

    assert (server["status"], server["OS-EXT-STS:vm_state"]) == ("ACTIVE", "active")
    assert (listed["Name"], listed["Image"], listed["Flavor"]) == ("web", "tiny", "m1.tiny")
    (address,) = server["addresses"]["demo-net"]
    assert [fixed["ip_address"] for fixed in port["Fixed IP Addresses"]] == [address]
    assert server["properties"] == {"role": "web"}

    def booted() -> bool:
        console = cloud.run(OPENSTACK, "console", "log", "show", "web", user="demo").stdout
        return "login:" in console

    clouds.eventually(booted, timeout_s=120, what="the guest's login prompt", every_s=2)


def test_a_server_is_stopped_started_and_rebooted(cloud, server):
    def status() -> str:
        return str(cloud.openstack("server", "show", "web")["status"])

    for verb, expected in (("stop", "SHUTOFF"), ("start", "ACTIVE")):
        cloud.run(OPENSTACK, "server", verb, "web", user="demo")
        clouds.eventually(
            lambda expected=expected: status() == expected,
            timeout_s=60,
            what=f"{verb} → {expected}",
        )
    cloud.run(OPENSTACK, "server", "reboot", "--hard", "--wait", "web", user="demo")
    assert status() == "ACTIVE"


def test_operators_see_hosts_and_services(cloud, server):
    (hypervisor,) = cloud.openstack("hypervisor", "list", user="admin")
    services = cloud.openstack("compute", "service", "list", user="admin")

    assert (hypervisor["Hypervisor Hostname"], hypervisor["State"]) == ("box1", "up")
    assert {one["Binary"]: one["State"] for one in services} == {
        "nova-compute": "up", "nova-scheduler": "up",
    }  # fmt: skip


def test_servers_that_cannot_be_are_refused_in_words(cloud, image):
    before = cloud.openstack("server", "list")

    for arguments, message in (
        (("--flavor", "m1.tiny", "--key-name", "lost"), "Invalid key_name provided."),
        (("--flavor", "m1.tiny", "--network", "nowhere"), "nowhere"),
        (("--flavor", "m1.xlarge", "--min", "3", "--max", "3"), "Quota exceeded for cores"),
    ):
        command = ("server", "create", "bad", "--image", "tiny", *arguments)
        done = cloud.run(OPENSTACK, *command, user="demo", check=False)
        assert done.returncode != 0
        assert message in done.stderr

    assert cloud.openstack("server", "list") == before


def test_a_deleted_server_is_gone_with_its_port(cloud, server):
    cloud.run(OPENSTACK, "server", "delete", "--wait", "web", user="demo")

    assert cloud.openstack("server", "list") == []

    def no_ports() -> bool:
        return cloud.openstack("port", "list") == []

    clouds.eventually(no_ports, timeout_s=30, what="the port is gone")
