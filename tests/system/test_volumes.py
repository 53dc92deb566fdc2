"""A volume from guest to guest: whatever dies under it, what was written is there."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.blocks.tgtd import Tgtd
from tests import cloud as clouds

pytestmark = [pytest.mark.host, pytest.mark.guest, pytest.mark.timeout(900)]

OPENSTACK = str(clouds.BIN / "openstack")
SERIAL_CHARS = 20  # of a virtio disk's serial number: what a guest sees of a volume's id
# what was acknowledged is what was on the disk when `dd` ended: fsync came back
COUNT = """
echo 0 > /run/acknowledged
(n=0
while [ ! -e /run/enough ]; do
    n=$((n + 1))
    echo $n | dd of=/data/counter conv=fsync 2> /run/dd || break
    echo $n > /run/new && mv /run/new /run/acknowledged
done
: > /run/ended) > /dev/null 2>&1 < /dev/null &
"""


class Guest:
    """A server that answers ssh."""

    def __init__(self, cloud: clouds.Cloud, name: str, key: str, *source: str) -> None:
        self._cloud, self.name, self._key = cloud, name, key
        self._address = ""
        cloud.openstack(
            "server", "create", name, *source, "--flavor", "m1.tiny", "--key-name", "volumes",
            "--network", "demo-net", "--security-group", "volume-logins", "--wait",
        )  # fmt: skip
        self._address = cloud.openstack("server", "show", name)["addresses"]["demo-net"][0]
        clouds.eventually(
            lambda: self.run("echo up", check=False) == "up", timeout_s=240, what=f"ssh to {name}"
        )

    def run(self, script: str, *, check: bool = True) -> str:
        """What the guest's shell prints for the script."""
        done = self._cloud.run(
            "ssh", "-i", self._key, "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=5", "-o", "LogLevel=ERROR",
            f"root@{self._address}", "sh -s", stdin=script, check=check, timeout_s=120,
        )  # fmt: skip
        return done.stdout.strip()

    def find(self, volume_id: str) -> str:
        """The device with the volume's serial number, empty when there is none."""
        serial = volume_id[:SERIAL_CHARS]
        return self.run(
            f'for d in /sys/block/vd*; do [ "$(cat $d/serial)" = {serial} ] && echo ${{d##*/}}; '
            "done; true"
        )

    def attach(self, volume: str) -> str:
        """Attach the volume by name; the device that the guest finds it at."""
        self._cloud.run(OPENSTACK, "server", "add", "volume", self.name, volume, user="demo")
        volume_id = reaches(self._cloud, volume, "in-use")["id"]
        device = clouds.eventually(
            lambda: self.find(volume_id), timeout_s=60, what=f"{self.name} sees {volume}"
        )
        return f"/dev/{device}"

    def detach(self, volume: str) -> None:
        """Detach it, and see the guest without it."""
        self._cloud.run(OPENSTACK, "server", "remove", "volume", self.name, volume, user="demo")
        assert self.find(reaches(self._cloud, volume, "available")["id"]) == ""

    def delete(self) -> None:
        """Delete it, and wait until it is gone."""
        self._cloud.run(OPENSTACK, "server", "delete", "--wait", self.name, user="demo")


def reaches(cloud: clouds.Cloud, volume: str, status: str) -> dict[str, Any]:
    """The volume once it has that status."""

    def look() -> Any:
        shown = cloud.openstack("volume", "show", volume)
        return shown if shown["status"] == status else None

    found: dict[str, Any] = clouds.eventually(
        look, timeout_s=120, what=f"volume {volume} is {status}", every_s=0.5
    )
    return found


def is_gone(cloud: clouds.Cloud, noun: tuple[str, ...], name: str) -> None:
    """Delete it, and wait until nobody lists it."""
    cloud.run(OPENSTACK, *noun, "delete", name, user="demo")
    clouds.eventually(
        lambda: name not in [one["Name"] for one in cloud.openstack(*noun, "list")],
        timeout_s=60, what=f"{' '.join(noun)} {name} is gone", every_s=0.5,
    )  # fmt: skip


@pytest.fixture(scope="module")
def key(cloud: clouds.Cloud, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A key pair's private half; with it an image to boot and a group that lets logins in."""
    path = tmp_path_factory.mktemp("volumes") / "key"
    cloud.run(OPENSTACK, "keypair", "create", "volumes", "--private-key", str(path), user="demo")
    path.chmod(0o600)
    cloud.add_tiny("volume-tiny", tiny)
    cloud.openstack("security", "group", "create", "volume-logins")
    cloud.openstack(
        "security", "group", "rule", "create", "--protocol", "tcp", "--dst-port", "22",
        "volume-logins",
    )  # fmt: skip
    yield str(path)
    for argv in (
        ("security", "group", "delete", "volume-logins"), ("image", "delete", "volume-tiny"),
        ("keypair", "delete", "volumes"),
    ):  # fmt: skip
        cloud.run(OPENSTACK, *argv, user="demo")


def kill(cloud: clouds.Cloud) -> None:
    """kill -9: the volume worker first, so that it cannot help, then what serves iSCSI."""
    at = cloud.settings.volume
    os.kill(cloud.children()["volume"], signal.SIGKILL)
    pid = Tgtd(cloud.home / "volume/exports", address=at.address, port=at.port).pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def test_a_volume_goes_from_guest_to_guest_and_nothing_is_lost(
    cloud: clouds.Cloud, key: str
) -> None:
    cloud.openstack("volume", "create", "--size", "1", "data")
    reaches(cloud, "data", "available")
    first = Guest(cloud, "writer", key, "--image", "volume-tiny")
    device = first.attach("data")
    first.run(f"mke2fs {device} > /dev/null && mkdir /data && mount -t ext4 {device} /data")
    first.run(COUNT)
    counted = _count(first, more_than=3)
    for _ in range(2):
        kill(cloud)
        counted = _count(first, more_than=counted + 3)
    first.run(": > /run/enough")
    clouds.eventually(
        lambda: first.run("[ -e /run/ended ] && echo ended; true"), timeout_s=60, what="the end"
    )
    last = first.run("cat /run/acknowledged")
    assert first.run("cat /data/counter") == last
    assert first.run("dmesg | grep -i 'error.*vd'; true") == ""
    first.run("umount /data")
    first.detach("data")
    first.delete()

    second = Guest(cloud, "reader", key, "--image", "volume-tiny")
    assert _read(second, "data") == last
    cloud.openstack("volume", "snapshot", "create", "--volume", "data", "kept")
    clouds.eventually(
        lambda: cloud.openstack("volume", "snapshot", "show", "kept")["status"] == "available",
        timeout_s=60, what="the snapshot is available", every_s=0.5,
    )  # fmt: skip
    cloud.openstack("volume", "create", "--snapshot", "kept", "copy")
    reaches(cloud, "copy", "available")
    assert _read(second, "copy") == last
    second.delete()
    is_gone(cloud, ("volume",), "copy")
    is_gone(cloud, ("volume", "snapshot"), "kept")
    is_gone(cloud, ("volume",), "data")


def test_a_guest_boots_from_a_volume_again_and_again(cloud: clouds.Cloud, key: str) -> None:
    cloud.openstack("volume", "create", "--size", "1", "--image", "volume-tiny", "root")
    root = reaches(cloud, "root", "available")
    guest = Guest(cloud, "booted", key, "--volume", "root")
    assert guest.find(root["id"]) == "vda"
    guest.run("echo kept > /etc/kept; sync")
    guest.delete()
    reaches(cloud, "root", "available")

    again = Guest(cloud, "again", key, "--volume", "root")
    assert again.run("cat /etc/kept") == "kept"
    again.delete()
    reaches(cloud, "root", "available")
    is_gone(cloud, ("volume",), "root")


def _count(guest: Guest, *, more_than: int) -> int:
    """What the guest counted to, once it is more than that."""

    def look() -> int:
        counted = int(guest.run("cat /run/acknowledged"))
        return counted if counted > more_than else 0

    counted: int = clouds.eventually(look, timeout_s=120, what=f"a count over {more_than}")
    return counted


def _read(guest: Guest, volume: str) -> str:
    """The counter on the volume."""
    device = guest.attach(volume)
    found = guest.run(
        f"mkdir -p /data && mount -t ext4 {device} /data && cat /data/counter && umount /data"
    )
    guest.detach(volume)
    return found
