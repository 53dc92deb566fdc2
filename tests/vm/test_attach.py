"""A guest of libvirt has a volume from the kernel's own iSCSI target, and nobody else can have it.

No guest boots here, an emulated one would need minutes: its processor stands still from the start.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import command, errors, ids
from appliance.model.volume import Target
from services.compute import libvirtd
from services.compute.driver import GuestSpec, VolumeDisk
from services.compute.libvirt import Libvirt
from storage.blocks.export import Export
from storage.blocks.lio import Lio
from tests.cloud import eventually
from tests.services.compute import private

pytestmark = pytest.mark.vm

INITIATOR = "iqn.2010-10.org.novabox:host:box1"
SIZE_BYTES = 32 << 20
PORT = 3261


@pytest.fixture
def libvirt(home: Path) -> Iterator[Libvirt]:
    with private.running(home) as daemon:
        driver = Libvirt(daemon.uri, virt_type="qemu", owner=str(home), disk_folder=home)
        yield driver
        for instance_id in driver.guests():
            driver.destroy(instance_id)
        driver.close()


@pytest.fixture
def exporter(home: Path) -> Iterator[Lio]:
    lio = Lio(home / "exports", address="127.0.0.1", port=PORT)
    lio.start()
    yield lio
    lio.stop()


@pytest.fixture
def guest(libvirt: Libvirt, home: Path) -> ids.InstanceId:
    spec = GuestSpec(
        instance_id=ids.InstanceId(ids.new_uuid()), vcpus=1, memory_mib=32,
        console_log=home / "console.log",
    )  # fmt: skip
    libvirt.spawn(spec)
    uri = libvirtd.own_uri(home)
    command.run(["virsh", "-c", uri, "suspend", spec.name], failing_as=errors.HostError)
    return spec.instance_id


def exported(exporter: Lio, home: Path) -> VolumeDisk:
    """A new volume that is exported, as the volume worker does it."""
    volume_id = ids.VolumeId(ids.new_uuid())
    path = home / "volume"
    with path.open("wb") as file:
        file.truncate(SIZE_BYTES)
    export = Export(
        volume_id=volume_id, path=path, initiator=INITIATOR, username="nbx-user",
        password="abcdefghijkl2345",
    )  # fmt: skip
    lun = exporter.show(export).lun
    return VolumeDisk(
        volume_id=volume_id, initiator=INITIATOR, username=export.username,
        password=export.password, device="vdb",
        target=Target(address="127.0.0.1", port=PORT, iqn=export.iqn, lun=lun),
    )  # fmt: skip


def test_a_guest_is_given_a_volume_and_lets_go_of_it(
    exporter: Lio, libvirt: Libvirt, guest: ids.InstanceId, home: Path
) -> None:
    volume = exported(exporter, home)

    libvirt.attach(guest, volume)
    libvirt.attach(guest, volume)

    assert set(exporter.sessions(volume.volume_id)) == {INITIATOR}
    assert libvirt.volumes(guest) == {volume.volume_id}
    with pytest.raises(errors.HypervisorError, match="holds on to it"):
        libvirt.detach(guest, volume.volume_id, timeout_s=1.0)  # nobody there to let go
    assert libvirt.volumes(guest) == {volume.volume_id}

    libvirt.stop(guest, timeout_s=0)
    libvirt.detach(guest, volume.volume_id, timeout_s=1.0)

    assert libvirt.volumes(guest) == set()
    eventually(
        lambda: not exporter.sessions(volume.volume_id), timeout_s=60, what="the session's end"
    )


def test_a_guest_with_a_wrong_password_or_name_is_refused(
    exporter: Lio, libvirt: Libvirt, guest: ids.InstanceId, home: Path
) -> None:
    volume = exported(exporter, home)

    with pytest.raises(errors.HypervisorError, match="Authentication failure"):
        libvirt.attach(guest, replace(volume, password="abcdefghijkl2346"))
    with pytest.raises(errors.HypervisorError, match="Authorization failure"):
        libvirt.attach(guest, replace(volume, initiator=f"{INITIATOR}-not"))

    assert libvirt.volumes(guest) == set()
    assert exporter.sessions(volume.volume_id) == ()
