"""A launch of a cached image, request → ACTIVE, against bare `define` + `start` of the same XML.

Interleaved in one run, so that a busy machine is busy for all: the cloud launches, the guest's own
XML is started bare on a fresh overlay, and the compute worker's part alone is taken. The cloud must
be up and hold the image `ami-tiny` (`novabox demo`).
"""

import contextlib
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

import libvirt

from appliance import config, ids, kvm
from appliance.db import connection, instances
from appliance.model.states import VmState
from services.compute import disks, libvirtd
from services.compute.driver import Disk, GuestSpec, Nic
from services.compute.libvirt import Libvirt
from tests import client

ROUNDS: Final = 7
IMAGE: Final = "ami-tiny"
FLAVOR: Final = "m1.tiny"
TAP: Final = "nbx-bench"
DEADLINE_S: Final = 60.0


def measure() -> dict[str, float]:
    """Medians in milliseconds: `cloud_ms`, `spawn_ms` (overlay, define, start), `bare_ms`."""
    cloud = Cloud(config.load())
    took: dict[str, list[float]] = {"cloud_ms": [], "spawn_ms": [], "bare_ms": []}
    cloud.launch(lambda xml: None)  # the image is in the cache from here on
    with bench_folder() as folder, tap():
        for _ in range(ROUNDS):
            took["cloud_ms"].append(
                cloud.launch(lambda xml: took["bare_ms"].append(bare(cloud.libvirt, xml, folder)))
            )
            took["spawn_ms"].append(spawn(cloud.settings, cloud.base, folder))
    return {name: statistics.median(values) for name, values in took.items()}


class Cloud:
    """The cloud that is up, as its user `demo` sees it."""

    def __init__(self, settings: config.Settings) -> None:
        self.settings = settings
        self.libvirt = libvirt.open(libvirtd.uri(settings))
        self._db = connection.open_db(settings.home)
        self._ask = client.Client(settings)
        image = self._ask("GET", f"/image/v2/images?name={IMAGE}").body["images"][0]
        flavors = self._ask("GET", "/compute/v2.1/flavors").body["flavors"]
        networks = self._ask("GET", "/network/v2.0/networks").body["networks"]
        self._server = {
            "name": TAP,
            "imageRef": image["id"],
            "flavorRef": next(one["id"] for one in flavors if one["name"] == FLAVOR),
            "networks": [{"uuid": networks[0]["id"]}],
        }
        path = settings.home / "compute" / "images" / image["id"]
        self.base = path, str(image["disk_format"])

    def launch(self, beside: Callable[[str], object]) -> float:
        """Launch one and delete it again; the milliseconds from request to ACTIVE.

        `beside` gets the guest's XML while nothing else goes on.
        """
        began = time.perf_counter()
        answer = self._ask("POST", "/compute/v2.1/servers", {"server": self._server})
        assert answer.status == 202, answer
        instance_id = answer.body["server"]["id"]
        self._wait(instance_id, VmState.ACTIVE)
        took_ms = 1000 * (time.perf_counter() - began)
        domain = self.libvirt.lookupByUUIDString(instance_id)
        xml = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        domain.suspend()  # a booting guest would take a core from what is measured next
        beside(xml)
        self._ask("DELETE", f"/compute/v2.1/servers/{instance_id}")
        self._wait(instance_id, VmState.DELETED)
        return took_ms

    def _wait(self, instance_id: str, state: VmState) -> None:
        """Until the row says so: the database is asked, as the API would, 2 ms apart."""
        deadline = time.monotonic() + DEADLINE_S
        while (row := instances.get(self._db, instance_id)).vm_state is not state:
            if row.vm_state is VmState.ERROR or time.monotonic() > deadline:
                raise AssertionError(f"{instance_id} is {row.state}, not {state}")
            time.sleep(0.002)


def bare(connection_: libvirt.virConnect, xml: str, folder: Path) -> float:
    """Define and start the same XML on a fresh overlay; in milliseconds. Nothing is left."""
    definition = on_its_own(xml, folder)
    began = time.perf_counter()
    domain = connection_.defineXML(definition)
    domain.create()
    took_ms = 1000 * (time.perf_counter() - began)
    domain.destroy()
    domain.undefine()
    return took_ms


def on_its_own(xml: str, folder: Path) -> str:
    """The XML under another name, on an overlay, log and tap of its own, all made here."""
    root = ElementTree.fromstring(xml)
    name = root.find("name")
    assert name is not None
    name.text = TAP
    new_id = ids.new_uuid()
    for element in [*root.findall("uuid"), *root.findall(".//entry[@name='uuid']")]:
        element.text = new_id
    for metadata in root.findall("metadata"):
        root.remove(metadata)  # else the compute worker would take the guest for its own
    for number, source in enumerate(root.findall("devices/disk/source")):
        original, copy = Path(source.attrib["file"]), folder / f"bare-{number}"
        shutil.copyfile(original, copy)  # small: a fresh overlay, or the config drive
        source.set("file", str(copy))
    for log in root.findall("devices/serial/log"):
        log.set("file", str(folder / "bare.log"))
    for target in root.findall("devices/interface/target"):
        target.set("dev", TAP)
    return ElementTree.tostring(root, encoding="unicode")


def spawn(settings: config.Settings, image: tuple[Path, str], folder: Path) -> float:
    """What the compute worker does for one launch, without queue and rows; in milliseconds."""
    path, disk_format = image
    driver = Libvirt(
        libvirtd.uri(settings), virt_type=kvm.choose(settings).virt_type, owner=TAP,
        disk_folder=folder,
    )  # fmt: skip
    driver.guests()  # connected
    instance_id = ids.InstanceId(ids.new_uuid())
    disk = Disk(path=folder / instance_id)
    began = time.perf_counter()
    disks.overlay(disk.path, base=disks.inspect(path, disk_format=disk_format), size_gib=1)
    driver.spawn(
        GuestSpec(
            instance_id=instance_id, vcpus=1, memory_mib=512, console_log=folder / "spawn.log",
            disk=disk, nics=(Nic(tap=TAP, mac="fa:16:3e:00:be:4c", mtu=1500),),
        )
    )  # fmt: skip
    took_ms = 1000 * (time.perf_counter() - began)
    driver.destroy(instance_id)
    driver.close()
    return took_ms


@contextlib.contextmanager
def bench_folder() -> Iterator[Path]:
    """A folder that QEMU's user may enter."""
    base = os.environ.get("NOVABOX_BENCH_DIR", "/var/tmp")
    with tempfile.TemporaryDirectory(prefix="nbx-bench-", dir=base) as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@contextlib.contextmanager
def tap() -> Iterator[None]:
    """A tap of its own, in no bridge."""
    subprocess.run(["ip", "tuntap", "add", "dev", TAP, "mode", "tap"], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "link", "del", TAP], check=True)
