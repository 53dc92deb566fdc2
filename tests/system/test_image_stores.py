"""Images in another vendor's S3, through real processes: in, out, copied home, and away."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.model.image import ImageStatus
from tests import cloud
from tests.contract import image_places
from tests.openstack_swift import SECRET, USER, OpenStackSwift
from tests.system.image_processes import ImageProcesses

DATA = random.Random(5).randbytes(20_000_000)  # three parts, and ten segments of our own


@pytest.fixture
def vendor(tmp_path: Path) -> Iterator[OpenStackSwift]:
    (tmp_path / "vendor").mkdir()
    server = OpenStackSwift(tmp_path / "vendor")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def processes(tmp_path: Path, vendor: OpenStackSwift) -> Iterator[ImageProcesses]:
    home = tmp_path / "home"
    home.mkdir()
    (home / "s3-secret-key").write_text(SECRET)
    (home / "s3-secret-key").chmod(0o600)
    made = ImageProcesses(
        home,
        image=(
            'store = "s3"\nstores = ["s3", "swift"]\n'
            "segment_bytes = 2_000_000\nsize_bytes_max = 1_000_000_000\n"
            f'[image.s3]\nendpoint = "{vendor.url}"\naccess_key = "{USER}"\n'
            'secret_key_file = "s3-secret-key"\nbucket = "our-images"\n'
        ),
    )
    made.start()
    yield made
    made.close()
    print(made.logs())


def test_an_image_lives_in_an_s3_is_copied_home_and_leaves_both(
    processes: ImageProcesses, vendor: OpenStackSwift
):
    s3 = image_places.boto(vendor)
    image_id = processes.create()

    assert processes.request("PUT", f"/images/{image_id}/file", DATA)[0] == 204
    location = processes.image(image_id).location
    assert [each["Key"] for each in s3.list_objects_v2(Bucket="our-images")["Contents"]] == [
        location
    ]
    assert processes.data_files() == []
    assert processes.request("GET", f"/images/{image_id}/file")[1] == DATA

    body = {"method": {"name": "copy-image"}, "stores": ["swift"]}
    admin = {"X-Auth-Token": processes.identity.service_token("admin")}
    assert processes.request("POST", f"/images/{image_id}/import", body, **admin)[0] == 202
    cloud.eventually(lambda: processes.image(image_id).copies, timeout_s=60, what="copied")
    s3.delete_object(Bucket="our-images", Key=location)
    assert processes.request("GET", f"/images/{image_id}/file")[1] == DATA, "from its copy"

    assert processes.request("DELETE", f"/images/{image_id}")[0] == 204
    cloud.eventually(
        lambda: processes.image(image_id).status is ImageStatus.DELETED, timeout_s=60, what="gone"
    )
    assert processes.data_files() == []
    assert "Contents" not in s3.list_objects_v2(Bucket="our-images")


@pytest.mark.crash
def test_an_s3_that_dies_in_an_upload_keeps_no_part_of_it(
    processes: ImageProcesses, vendor: OpenStackSwift
):
    image_id = processes.create()
    upload = processes.begin_upload(image_id, f"Content-Length: {len(DATA)}", DATA[:18_000_000])
    s3 = image_places.boto(vendor)
    with upload:
        cloud.eventually(lambda: _parts(s3) == 2, timeout_s=60, what="two parts")
        vendor.stop(kill=True)
        upload.sendall(DATA[18_000_000:])
        assert b" 503 " in upload.recv(1000).partition(b"\r\n")[0]
    vendor.start()

    cloud.eventually(
        lambda: processes.image(image_id).status is ImageStatus.QUEUED, timeout_s=60, what="queued"
    )
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="our-images")
    assert processes.request("PUT", f"/images/{image_id}/file", DATA)[0] == 204


@pytest.mark.crash
def test_an_api_killed_in_an_upload_leaves_no_part_of_it(
    processes: ImageProcesses, vendor: OpenStackSwift
):
    """Nobody of its process is left to clean up: the worker does, by the row's location."""
    s3 = image_places.boto(vendor)
    image_id = processes.create()
    upload = processes.begin_upload(image_id, "Transfer-Encoding: chunked", _chunk(18_000_000))
    with upload:
        cloud.eventually(lambda: _parts(s3) == 2, timeout_s=60, what="two parts")
        processes.kill("api")
    cloud.eventually(
        lambda: processes.image(image_id).status is ImageStatus.QUEUED, timeout_s=60, what="queued"
    )

    assert "Uploads" not in s3.list_multipart_uploads(Bucket="our-images")


@pytest.mark.crash
@pytest.mark.parametrize("framing", ["Content-Length: 20000000", "Transfer-Encoding: chunked"])
def test_an_api_killed_in_an_upload_leaves_no_segment_of_it(tmp_path: Path, framing: str):
    """The same in our own object store, whether the size was known or not."""
    processes = ImageProcesses(
        tmp_path, image="segment_bytes = 2_000_000\nsize_bytes_max = 1_000_000_000\n"
    )
    processes.start()
    try:
        image_id = processes.create()
        body = DATA[:10_500_000] if "Length" in framing else _chunk(10_500_000)
        upload = processes.begin_upload(image_id, framing, body)
        with upload:
            cloud.eventually(
                lambda: len(processes.data_files()) >= 4, timeout_s=60, what="segments"
            )
            processes.kill("api")
        processes.start("api")  # the worker logs in there
        cloud.eventually(
            lambda: processes.image(image_id).status is ImageStatus.QUEUED,
            timeout_s=60,
            what="queued",
        )
        assert processes.data_files() == []
    finally:
        processes.close()


def _chunk(size_bytes: int) -> bytes:
    """The first bytes as one chunk of a body."""
    return b"%x\r\n%b\r\n" % (size_bytes, DATA[:size_bytes])


def _parts(s3: Any) -> int:
    """How many parts there are of the one upload under way."""
    try:
        uploads = s3.list_multipart_uploads(Bucket="our-images").get("Uploads", [])
    except s3.exceptions.NoSuchBucket:  # its first upload makes it
        return 0
    return sum(
        len(
            s3.list_parts(Bucket="our-images", Key=one["Key"], UploadId=one["UploadId"]).get(
                "Parts", ()
            )
        )
        for one in uploads
    )
