"""python-openstackclient, unchanged, with images: made, imported, shared, described, deleted."""

import hashlib
import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import cloud as clouds
from tests.services.image import disks
from tests.tempest import settings

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]

OPENSTACK = str(clouds.BIN / "openstack")
BARE = ("--container-format", "bare", "--disk-format", "raw")
DATA = disks.raw(300_000)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a disk in it."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "disk.raw").write_bytes(DATA)
    return folder


@pytest.fixture(scope="module")
def cloud(files: Path) -> Iterator[clouds.Cloud]:
    """A cloud without guests, with two image stores, and the folder on the web beside it."""
    if reason := clouds.missing():
        pytest.skip(reason)
    made = clouds.Cloud(settings.cloud(("swift", "file")))
    server = subprocess.Popen(
        ["ip", "netns", "exec", made.namespace, sys.executable, "-m", "http.server", "--bind",
         "127.0.0.1", "--directory", str(files), str(settings.FILES_PORT)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        made.up()
        yield made
        print(made.logs())
    finally:
        server.terminate()
        server.wait(10)
        made.close()


def run(cloud: clouds.Cloud, *arguments: str, user: str = "demo") -> None:
    """A command that prints nothing."""
    cloud.run(OPENSTACK, *arguments, user=user)


def queued(cloud: clouds.Cloud, name: str) -> None:
    """A new image without bytes: the client takes them from its input unless that is a terminal."""
    argv = [OPENSTACK, "image", "create", name, *BARE]
    cloud.run("script", "-qec", shlex.join(argv), "/dev/null", user="demo")


def refused(cloud: clouds.Cloud, *arguments: str) -> str:
    """What the demo user is told when it may not."""
    done = cloud.run(OPENSTACK, *arguments, user="demo", check=False)
    assert done.returncode != 0, done.stdout
    return done.stderr


def until(cloud: clouds.Cloud, name: str, status: str) -> dict[str, Any]:
    """The image, as soon as it has the status."""

    def reached() -> Any:
        shown = cloud.openstack("image", "show", name)
        return shown if shown["status"] == status else None

    found: dict[str, Any] = clouds.eventually(
        reached, timeout_s=60, what=f"image {name} is {status}", every_s=0.5
    )
    return found


def names(cloud: clouds.Cloud, *filters: str, user: str = "demo") -> list[str]:
    return sorted(one["Name"] for one in cloud.openstack("image", "list", *filters, user=user))


def test_a_file_becomes_an_image_and_comes_back_as_it_went(cloud, files: Path, tmp_path: Path):
    saved = tmp_path / "saved"
    made = cloud.openstack(
        "image", "create", "plain", "--file", str(files / "disk.raw"), *BARE,
        "--property", "os_distro=none", "--tag", "small", "--min-disk", "1",
    )  # fmt: skip
    run(cloud, "image", "save", "plain", "--file", str(saved))

    shown = cloud.openstack("image", "show", "plain")
    assert saved.read_bytes() == DATA
    assert (shown["status"], shown["size"], shown["min_disk"]) == ("active", len(DATA), 1)
    assert shown["checksum"] == hashlib.md5(DATA).hexdigest()
    assert shown["properties"]["os_hash_value"] == hashlib.sha512(DATA).hexdigest()
    assert (shown["tags"], shown["properties"]["os_distro"]) == (["small"], "none")
    assert cloud.openstack("image", "show", made["id"]) == shown


def test_properties_and_tags_are_set_and_unset(cloud):
    run(cloud, "image", "set", "plain", "--property", "role=web", "--tag", "web", "--min-ram", "64")
    shown = cloud.openstack("image", "show", "plain")
    assert (shown["properties"]["role"], shown["min_ram"]) == ("web", 64)
    assert sorted(shown["tags"]) == ["small", "web"]

    run(cloud, "image", "unset", "plain", "--property", "role", "--tag", "web")
    shown = cloud.openstack("image", "show", "plain")
    assert "role" not in shown["properties"]
    assert shown["tags"] == ["small"]


def test_bytes_that_are_staged_are_imported(cloud, files: Path):
    queued(cloud, "staged")
    run(cloud, "image", "stage", "staged", "--file", str(files / "disk.raw"))
    assert cloud.openstack("image", "show", "staged")["status"] == "uploading"

    run(cloud, "image", "import", "staged", "--method", "glance-direct", "--store", "file")

    shown = until(cloud, "staged", "active")
    assert (shown["size"], shown["properties"]["stores"]) == (len(DATA), "file")


def test_a_file_is_imported_in_one_command(cloud, files: Path):
    run(cloud, "image", "create", "at-once", "--file", str(files / "disk.raw"), "--import", *BARE)

    assert until(cloud, "at-once", "active")["checksum"] == hashlib.md5(DATA).hexdigest()


def test_a_page_of_the_web_is_imported_and_an_inner_one_is_not(cloud):
    queued(cloud, "web")
    web = ("image", "import", "web", "--method", "web-download", "--uri")
    inner = "http://169.254.169.254/latest/user-data"
    run(cloud, *web, inner)  # this client does not look at the answer, which is 400
    assert cloud.openstack("image", "show", "web")["status"] == "queued"

    run(cloud, *web, f"http://127.0.0.1:{settings.FILES_PORT}/disk.raw")

    assert until(cloud, "web", "active")["size"] == len(DATA)
    tasks = cloud.openstack("image", "task", "list")
    assert {one["Status"] for one in tasks} == {"success"}
    assert len(tasks) == 3
    shown = cloud.openstack("image", "task", "show", tasks[0]["ID"])
    assert (shown["type"], shown["status"]) == ("api_image_import", "success")


def test_ways_and_stores_are_told(cloud):
    info = cloud.openstack("image", "import", "info")
    assert "web-download" in json.dumps(info)
    stores = cloud.openstack("image", "stores", "list")
    assert [one["ID"] for one in stores] == ["swift", "file"]


def test_a_list_is_filtered(cloud):
    assert names(cloud) == ["at-once", "plain", "staged", "web"]
    assert names(cloud, "--name", "plain") == names(cloud, "--tag", "small") == ["plain"]
    assert names(cloud, "--property", "os_distro=none") == ["plain"]
    assert names(cloud, "--public") == []
    assert len(names(cloud, "--limit", "2")) == 2


def test_an_image_is_shared_with_a_project_that_accepts_it(cloud):
    project = cloud.openstack("project", "create", "guests", user="admin")["id"]
    admin = cloud.openstack("token", "issue", user="admin")["project_id"]
    run(cloud, "image", "set", "plain", "--shared")
    for member in (project, admin):
        run(cloud, "image", "add", "project", "plain", member)

    members = cloud.openstack("image", "member", "list", "plain")
    assert {one["Member ID"]: one["Status"] for one in members} == {
        project: "pending", admin: "pending",
    }  # fmt: skip
    image_id = cloud.openstack("image", "show", "plain")["id"]
    run(cloud, "image", "set", image_id, "--accept", user="admin")
    shown = cloud.openstack("image", "member", "get", "plain", admin)
    assert shown["status"] == "accepted"

    run(cloud, "image", "remove", "project", "plain", project)
    (left,) = cloud.openstack("image", "member", "list", "plain")
    assert left["Member ID"] == admin


def test_an_image_is_deactivated_protected_and_deleted(cloud, tmp_path: Path):
    run(cloud, "image", "set", "web", "--deactivate", "--protected")

    assert cloud.openstack("image", "show", "web")["status"] == "deactivated"
    assert refused(cloud, "image", "save", "web", "--file", str(tmp_path / "x"))
    assert "protected" in refused(cloud, "image", "delete", "web")
    run(cloud, "image", "set", "web", "--activate", "--unprotected")
    run(cloud, "image", "delete", "web", "staged", "at-once", "plain")
    assert names(cloud) == []
    assert "No Image found" in refused(cloud, "image", "show", "web")


def test_metadata_is_defined_and_forgotten(cloud):
    words = ("image", "metadef", "namespace")
    cloud.openstack(*words, "create", "OS::Test", "--public", user="admin")
    cloud.openstack(
        "image", "metadef", "property", "create", "OS::Test", "--name", "cores", "--title", "Cores",
        "--type", "integer", "--schema", '{"minimum": 1}', user="admin",
    )  # fmt: skip

    assert [one["namespace"] for one in cloud.openstack(*words, "list")] == ["OS::Test"]
    assert cloud.openstack(*words, "show", "OS::Test")["visibility"] == "public"
    (made,) = cloud.openstack("image", "metadef", "property", "list", "OS::Test")
    assert (made["name"], made["type"]) == ("cores", "integer")
    assert cloud.openstack("image", "metadef", "resource", "type", "list")
    run(cloud, *words, "delete", "OS::Test", user="admin")
    assert cloud.openstack(*words, "list") == []
