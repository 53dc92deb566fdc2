"""Images through real processes: the whole chain in the trace, cut uploads, kills in the middle."""

import socket
from collections.abc import Iterator

import pytest

from appliance import trace
from appliance.model.image import ImageStatus
from tests import cloud
from tests.services.image import disks
from tests.system.image_processes import ImageProcesses

DATA = disks.raw(3_000_000)


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageProcesses]:
    made = ImageProcesses(tmp_path_factory.mktemp("home"))
    made.start()
    yield made
    made.close()
    print(made.logs())


def _eventually(processes: ImageProcesses, image_id: str, status: ImageStatus) -> None:
    cloud.eventually(
        lambda: processes.image(image_id).status is status, timeout_s=60, what=f"{status}"
    )


def test_an_upload_is_traced_from_the_client_to_the_disk(processes: ImageProcesses):
    image_id = processes.create()

    status, _, request_id = processes.request("PUT", f"/images/{image_id}/file", DATA)

    assert status == 204
    cloud.eventually(
        lambda: all(hop.status == "ok" for hop in processes.hops(request_id)),
        timeout_s=10,
        what="finished hops",
    )
    hops = processes.hops(request_id)
    assert trace.orphans(hops) == []
    location = processes.image(image_id).location
    ways = [(hop.kind, hop.source, hop.target, hop.name.rpartition("/")[2]) for hop in hops]
    chain = [
        ("http", "client", "api", "file"),
        ("state", "api", "database", "upload"),
        ("stream", "api", "object", "PUT image"),
        ("stream", "glance", "object", location),
        ("state", "api", "database", "stored"),
    ]
    assert [way for way in ways if way in chain] == chain
    parents = {hop.id: hop.parent_id for hop in hops}
    by_way = dict(zip(ways, hops, strict=True))
    assert parents[by_way[chain[3]].id] == by_way[chain[2]].id
    assert parents[by_way[chain[2]].id] == by_way[chain[0]].id
    assert by_way[chain[2]].bytes == len(DATA)
    assert processes.request("GET", f"/images/{image_id}/file")[1] == DATA


def test_a_deletion_reaches_the_bytes(processes: ImageProcesses):
    image_id = processes.create()
    before = processes.data_files()
    processes.request("PUT", f"/images/{image_id}/file", DATA)

    status, _, request_id = processes.request("DELETE", f"/images/{image_id}")

    assert status == 204
    _eventually(processes, image_id, ImageStatus.DELETED)
    assert processes.data_files() == before
    assert "image" in {hop.target for hop in processes.hops(request_id)}


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ("Content-Length: 4000000", DATA),
        ("Transfer-Encoding: chunked", b"%x\r\n%b\r\n" % (len(DATA), DATA)),
    ],
)
def test_an_upload_that_is_cut_off_leaves_a_queued_image_and_nothing_else(
    processes: ImageProcesses, framing: str, body: bytes
):
    image_id = processes.create()
    before = processes.data_files()

    processes.begin_upload(image_id, framing, body).close()

    _eventually(processes, image_id, ImageStatus.QUEUED)
    assert processes.data_files() == before
    assert processes.request("PUT", f"/images/{image_id}/file", DATA)[0] == 204


def test_bytes_to_be_staged_that_are_cut_off_leave_a_queued_image(processes: ImageProcesses):
    image_id = processes.create()
    staging = processes.home / "staging"
    address = (processes.settings.api.address, processes.settings.api.port)
    with socket.create_connection(address, timeout=60) as client:
        head = (
            f"PUT /image/v2/images/{image_id}/stage HTTP/1.1\r\nHost: x\r\n"
            f"X-Auth-Token: {processes.token}\r\nContent-Type: application/octet-stream\r\n"
            "Content-Length: 4000000\r\n\r\n"
        )
        client.sendall(head.encode() + DATA)
    assert processes.image(image_id).status is ImageStatus.QUEUED

    assert processes.request("PUT", f"/images/{image_id}/stage", DATA)[0] == 204

    (only,) = staging.iterdir()
    assert (only.read_bytes(), processes.image(image_id).staged_location) == (DATA, only.name)
    body = {"method": {"name": "glance-direct"}}
    assert processes.request("POST", f"/images/{image_id}/import", body)[0] == 202
    _eventually(processes, image_id, ImageStatus.ACTIVE)
    assert processes.request("GET", f"/images/{image_id}/file")[1] == DATA
    cloud.eventually(lambda: not list(staging.iterdir()), timeout_s=20, what="nothing staged")


@pytest.mark.crash
def test_an_api_that_is_killed_during_an_upload_leaves_nothing(processes: ImageProcesses):
    image_id = processes.create()
    before = processes.data_files()
    client = processes.begin_upload(image_id, "Content-Length: 4000000", DATA)

    processes.kill("api")
    client.close()
    processes.start("api")

    _eventually(processes, image_id, ImageStatus.QUEUED)
    assert processes.data_files() == before
    assert processes.request("PUT", f"/images/{image_id}/file", DATA)[0] == 204


@pytest.mark.crash
def test_an_object_store_that_is_killed_during_an_upload_is_said(processes: ImageProcesses):
    image_id = processes.create()
    before = processes.data_files()
    client = processes.begin_upload(image_id, "Content-Length: 4000000", DATA)

    processes.kill("object")
    client.sendall(disks.raw(1_000_000))

    assert client.recv(4096).startswith(b"HTTP/1.1 503 ")
    client.close()
    processes.start("object")
    _eventually(processes, image_id, ImageStatus.QUEUED)
    assert processes.data_files() == before


@pytest.mark.crash
def test_a_worker_that_is_killed_finishes_its_deletions_at_the_next_start(
    processes: ImageProcesses,
):
    image_id = processes.create()
    processes.request("PUT", f"/images/{image_id}/file", DATA)
    processes.kill("image")

    assert processes.request("DELETE", f"/images/{image_id}")[0] == 204
    assert processes.image(image_id).status is ImageStatus.PENDING_DELETE
    processes.start("image")

    _eventually(processes, image_id, ImageStatus.DELETED)
