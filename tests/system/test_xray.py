"""`novabox xray` and `novabox fsck` on a real cloud: a real guest, and what happens to it."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import cloud as clouds
from tests.cloud import eventually

pytestmark = [pytest.mark.host, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def server(cloud: clouds.Cloud, tiny: Path) -> Iterator[str]:
    """A guest that has its address; its id."""
    image = cloud.add_tiny("xray-tiny", tiny)
    made = cloud.openstack(
        "server", "create", "xray-web", "--flavor", "m1.tiny", "--image", image,
        "--network", "demo-net", "--wait",
    )  # fmt: skip
    yield made["id"]
    cloud.run(_OPENSTACK, "server", "delete", "--wait", made["id"], user="demo", check=False)
    cloud.run(_OPENSTACK, "image", "delete", image, user="demo", check=False)


_OPENSTACK = str(clouds.BIN / "openstack")


def _tree(cloud: clouds.Cloud, kind: str, key: str) -> Any:
    return json.loads(cloud.novabox("xray", kind, key, "--json"))


def _part(node: Any, label: str) -> Any:
    return next(child for child in node["children"] if child["label"].startswith(label))


def test_a_real_guest_is_shown_down_to_its_process_and_lease(
    cloud: clouds.Cloud, server: str
) -> None:
    def leased() -> Any:
        tree = _tree(cloud, "instance", server)
        return tree if _part(_part(tree, "nic"), "fixed ip")["word"] == "leased" else None

    tree = eventually(leased, timeout_s=120, what="a lease", every_s=1)
    pid = int(_part(tree, "process")["detail"].split()[1])

    assert f"nbx-{server}" in Path(f"/proc/{pid}/cmdline").read_text()
    assert _part(tree, "disk vda")["meaning"] == "good"
    assert _part(_part(tree, "disk vda"), "base")["meaning"] == "good"
    assert _part(tree, "nft rules")["word"] == "loaded"
    text = cloud.novabox("xray", "instance", server)
    assert text.startswith("xray-web  ●  active")
    assert "├─ process  ●  running" in text


def test_fsck_finds_nothing_in_a_cloud_that_is_well(cloud: clouds.Cloud, server: str) -> None:
    report = json.loads(cloud.novabox("fsck", "--json", check=False))

    assert (report["mismatches"], report["unknown"]) == ([], [])
    assert report["checked"] >= 3
    assert "every row agrees with the host" in cloud.novabox("fsck")


def test_fsck_tells_of_a_guest_whose_disk_is_gone(cloud: clouds.Cloud, server: str) -> None:
    disk = cloud.home / "compute" / "instances" / server / "disk"
    away = disk.with_name("away")
    disk.rename(away)
    done = cloud.run(str(clouds.BIN / "novabox"), "fsck", check=False)
    away.rename(disk)

    assert done.returncode == 1
    assert f"instance {server}" in done.stdout
    assert "xray-web › disk vda" in done.stdout


def test_what_cannot_be_looked_at_is_said_and_is_no_success(
    cloud: clouds.Cloud, server: str
) -> None:
    pid = cloud.children()["network"]
    os.kill(pid, signal.SIGSTOP)
    try:
        done = cloud.run(str(clouds.BIN / "novabox"), "fsck", check=False)
    finally:
        os.kill(pid, signal.SIGCONT)

    assert done.returncode == 1
    assert "network.box1 did not answer wiring" in done.stdout


def test_an_object_that_is_not_there_is_an_error_in_words(cloud: clouds.Cloud) -> None:
    done = cloud.run(str(clouds.BIN / "novabox"), "xray", "volume", "none", check=False)

    assert done.returncode == 1
    assert "Volume none could not be found" in done.stderr
