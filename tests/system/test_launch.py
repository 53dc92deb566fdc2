"""One launch from the request to a login, as its trace tells it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance import trace
from tests import cloud as clouds

pytestmark = [pytest.mark.host, pytest.mark.guest, pytest.mark.timeout(600)]

OPENSTACK = str(clouds.BIN / "openstack")
USER_DATA = "#!/bin/sh\necho user-data ran as $(id -un)\n"


@pytest.fixture(scope="module")
def server(
    cloud: clouds.Cloud, tiny: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Any]]:
    """A server of the aki, ari and ami of old, with a key and user data."""
    manifest = json.loads((tiny / "ami-tiny.json").read_text())
    command_line = manifest["kernel_command_line"]
    made: dict[str, str] = {}
    for name, kind in (("vmlinuz", "aki"), ("initrd", "ari")):
        image = cloud.openstack(
            "image", "create", kind, "--file", str(tiny / f"ami-tiny.{name}"),
            "--disk-format", kind, "--container-format", kind,
        )  # fmt: skip
        made[kind] = image["id"]
    cloud.openstack(
        "image", "create", "ami", "--file", str(tiny / "ami-tiny.img"), "--disk-format", "ami",
        "--container-format", "ami", "--property", f"kernel_id={made['aki']}",
        "--property", f"ramdisk_id={made['ari']}",
        "--property", f"os_command_line={command_line}",
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("launch")
    cloud.run(
        OPENSTACK, "keypair", "create", "launch", "--private-key", str(folder / "key"), user="demo"
    )
    (folder / "key").chmod(0o600)
    (folder / "data").write_text(USER_DATA)
    cloud.openstack("security", "group", "create", "logins")
    cloud.openstack(
        "security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "22", "logins"
    )
    cloud.openstack(
        "server", "create", "traced", "--image", "ami", "--flavor", "m1.tiny", "--key-name",
        "launch", "--user-data", str(folder / "data"), "--network", "demo-net",
        "--security-group", "logins", "--wait",
    )  # fmt: skip
    shown = cloud.openstack("server", "show", "traced")
    yield shown | {"key": str(folder / "key"), "address": shown["addresses"]["demo-net"][0]}
    for argv in (
        ("server", "delete", "--wait", "traced"), ("security", "group", "delete", "logins"),
        ("keypair", "delete", "launch"), ("image", "delete", "ami", "ari", "aki"),
    ):  # fmt: skip
        cloud.run(OPENSTACK, *argv, user="demo")


@pytest.fixture(scope="module")
def login(cloud: clouds.Cloud, server: dict[str, Any]) -> str:
    """What the guest says of itself over ssh, as soon as it answers."""

    def ssh() -> str:
        command = "hostname; cat /proc/uptime"
        return cloud.ssh(server["address"], server["key"], command, check=False)

    return str(clouds.eventually(ssh, timeout_s=180, what="an ssh login with the key"))


def hops(cloud: clouds.Cloud, server: dict[str, Any]) -> list[trace.Hop]:
    log = trace.Log(cloud.home)
    created = [
        request["id"]
        for request in log.requests(limit=500)
        if any(hop.detail.get("instance") == server["id"] for hop in log.request(request["id"]))
        and request["name"] == "POST /compute/v2.1/servers"
    ]
    assert len(created) == 1
    return log.request(created[0])


def test_the_guest_lets_its_owner_in(server: dict[str, Any], login: str) -> None:
    assert login.splitlines()[0] == "traced"


def test_user_data_ran(cloud: clouds.Cloud, server: dict[str, Any], login: str) -> None:
    def ran() -> bool:
        shown = cloud.run(OPENSTACK, "console", "log", "show", "traced", user="demo").stdout
        return "user-data ran as root" in shown

    clouds.eventually(ran, timeout_s=60, what="user data ran", every_s=1)


def test_the_trace_has_every_hop_in_causal_order_and_no_orphan(
    cloud: clouds.Cloud, server: dict[str, Any], login: str
) -> None:
    told = hops(cloud, server)
    names = [hop.name for hop in told]

    assert trace.orphans(told) == []
    assert {hop.status for hop in told} == {"ok"}
    order = ["POST /compute/v2.1/servers", "select_host", "scheduled", "allocate", "wired", "spawn",
             "spawned"]  # fmt: skip
    assert [names.index(name) for name in order] == sorted(names.index(name) for name in order)
    sources = {hop.source for hop in told}
    assert {"client", "api", "queue", "scheduler", "network", "compute", "guest"} <= sources
    assert any(hop.kind == "stream" and hop.target == "object" for hop in told)
    assert any(hop.detail.get("is_key") for hop in told)


def test_a_launch_that_no_host_can_take_says_why(
    cloud: clouds.Cloud, server: dict[str, Any]
) -> None:
    cloud.run(
        OPENSTACK, "server", "create", "big", "--image", "ami", "--flavor", "m1.xlarge",
        "--network", "demo-net", user="demo",
    )  # fmt: skip

    def failed() -> Any:
        shown = cloud.openstack("server", "show", "big")
        return shown if shown["status"] == "ERROR" else None

    shown = clouds.eventually(failed, timeout_s=30, what="the launch fails")
    assert "No valid host was found. box1: CoreFilter: 8 vCPUs asked" in shown["fault"]["message"]
    cloud.run(OPENSTACK, "server", "delete", "--wait", "big", user="demo")
