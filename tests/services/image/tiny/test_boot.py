"""ami-tiny boots, in each of its forms, and does what a cloud expects of a guest."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from services.image.tiny import build, programs
from tests.services.image.tiny import machine

pytestmark = [pytest.mark.guest, pytest.mark.timeout(600)]
COUNT_BOOTS = "#!/bin/sh\necho ran >> /root/runs\necho user-data says $(hostname)\n"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True, timeout=30
    )
    return path


@pytest.fixture
def drive(tmp_path: Path, key: Path) -> Path:
    """A config drive with the key and a script, on FAT."""
    folder = tmp_path / "openstack" / "latest"
    folder.mkdir(parents=True)
    metadata = {
        "uuid": "83679162-1378-4288-a2d4-70e13ec132aa",
        "hostname": "walker.novalocal",
        "public_keys": {"test": key.with_suffix(".pub").read_text()},
    }
    (folder / "meta_data.json").write_text(json.dumps(metadata))
    (folder / "user_data").write_text(COUNT_BOOTS)
    path = tmp_path / "config-2.img"
    with path.open("wb") as file:
        file.truncate(1 << 20)
    programs.run(["mkfs.vfat", "-n", "CONFIG-2", path])
    programs.run(["mcopy", "-s", "-i", path, tmp_path / "openstack", "::"])
    return path


def test_kernel_ramdisk_and_disk_boot_and_the_disk_keeps_what_was_written(
    images: Path, tmp_path: Path, key: Path, drive: Path
) -> None:
    disk = tmp_path / "disk.img"
    shutil.copy(images / "ami-tiny.img", disk)
    with disk.open("r+b") as file:
        file.truncate(256 << 20)
    arguments = [
        "-kernel", str(images / "ami-tiny.vmlinuz"), "-initrd", str(images / "ami-tiny.initrd"),
        "-append", build.COMMAND_LINE, *_disk(disk, "raw"), *_disk(drive, "raw", "readonly=on"),
    ]  # fmt: skip

    with machine.Machine(arguments, key=key) as first:
        first.wait_for(r"ami-tiny: kernel up at \d")
        first.wait_for(r"ami-tiny: addr eth0=10\.0\.2\.15/24 at ")
        first.wait_for(r"ami-tiny: instance 83679162-\S+ host walker keys 1 from config drive at ")
        first.wait_for(r"ami-tiny: ready at \d")
        assert first.ssh("hostname") == "walker\n"
        first.wait_for("user-data says walker")
        first.wait_for(r"ami-tiny: user-data exit 0 at \d")
        first.wait_for("login: ")
        assert _root_size_kib(first) > 200 << 10
        host_key = first.ssh("md5sum < /etc/dropbear/dropbear_ed25519_host_key; sync")

    with machine.Machine(arguments, key=key) as second:
        second.wait_for(r"ami-tiny: ready at \d")
        assert second.ssh("cat /root/runs") == "ran\n"
        assert host_key == second.ssh("md5sum < /etc/dropbear/dropbear_ed25519_host_key")


def test_the_whole_disk_boots_from_a_bios_and_grows(
    images: Path, tmp_path: Path, key: Path, drive: Path
) -> None:
    overlay = tmp_path / "overlay.qcow2"
    programs.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2",
         "-b", images / "ami-tiny.qcow2", overlay, "1G"]
    )  # fmt: skip

    with machine.Machine(
        [*_disk(overlay, "qcow2"), *_disk(drive, "raw", "readonly=on")], key=key
    ) as guest:
        guest.wait_for(r"ami-tiny: ready at \d")
        assert guest.ssh("hostname") == "walker\n"
        guest.wait_for(r"user-data exit 0")
        assert _root_size_kib(guest) > 900 << 10
        guest.wait_for("login: ")
        guest.type("root")
        guest.wait_for("Password: ")
        guest.type("tiny")
        guest.wait_for(r"root@walker:~# ")


def _root_size_kib(guest: machine.Machine) -> int:
    """Size of the root once it has grown: resize2fs starts after all that a user waits for."""
    return int(
        guest.ssh(
            "until grep -q 'is now' /run/resize2fs.log; do usleep 100000; done 2> /dev/null;"
            " df -k / | awk 'NR == 2 { print $2 }'"
        )
    )


def _disk(path: Path, kind: str, *options: str) -> list[str]:
    return ["-drive", ",".join((f"file={path}", f"format={kind}", "if=virtio", *options))]
