"""An image is what it says, or it is refused; nothing of the host can be reached through one."""

import io

import pytest

from appliance import errors
from services.image.inspection import Inspecting
from tests.services.image import disks


def _virtual_size_bytes(data: bytes, disk_format: str, *, chunk_bytes: int = 1 << 20) -> int | None:
    reader = Inspecting(io.BytesIO(data))
    assert b"".join(iter(lambda: reader.read(chunk_bytes), b"")) == data
    return reader.virtual_size_bytes(disk_format)


@pytest.mark.parametrize("chunk_bytes", [7, 512, 1 << 20])
def test_a_qcow2_says_how_large_its_disk_is(chunk_bytes):
    data = disks.qcow2(virtual_size_bytes=10 << 20)

    assert _virtual_size_bytes(data, "qcow2", chunk_bytes=chunk_bytes) == 10 << 20


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (disks.qcow2(backing_file="/etc/shadow"), "backing_file"),
        (disks.qcow2(features=disks.DATA_FILE), "data_file"),
        (disks.qcow2(features=1 << 40), "unknown_features"),
    ],
)
def test_a_qcow2_that_points_elsewhere_is_refused(data, reason):
    with pytest.raises(errors.UnsupportedMedia, match=reason):
        _virtual_size_bytes(data, "qcow2")


@pytest.mark.parametrize("disk_format", ["raw", "aki", "ari", "ami", "ploop"])
def test_bytes_that_no_format_knows_may_be_what_has_no_header_we_know(disk_format):
    assert _virtual_size_bytes(disks.raw(), disk_format) is None


@pytest.mark.parametrize(
    ("data", "said", "found"),
    [
        (disks.raw(), "qcow2", "raw"),
        (disks.raw(), "iso", "raw"),
        (disks.qcow2(), "raw", "qcow2"),
        (disks.qcow2(), "aki", "qcow2"),
        (disks.qcow2(backing_file="/etc/shadow"), "ploop", "qcow2"),
        (disks.qcow2(), "vmdk", "qcow2"),
        (disks.vdi(), "raw", "vdi"),
        (disks.qcow2()[:50], "qcow2", "raw"),
        (b"", "qcow2", "raw"),
    ],
)
def test_what_is_not_what_it_says_is_refused(data, said, found):
    message = f"Image disk_format {said} does not match stream data {found}"
    with pytest.raises(errors.UnsupportedMedia, match=message):
        _virtual_size_bytes(data, said)
