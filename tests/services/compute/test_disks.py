import json
import struct
import subprocess
from pathlib import Path

import pytest

from appliance.errors import HypervisorError
from services.compute import disks


def qemu_img(*argv: str) -> str:
    done = subprocess.run(["qemu-img", *argv], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.fixture
def qcow2(tmp_path: Path) -> Path:
    path = tmp_path / "base.qcow2"
    qemu_img("create", "-q", "-f", "qcow2", str(path), "64M")
    return path


def test_a_qcow2_is_known_by_its_header(qcow2: Path) -> None:
    base = disks.inspect(qcow2, disk_format="qcow2")

    assert (base.format, base.virtual_size_bytes) == ("qcow2", 64 << 20)


def test_an_ami_is_raw_whatever_its_bytes_look_like(qcow2: Path) -> None:
    base = disks.inspect(qcow2, disk_format="ami")

    assert (base.format, base.virtual_size_bytes) == ("raw", qcow2.stat().st_size)


def test_a_qcow2_with_a_backing_file_is_refused(qcow2: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    argv = ["create", "-q", "-f", "qcow2", "-u", "-b", "/etc/shadow", "-F", "raw", str(evil), "1M"]
    qemu_img(*argv)

    with pytest.raises(HypervisorError, match="evil refused: it points at another file"):
        disks.inspect(evil, disk_format="qcow2")


def test_a_qcow2_with_a_data_file_is_refused(tmp_path: Path) -> None:
    evil = tmp_path / "evil"
    options = f"data_file={tmp_path}/data,data_file_raw=on"
    qemu_img("create", "-q", "-f", "qcow2", "-o", options, str(evil), "1M")

    with pytest.raises(HypervisorError, match="it points at another file"):
        disks.inspect(evil, disk_format="qcow2")


def test_an_encrypted_qcow2_is_refused(qcow2: Path) -> None:
    with qcow2.open("r+b") as image:
        image.seek(32)
        image.write(struct.pack(">I", 2))

    with pytest.raises(HypervisorError, match="encrypted"):
        disks.inspect(qcow2, disk_format="qcow2")


@pytest.mark.parametrize("content", [b"", b"QFI\xfb", b"QFI\xfb" + b"\xff" * 200, b"x" * 200])
def test_what_is_no_qcow2_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken"
    path.write_bytes(content)

    with pytest.raises(HypervisorError, match="broken refused: "):
        disks.inspect(path, disk_format="qcow2")


def test_a_format_that_does_not_boot_here_is_named(tmp_path: Path) -> None:
    with pytest.raises(HypervisorError, match="disk_format vmdk does not boot here; known: ami"):
        disks.inspect(tmp_path / "any", disk_format="vmdk")


def test_an_overlay_shows_its_base_and_has_the_flavors_size(qcow2: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disks.overlay(disk, base=disks.inspect(qcow2, disk_format="qcow2"), size_gib=2)
    info = json.loads(qemu_img("info", "--output=json", str(disk)))

    assert info["virtual-size"] == 2 << 30
    assert (info["backing-filename"], info["backing-filename-format"]) == (str(qcow2), "qcow2")


def test_a_flavor_without_a_disk_gets_the_images_size(qcow2: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disks.overlay(disk, base=disks.inspect(qcow2, disk_format="qcow2"), size_gib=0)

    assert json.loads(qemu_img("info", "--output=json", str(disk)))["virtual-size"] == 64 << 20


def test_an_overlay_that_is_there_is_kept(qcow2: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.write_text("what the guest wrote")
    disks.overlay(disk, base=disks.inspect(qcow2, disk_format="qcow2"), size_gib=1)

    assert disk.read_text() == "what the guest wrote"


def test_a_base_larger_than_the_flavor_is_refused(tmp_path: Path) -> None:
    base = disks.Base(path=tmp_path / "b", format="raw", virtual_size_bytes=(1 << 30) + 1)
    with pytest.raises(HypervisorError, match="1073741825 bytes and the flavor has 1 GiB"):
        disks.overlay(tmp_path / "disk", base=base, size_gib=1)
