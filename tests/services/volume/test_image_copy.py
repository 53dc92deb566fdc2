import contextlib
import hashlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import errors, ids
from appliance.glance import Facts, Source
from services.volume.image_copy import ImageCopy
from storage.blocks.sparse import Sparse

IMAGE = ids.ImageId("11111111-2222-4333-8444-555555555555")
VOLUME = "22222222-2222-4333-8444-555555555555"
MIB = 1 << 20


class Copy:
    """An ImageCopy of what the test gives as the image."""

    def __init__(self, folder: Path) -> None:
        self.pool = Sparse(folder / "pool")
        self.incoming = folder / "incoming"
        self.digest = ""
        self.content = b""
        self.disk_format = "raw"

    @contextlib.contextmanager
    def fetch(self, image_id: ids.ImageId) -> Iterator[Source]:
        digest = self.digest or hashlib.md5(self.content).hexdigest()
        facts = Facts(disk_format=self.disk_format, hash_algorithm="md5", hash_value=digest)
        chunks = [self.content[at : at + MIB] for at in range(0, len(self.content), MIB)]
        yield facts, chunks

    def fill(self, *, size_bytes: int = 4 * MIB) -> None:
        copy = ImageCopy(self.pool, fetch=self.fetch, folder=self.incoming)
        copy.fill(VOLUME, IMAGE, size_bytes=size_bytes)

    def fill_from(self, file: Path, *, size_bytes: int = 4 * MIB) -> None:
        self.content, self.disk_format = file.read_bytes(), "qcow2"
        self.fill(size_bytes=size_bytes)


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def qemu_img(*argv: str) -> None:
    subprocess.run(["qemu-img", *argv], check=True, capture_output=True)


def test_a_raw_image_is_copied_and_its_zeros_stay_holes(copy: Copy) -> None:
    copy.content = b"disk" * 1000 + bytes(2 * MIB) + b"end"
    copy.fill()
    device = copy.pool.device(VOLUME)

    assert device.read_bytes() == copy.content + bytes(4 * MIB - len(copy.content))
    assert device.stat().st_blocks * 512 < MIB


def test_a_qcow2_image_is_converted_and_its_file_is_gone(copy: Copy, tmp_path: Path) -> None:
    raw, image = tmp_path / "raw", tmp_path / "image"
    raw.write_bytes(b"disk" * 300_000)
    qemu_img("convert", "-f", "raw", "-O", "qcow2", str(raw), str(image))
    copy.fill_from(image)

    assert copy.pool.device(VOLUME).read_bytes()[:1_200_000] == raw.read_bytes()
    assert list(copy.incoming.iterdir()) == []


def test_a_qcow2_that_points_at_a_file_of_the_host_is_refused(copy: Copy, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    backing = ["-u", "-b", "/etc/shadow", "-F", "raw"]
    qemu_img("create", "-q", "-f", "qcow2", *backing, str(evil), "1M")
    with pytest.raises(errors.VolumeError, match="points at another file of the host"):
        copy.fill_from(evil)

    assert [*copy.pool.volumes(), *copy.incoming.iterdir()] == []


@pytest.mark.parametrize("disk_format", ["raw", "qcow2"])
def test_an_image_larger_than_the_volume_leaves_nothing(
    copy: Copy, tmp_path: Path, disk_format: str
) -> None:
    image = tmp_path / "image"
    qemu_img("create", "-q", "-f", disk_format, str(image), "5M")
    copy.content, copy.disk_format = image.read_bytes(), disk_format
    with pytest.raises(errors.VolumeError, match="ask for a larger volume"):
        copy.fill()

    assert list(copy.pool.volumes()) == []


def test_bytes_that_hash_to_something_else_are_no_volume(copy: Copy) -> None:
    copy.content, copy.digest = b"disk", "0" * 32
    with pytest.raises(errors.VolumeError, match="gave other bytes"):
        copy.fill()

    assert list(copy.pool.volumes()) == []
