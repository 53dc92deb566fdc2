"""`novabox image catalog` and `fetch` as a user types them, against a real cloud and a publisher on
its loopback: there is no internet where this runs.
"""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests import cloud as clouds
from tests.services.image import disks

pytestmark = [pytest.mark.host, pytest.mark.timeout(300)]

NOVABOX = str(clouds.BIN / "novabox")
DATA = disks.qcow2() + os.urandom(8 << 20)
HALF = len(DATA) // 2
ENTRY = """
[{name}]
title = "Something to fetch"
os_distro = "none"
os_version = "1"
user = "me"
url = "{url}/disk.qcow2"
checksums = "{url}/SHA256SUMS"
algorithm = "sha256"
"""


@dataclass
class Publisher:
    """A web server in the cloud's namespace, and entries that lead to it."""

    cloud: clouds.Cloud
    folder: Path
    own: Path

    def argv(self, *arguments: str) -> list[str]:
        return [NOVABOX, "image", *arguments, "--catalog", str(self.own)]

    def run(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return self.cloud.run(*self.argv(*arguments), **options)

    def fetch(self, *arguments: str, **options: Any) -> dict[str, Any]:
        """The one result of a fetch."""
        (result,) = json.loads(self.run("fetch", *arguments, "--json", **options).stdout)["images"]
        return dict(result)

    def images(self, entry: str) -> list[dict[str, Any]]:
        """What the catalogue says is in the cloud of one entry."""
        document = json.loads(self.run("catalog", "--json").stdout)
        assert document["is_cloud_known"]
        (found,) = [one["images"] for one in document["images"] if one["name"] == entry]
        return list(found)

    def left_here(self) -> list[int]:
        """The sizes of what waits on this machine."""
        return [path.stat().st_size for path in (self.cloud.home / "cache/images").iterdir()]


@pytest.fixture(scope="module")
def publisher(cloud: clouds.Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Publisher]:
    folder = tmp_path_factory.mktemp("publisher")
    (folder / "disk.qcow2").write_bytes(DATA)
    (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(DATA).hexdigest()} *disk.qcow2\n")
    (port,) = clouds.free_ports(1)
    own = tmp_path_factory.mktemp("own") / "images.toml"
    names = ("once", "stopped", "anybodys", "slow")
    own.write_text("".join(ENTRY.format(name=n, url=f"http://127.0.0.1:{port}") for n in names))
    with subprocess.Popen(
        ["ip", "netns", "exec", cloud.namespace,
         sys.executable, "-m", "tests.tui.catalog.web", str(folder), str(port)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield Publisher(cloud, folder, own)
        (folder / "stop-at").unlink(missing_ok=True)
        server.communicate(timeout=30)


def test_a_fetched_image_is_everybodys_and_a_second_fetch_does_nothing(publisher: Publisher):
    first = publisher.run("fetch", "once")
    assert first.stdout.startswith("● once is in the cloud: 8.1 MiB, public\n")
    assert "once: sha256 verified\n" in first.stderr

    (image,) = publisher.images("once")
    assert [image["name"], image["visibility"]] == ["once", "public"]
    listed = publisher.cloud.openstack("image", "show", "once", user="demo")
    assert [listed["id"], listed["status"]] == [image["id"], "active"]
    assert listed["properties"]["os_admin_user"] == "me"
    assert listed["properties"]["os_hash_value"] == hashlib.sha512(DATA).hexdigest()

    second = publisher.run("fetch", "once")
    assert second.stdout.startswith("● once is there already: 8.1 MiB, public\n")
    assert second.stderr == ""
    assert publisher.images("once") == [image]
    assert publisher.left_here() == []


@pytest.mark.parametrize(("sign", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_the_middle_it_leaves_no_image_and_goes_on_next_time(
    publisher: Publisher, sign: signal.Signals, status: int
):
    entry = "stopped" if sign is signal.SIGINT else "slow"
    stop = publisher.folder / "stop-at"
    stop.write_text(str(HALF))
    with subprocess.Popen(
        ["ip", "netns", "exec", publisher.cloud.namespace, *publisher.argv("fetch", entry)],
        env=os.environ | {"NOVABOX_HOME": str(publisher.cloud.home)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        clouds.eventually(
            lambda: HALF in publisher.left_here(), timeout_s=30, what="half of the file"
        )
        running.send_signal(sign)
        out, err = running.communicate(timeout=30)
    stop.unlink()

    assert (running.returncode, out) == (status, "")
    assert "Stopped. Nothing of it is in the cloud.\n4.0 MiB are kept in" in err
    assert publisher.images(entry) == []
    assert publisher.left_here() == [HALF]
    every = publisher.cloud.openstack("image", "list", "--long", user="admin")
    assert entry not in [image["Name"] for image in every]

    told = publisher.run("fetch", entry).stderr
    assert f"{entry}: going on at 4.0 MiB of 8.1 MiB" in told
    assert [image["name"] for image in publisher.images(entry)] == [entry]
    assert publisher.left_here() == []


def test_who_asks_is_the_environments_to_say_or_the_options(
    publisher: Publisher, monkeypatch: pytest.MonkeyPatch
):
    private = publisher.fetch("anybodys", user="demo")  # the OS_* variables of the shell
    assert [private["status"], private["visibility"]] == ["fetched", "private"]

    monkeypatch.setenv("OS_CLOUD", "nowhere")
    again = publisher.fetch("anybodys", "--user", "demo")
    assert [again["status"], again["id"]] == ["unchanged", private["id"]]
    public = publisher.fetch("anybodys", "--user", "admin")
    assert [public["status"], public["visibility"]] == ["fetched", "public"]

    file = Path(str(publisher.own.with_name("clouds.yaml")))
    file.write_text(publisher.cloud.novabox("env", "--clouds-yaml"))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(file))
    other = publisher.fetch("anybodys", "--cloud", "novabox", "--name", "mine")
    assert [other["name"], other["visibility"]] == ["mine", "private"]


def test_one_that_fails_is_said_and_the_others_are_fetched(publisher: Publisher):
    own = publisher.own.with_name("wrong.toml")
    text = publisher.own.read_text()
    wrong = text.replace("[slow]", "[wrong]").rpartition("checksums")[0]
    own.write_text(f'{wrong}checksum = "{"0" * 64}"\nalgorithm = "sha256"\n')
    done = publisher.cloud.run(
        NOVABOX, "image", "fetch", "wrong", "once", "--json", "--catalog", str(own), check=False
    )

    assert done.returncode == 1
    results = json.loads(done.stdout)["images"]
    assert [(one["entry"], one["status"]) for one in results] == [
        ("wrong", "failed"), ("once", "unchanged"),
    ]  # fmt: skip
    assert "is not what the publisher says" in results[0]["reason"]
    assert results[0]["reason"] in done.stderr
    assert publisher.left_here() == []
