"""Images from the object store through real processes: the trace, kills and deletions midway."""

import hashlib
from collections.abc import Iterator
from typing import Final

import pytest

from appliance import context, queue
from appliance.model.image import Image, ImageStatus
from services.identity import keys
from services.image import api
from storage.images import swift
from tests import client, cloud
from tests.services.image import bundling, disks
from tests.system.image_processes import ImageProcesses

DISK: Final = disks.raw(3_000_000)
# packs to half a megabyte, and takes a worker seconds: time to be killed in
LARGE_BYTES: Final = 300_000_000
LARGE: Final = "images/large/disk.manifest.xml"


class Imports(ImageProcesses):
    """The processes, and what an EC2 client does: upload, then register."""

    def put(self, objects: dict[str, bytes]) -> None:
        """Upload objects into demo's container `images`."""
        account = f"{self.settings.object_url}/v1/AUTH_{self._demo.project_id}"
        headers = {"X-Auth-Token": self.token}
        for path, data in {"": b"", **{f"/{name}": data for name, data in objects.items()}}.items():
            answer = client.ask("PUT", f"{account}/images{path}", data, headers=headers)
            assert answer.status in (201, 202), answer

    def register(self, location: str) -> Image:
        """The promised image, as demo gets it from the API."""
        request = context.RequestContext(
            project_id=self._demo.project_id, user_id=self._demo.user_id, roles=self._demo.roles
        )
        verbs = api.open_images(self.settings, self.db, queue.Queue(self.settings), self._account)
        token = context.current.set(request)
        try:
            return verbs.register(request, location=location, name="disk")
        finally:
            context.current.reset(token)

    def digest(self, image_id: str) -> str:
        """SHA-1 of what the Image API gives for the image."""
        return hashlib.sha1(self.request("GET", f"/images/{image_id}/file")[1]).hexdigest()

    @property
    def _demo(self) -> context.RequestContext:
        return self.identity.resolve(self.token)

    def _account(self) -> swift.Access:
        token = self.identity.service_token("glance")
        project_id = self.identity.resolve(token).project_id
        url = f"{self.settings.object_url}/v1/AUTH_{project_id}"
        return swift.Access(url=url, headers={"X-Auth-Token": token})


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imports]:
    made = Imports(tmp_path_factory.mktemp("home"))
    made.start()
    large = bundling.bundle(bytes(LARGE_BYTES), made.settings.etc_dir)
    made.put(large.objects("large/"))
    yield made
    made.close()
    print(made.logs())


def _eventually(processes: Imports, image_id: str, status: ImageStatus) -> None:
    cloud.eventually(
        lambda: processes.image(image_id).status is status, timeout_s=60, what=f"{status}"
    )


def _midway(processes: Imports) -> Image:
    """A large image of which the worker has begun to write the bytes."""
    image = processes.register(LARGE)
    cloud.eventually(
        lambda: processes.image(image.id).location is not None, timeout_s=60, what="an attempt"
    )
    assert processes.image(image.id).status is ImageStatus.IMPORTING
    return image


def test_a_bundle_is_traced_from_the_message_to_the_disk(processes: Imports):
    made = bundling.bundle(DISK, processes.settings.etc_dir)
    processes.put(made.objects())

    image = processes.register("images/disk.manifest.xml")

    assert image.status is ImageStatus.IMPORTING
    _eventually(processes, image.id, ImageStatus.ACTIVE)
    assert processes.request("GET", f"/images/{image.id}/file")[1] == DISK
    request_id = processes.image(image.id).request_id
    cloud.eventually(
        lambda: {hop.status for hop in processes.hops(request_id)} == {"ok"},
        timeout_s=10, what="finished hops",
    )  # fmt: skip
    hops = processes.hops(request_id)
    ways = [(hop.kind, hop.source, hop.target, hop.name) for hop in hops]
    chain = [
        ("taken", "queue", "image", "import_data"),
        ("stream", "image", "object", "import images/disk.manifest.xml"),
        ("stream", "image", "object", "PUT image"),
        ("state", "image", "database", "stored"),
    ]
    # a sweep may have rung it too, before the first message was taken
    assert list(dict.fromkeys(way for way in ways if way in chain)) == chain
    streamed, stored = (hops[ways.index(way)] for way in chain[1:3])
    assert streamed.parent_id in {hop.id for hop in hops if hop.kind == "taken"}
    assert stored.parent_id == streamed.id
    assert streamed.bytes == len(DISK)
    assert (processes.settings.etc_dir / "cloud-cert.pem").exists()


def test_an_import_that_fails_is_shown_to_the_clients_of_both_apis(processes: Imports):
    processes.put({"broken.img": disks.qcow2(backing_file="/etc/shadow")})
    before = processes.data_files()

    image = processes.register("images/broken.img")

    _eventually(processes, image.id, ImageStatus.QUEUED)
    _, shown, _ = processes.request("GET", f"/images/{image.id}")
    assert "backing_file: Image has a backing file" in shown["os_glance_failed_import"]
    assert processes.data_files() == before
    failed = [hop for hop in processes.hops(image.request_id) if hop.status == "error"]
    assert any("backing_file: Image has a backing file" in str(hop.detail) for hop in failed)


def test_a_worker_whose_token_was_rotated_away_logs_in_again(processes: Imports):
    processes.put({"before.img": DISK, "after.img": DISK})
    _eventually(processes, processes.register("images/before.img").id, ImageStatus.ACTIVE)

    keys.rotate(processes.settings.etc_dir, keep=1)
    processes.token = processes.identity.service_token("demo")

    _eventually(processes, processes.register("images/after.img").id, ImageStatus.ACTIVE)


def test_an_image_that_is_deleted_midway_leaves_nothing(processes: Imports):
    before = processes.data_files()
    image = _midway(processes)

    assert processes.request("DELETE", f"/images/{image.id}")[0] == 204

    _eventually(processes, image.id, ImageStatus.DELETED)
    assert processes.data_files() == before


@pytest.mark.crash
def test_a_worker_that_is_killed_midway_begins_again_at_the_next_start(processes: Imports):
    before = processes.data_files()
    image = _midway(processes)

    processes.kill("image")
    processes.start("image")

    _eventually(processes, image.id, ImageStatus.ACTIVE)
    assert processes.image(image.id).attempts == 2
    assert processes.image(image.id).size_bytes == LARGE_BYTES
    assert len(processes.data_files()) == len(before) + 1
    assert processes.digest(image.id) == bundling.sha1(bytes(LARGE_BYTES))


@pytest.mark.crash
def test_an_object_store_that_is_killed_midway_is_waited_for(processes: Imports):
    before = processes.data_files()
    image = _midway(processes)

    processes.kill("object")
    cloud.eventually(
        lambda: processes.image(image.id).reason, timeout_s=60, what="a reason to wait"
    )
    processes.start("object")

    _eventually(processes, image.id, ImageStatus.ACTIVE)
    assert len(processes.data_files()) == len(before) + 1
