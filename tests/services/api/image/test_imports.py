"""Stage and import as clients do, with the worker behind: success, failure with its reason."""

import dataclasses
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from appliance import clock, config
from appliance.model.image import ImageStatus
from tests.services.api.image.clients import BINARY, Client
from tests.services.api.image.conftest import ImageCloud
from tests.services.image import disks
from tests.services.image.web import Web, page

DATA = disks.raw(200_000)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as served:
        yield served


@pytest.fixture
def settings(settings: config.Settings, web: Web) -> config.Settings:
    """Images may come from the server of the test."""
    return dataclasses.replace(settings, image=web.allowed(settings.image))


def _import(user: Client, image_id: str, name: str, **said: Any) -> int:
    method = {key: said.pop(key) for key in list(said) if key == "uri" or key.startswith("glance")}
    body = {"method": {"name": name, **method}, **said}
    return user("POST", f"/images/{image_id}/import", json=body).status_code


def _stage(user: Client, image_id: str, data: bytes = DATA) -> int:
    return user("PUT", f"/images/{image_id}/stage", content=data, headers=BINARY).status_code


def _task(user: Client, image_id: str) -> dict[str, Any]:
    tasks: list[dict[str, Any]] = user("GET", f"/images/{image_id}/tasks").json()["tasks"]
    return tasks[0]


def _failed(cloud: ImageCloud, user: Client, image_id: str) -> str:
    """Why an import failed that left nothing; the same words are in its task and its image."""
    task, shown = _task(user, image_id), user("GET", f"/images/{image_id}").json()
    assert (task["status"], shown["status"]) == ("failure", "queued")
    assert cloud.files("staging") == cloud.files("images") == cloud.files("swift") == []
    row = cloud.image(image_id)
    assert (row.location, row.claim_owner, row.staged_location) == (None, None, None)
    assert row.reason == task["message"]
    return str(task["message"])


def test_staged_bytes_become_an_image(cloud: ImageCloud, demo: Client):
    image_id = demo.create()
    assert _stage(demo, image_id) == 204
    assert demo.status(image_id) == "uploading"
    assert demo("GET", f"/images/{image_id}/file").status_code == 204

    assert _import(demo, image_id, "glance-direct") == 202
    assert demo.status(image_id) == "importing"
    assert _task(demo, image_id)["status"] == "pending"
    cloud.work()

    shown, task = demo("GET", f"/images/{image_id}").json(), _task(demo, image_id)
    assert (shown["status"], shown["size"], shown["stores"]) == ("active", len(DATA), "file")
    assert (shown["os_glance_importing_to_stores"], shown["os_glance_failed_import"]) == ("", "")
    assert (task["status"], task["message"], task["result"]) == (
        "success", "", {"image_id": image_id},
    )  # fmt: skip
    assert task["progress"] == {"done_bytes": len(DATA), "total_bytes": len(DATA)}
    assert task["expires_at"] > task["created_at"]
    assert demo("GET", f"/images/{image_id}/file").content == DATA
    assert cloud.files("staging") == []


def test_a_page_of_the_web_becomes_an_image(cloud: ImageCloud, demo: Client, web: Web):
    web.answers["/disk"] = page(DATA)
    image_id = demo.create()

    assert _import(demo, image_id, "web-download", uri=web.url("/disk")) == 202
    cloud.work()

    assert demo("GET", f"/images/{image_id}/file").content == DATA
    task = _task(demo, image_id)
    assert task["status"] == "success"
    assert task["input"]["import_req"]["method"]["uri"] == web.url("/disk")


def test_an_image_is_copied_to_further_stores(cloud: ImageCloud, admin: Client, demo: Client):
    image_id = demo.create()
    demo.upload(image_id, DATA)

    assert _import(demo, image_id, "copy-image", stores=["swift"]) == 403
    assert _import(admin, image_id, "copy-image", stores=["swift"]) == 202
    assert _import(admin, image_id, "copy-image", stores=["swift"]) == 409
    cloud.work()

    assert demo("GET", f"/images/{image_id}").json()["stores"] == "file,swift"
    assert [one.read_bytes() for one in cloud.files("swift")] == [DATA]
    assert _import(admin, image_id, "copy-image", stores=["swift"]) == 400
    assert _import(admin, image_id, "copy-image", all_stores=True) == 202
    cloud.work()
    assert _task(admin, image_id)["status"] == "success"
    assert len(cloud.files("swift")) == 1


def test_a_copy_is_read_when_the_first_place_has_lost_its_bytes(cloud, admin, demo):
    image_id = demo.create()
    demo.upload(image_id, DATA)
    _import(admin, image_id, "copy-image", stores=["swift"])
    cloud.work()
    (cloud.settings.home / "images" / cloud.image(image_id).location).unlink()

    assert demo("GET", f"/images/{image_id}/file").content == DATA


def test_a_copy_that_is_not_what_it_was_is_no_copy(cloud: ImageCloud, admin: Client, demo: Client):
    image_id = demo.create()
    demo.upload(image_id, DATA)
    cloud.files()[0].write_bytes(DATA[::-1])

    _import(admin, image_id, "copy-image", stores=["swift"])
    cloud.work()

    task = _task(admin, image_id)
    assert (task["status"], cloud.files("swift")) == ("failure", [])
    assert "its bytes are not what they were" in task["message"]
    assert demo("GET", f"/images/{image_id}").json()["os_glance_failed_import"] == "swift"
    assert demo.status(image_id) == "active"


def test_an_import_goes_to_all_the_stores_that_it_names(cloud: ImageCloud, demo: Client):
    image_id = demo.create()
    _stage(demo, image_id)

    assert _import(demo, image_id, "glance-direct", stores=["swift", "file"]) == 202
    shown = demo("GET", f"/images/{image_id}").json()
    assert shown["os_glance_importing_to_stores"] == "swift,file"
    cloud.work()

    assert demo("GET", f"/images/{image_id}").json()["stores"] == "file,swift"
    assert [len(cloud.files(store)) for store in ("images", "swift")] == [1, 1]
    assert _task(demo, image_id)["status"] == "success"


@pytest.mark.parametrize(("must_all", "status"), [(True, "failure"), (False, "success")])
def test_a_store_that_fails_beside_one_that_does_not_is_named(
    cloud: ImageCloud, demo: Client, must_all: bool, status: str
):
    image_id = demo.create()
    _stage(demo, image_id)
    (cloud.settings.home / "swift").rmdir()

    _import(
        demo, image_id, "glance-direct", stores=["file", "swift"], all_stores_must_succeed=must_all
    )
    cloud.work()

    shown, task = demo("GET", f"/images/{image_id}").json(), _task(demo, image_id)
    assert (shown["status"], shown["stores"]) == ("active", "file")
    assert shown["os_glance_failed_import"] == "swift"
    assert (task["status"], task["message"][:7]) == (status, "swift: ")


def test_another_image_of_this_cloud_becomes_one_too(cloud: ImageCloud, demo: Client):
    source = demo.create(
        disk_format="qcow2", hw_disk_bus="scsi", os_distro="none", own="x", visibility="private"
    )
    demo.upload(source, disks.qcow2())
    image_id = demo.create(disk_format="raw", mine="y")
    asked = {"glance_image_id": source, "glance_region": "RegionOne"}

    assert _import(demo, image_id, "glance-download", **asked) == 202
    cloud.work()

    shown = demo("GET", f"/images/{image_id}").json()
    assert (shown["status"], shown["disk_format"], shown["mine"]) == ("active", "qcow2", "y")
    assert (shown["hw_disk_bus"], shown["os_distro"], shown.get("own")) == ("scsi", "none", None)
    assert demo("GET", f"/images/{image_id}/file").content == disks.qcow2()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"glance_region": "far"}, "is another cloud's"),
        ({"glance_region": "nowhere"}, "has no public endpoint"),
        ({"glance_service_interface": "admin"}, "has no admin endpoint"),
        ({"glance_image_id": "{others}"}, "could not be found"),
        ({"glance_image_id": "{empty}"}, "it has no data to download"),
    ],
)
def test_an_image_that_cannot_be_had_is_not_imported(cloud: ImageCloud, demo: Client, asked, why):
    other = cloud.users["other"]
    ids = {"others": other.create(visibility="private"), "empty": demo.create()}
    other.upload(ids["others"], DATA)
    cloud.files()[0].unlink()
    body = {"glance_image_id": ids["empty"], "glance_region": "RegionOne"} | {
        key: value.format(**ids) for key, value in asked.items()
    }
    image_id = demo.create()

    assert _import(demo, image_id, "glance-download", **body) == 202
    cloud.work()

    assert why in _failed(cloud, demo, image_id)


@pytest.mark.parametrize(
    ("answer", "said", "why"),
    [
        (page(b"", status="404 Not Found"), {}, "could not be found"),
        (page(DATA[:50], length=100), {}, "broke off, 50 bytes early"),
        (page(b"", length=2 << 20), {}, "There are 2097152 bytes, over 1048576"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(2 << 20), {}, "more than 1048576 bytes"),
        (page(DATA), {"disk_format": "qcow2"}, "does not match stream data"),
        (page(disks.qcow2()), {}, "does not match stream data"),
        (page(disks.qcow2(backing_file="/etc/shadow")), {"disk_format": "qcow2"}, "backing file"),
        (page(disks.qcow2(features=disks.DATA_FILE)), {"disk_format": "qcow2"}, "data_file"),
        (page(disks.qcow2(virtual_size_bytes=1 << 50)), {"disk_format": "qcow2"}, "unfolds to"),
        (page(disks.vmdk("RW 63 FLAT \"/etc/shadow\" 0")), {"disk_format": "vmdk"}, "vmdk"),
        (page(disks.vdi()), {"disk_format": "vdi"}, "qemu-img convert from vdi ended with 1"),
    ],
)  # fmt: skip
def test_an_import_that_fails_says_why_and_leaves_a_queued_image_and_no_byte(
    cloud: ImageCloud, demo: Client, web: Web, answer, said, why
):
    web.answers["/disk"] = answer
    image_id = demo.create(**said)

    assert _import(demo, image_id, "web-download", uri=web.url("/disk")) == 202
    cloud.work()

    assert why in _failed(cloud, demo, image_id)
    web.answers["/disk"] = page(DATA)
    demo.patch(image_id, {"op": "replace", "path": "/disk_format", "value": "raw"})
    assert _import(demo, image_id, "web-download", uri=web.url("/disk")) == 202
    cloud.work()
    assert demo.status(image_id) == "active"
    assert (
        "os_glance_failed_import" not in demo("GET", f"/images/{image_id}").json()
        or not demo("GET", f"/images/{image_id}").json()["os_glance_failed_import"]
    )


@pytest.mark.parametrize("container_format", ["ova", "ovf", "docker", "compressed"])
def test_a_descriptor_in_a_container_reads_no_file_of_the_host(
    cloud: ImageCloud, demo: Client, tmp_path, container_format
):
    """Bytes in a container are kept as they are: nothing opens them as a disk."""
    (tmp_path / "secret").write_bytes(b"the host's own".ljust(512))
    descriptor = (
        "# Disk DescriptorFile\nversion=1\nCID=12345678\nparentCID=ffffffff\n"
        'createType="monolithicFlat"\n'
        f'RW 1 FLAT "{tmp_path / "secret"}" 0\n'
    ).encode()
    image_id = demo.create(disk_format="vmdk", container_format=container_format)
    _stage(demo, image_id, descriptor)

    _import(demo, image_id, "glance-direct")
    cloud.work()

    assert demo("GET", f"/images/{image_id}").json()["disk_format"] == "vmdk"
    assert demo("GET", f"/images/{image_id}/file").content == descriptor


def test_staged_bytes_that_are_no_image_go_with_the_import(cloud: ImageCloud, demo: Client):
    image_id = demo.create()
    _stage(demo, image_id, disks.qcow2())

    _import(demo, image_id, "glance-direct")
    cloud.work()

    assert "does not match stream data" in _failed(cloud, demo, image_id)


@pytest.mark.parametrize(
    ("method", "said", "status"),
    [
        ("glance-direct", {}, 409),  # nothing is staged
        ("copy-image", {}, 409),
        ("by-magic", {}, 400),
        ("web-download", {}, 400),
        ("web-download", {"uri": "http://169.254.169.254/latest/meta-data"}, 400),
        ("web-download", {"uri": "file:///etc/passwd"}, 400),
        ("web-download", {"uri": "{url}", "stores": ["nowhere"]}, 409),
        ("web-download", {"uri": "{url}", "stores": ["file"], "all_stores": True}, 400),
        ("glance-download", {}, 400),
        ("glance-download", {"glance_image_id": "x", "glance_region": "RegionOne"}, 400),
    ],
)
def test_an_import_that_cannot_be_is_refused_at_once(admin: Client, web: Web, method, said, status):
    image_id = admin.create()
    said = {key: web.url() if value == "{url}" else value for key, value in said.items()}

    assert _import(admin, image_id, method, **said) == status
    assert admin.status(image_id) == "queued"
    assert admin("GET", f"/images/{image_id}/tasks").json()["tasks"] == []


def test_an_image_without_formats_or_of_another_is_not_imported(cloud, demo: Client, web: Web):
    bare = demo("POST", "/images", json={}).json()["id"]
    theirs = cloud.users["other"].create(visibility="community")
    hidden = cloud.users["other"].create(visibility="private")

    for image_id, status in ((bare, 409), (theirs, 403), (hidden, 404)):
        assert _import(demo, image_id, "web-download", uri=web.url()) == status
    for image_id, status in ((theirs, 403), (hidden, 404)):
        assert _stage(demo, image_id) == status
    assert _import(cloud.users["reader"], bare, "web-download", uri=web.url()) == 403
    assert cloud.files("staging") == []


def test_two_imports_at_once_are_one(cloud: ImageCloud, demo: Client, web: Web):
    image_id = demo.create()

    assert _import(demo, image_id, "web-download", uri=web.url("/a")) == 202
    assert _import(demo, image_id, "web-download", uri=web.url("/b")) == 409
    assert _stage(demo, image_id) == 409
    assert demo.upload(image_id, DATA).status_code == 409
    assert len(demo("GET", f"/images/{image_id}/tasks").json()["tasks"]) == 1


def test_an_image_is_staged_once(cloud: ImageCloud, demo: Client):
    image_id = demo.create()

    assert [_stage(demo, image_id), _stage(demo, image_id)] == [204, 409]
    assert len(cloud.files("staging")) == 1
    assert _stage(demo, demo.create(), disks.raw(1 << 21)) == 413
    assert len(cloud.files("staging")) == 1


def test_an_image_that_is_deleted_with_bytes_staged_leaves_none(cloud: ImageCloud, demo: Client):
    image_id = demo.create()
    _stage(demo, image_id)

    assert demo("DELETE", f"/images/{image_id}").status_code == 204
    cloud.work()
    assert cloud.image(image_id).status is ImageStatus.DELETED
    cloud.work()
    assert len(cloud.files("staging")) == 1  # it might be of an upload whose row is not there yet
    _age(cloud)
    cloud.work()
    assert cloud.files("staging") == []


def _age(cloud: ImageCloud) -> None:
    """Let what is staged have waited for an hour."""
    for path in cloud.files("staging"):
        os.utime(path, (clock.now() - 3600,) * 2)


def test_an_image_that_is_deleted_while_it_is_imported_leaves_nothing(cloud, demo, web: Web):
    def deleted_midway(connection: Any) -> None:
        connection.sendall(page(DATA[:100_000], length=len(DATA)))
        demo("DELETE", f"/images/{image_id}")
        connection.sendall(DATA[100_000:])

    web.answers["/disk"] = deleted_midway
    image_id = demo.create()
    _import(demo, image_id, "web-download", uri=web.url("/disk"))
    task_id = _task(demo, image_id)["id"]

    cloud.work()
    cloud.work()

    assert cloud.image(image_id).status is ImageStatus.DELETED
    assert cloud.files() == cloud.files("staging") == []
    assert demo("GET", f"/tasks/{task_id}").json()["status"] == "failure"


def test_an_image_that_is_deleted_before_its_import_ends_the_task(cloud, demo, web: Web):
    image_id = demo.create()
    _import(demo, image_id, "web-download", uri=web.url("/disk"))
    task_id = _task(demo, image_id)["id"]
    demo("DELETE", f"/images/{image_id}")

    cloud.work()
    cloud.work()

    task = demo("GET", f"/tasks/{task_id}").json()
    assert (task["status"], web.heads) == ("failure", [])
    assert "is deleted" in task["message"] or "is pending_delete" in task["message"]
    assert cloud.image(image_id).status is ImageStatus.DELETED


def test_how_far_an_import_is_is_told_while_it_runs(cloud: ImageCloud, demo: Client, web: Web):
    seen, go_on = [], threading.Event()

    def halting(connection: Any) -> None:
        connection.sendall(page(DATA[:100_000], length=len(DATA)))
        go_on.wait(20)
        connection.sendall(DATA[100_000:])

    web.answers["/disk"] = halting
    image_id = demo.create()
    _import(demo, image_id, "web-download", uri=web.url("/disk"))
    worker = threading.Thread(target=cloud.work)
    worker.start()
    while not seen or not seen[-1]["progress"]["done_bytes"]:
        seen.append(_task(demo, image_id))
    go_on.set()
    worker.join(20)

    assert seen[-1]["status"] == "processing"
    assert 0 < seen[-1]["progress"]["done_bytes"] < len(DATA)
    assert seen[-1]["progress"]["total_bytes"] == len(DATA)
    assert _task(demo, image_id)["progress"]["done_bytes"] == len(DATA)
