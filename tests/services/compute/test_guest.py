"""A real guest, once: it boots, reads its config drive, outlives libvirtd, obeys its keys."""

import base64
from pathlib import Path

import pytest

from appliance import ids
from appliance.model.states import PowerState
from services.compute import config_drive, console, disks
from services.compute.driver import Disk, GuestSpec
from services.compute.libvirt import Libvirt
from tests.appliance import rows
from tests.services.compute import private

pytestmark = [pytest.mark.host, pytest.mark.guest]


def spec_of(home: Path, image: Path, instance_id: ids.InstanceId, drive: bytes) -> GuestSpec:
    disk, config = Disk(path=home / "disk"), home / "config.iso"
    disks.overlay(disk.path, base=disks.inspect(image, disk_format="qcow2"), size_gib=1)
    config.write_bytes(drive)
    return GuestSpec(
        instance_id=instance_id, vcpus=1, memory_mib=128, console_log=home / "console.log",
        disk=disk, config_drive=config,
    )  # fmt: skip


@pytest.mark.timeout(300)
def test_a_guest_boots_outlives_libvirtd_and_shuts_down(home: Path, tiny: Path) -> None:
    script = base64.b64encode(b"#!/bin/sh\necho user-data ran > /dev/console\n").decode()
    instance = rows.instance(
        name="guest", key_name="test", public_key="ssh-ed25519 AAAA test", user_data=script
    )
    drive = config_drive.image(instance, metadata={}, zone="nova")
    spec = spec_of(home, tiny / "ami-tiny.qcow2", instance.id, drive)

    def printed(words: str, *, times: int = 1) -> bool:
        return console.tail(spec.console_log).count(words) >= times

    with private.running(home) as daemon:
        driver = Libvirt(daemon.uri, virt_type="qemu", owner="me", disk_folder=home)
        try:
            driver.spawn(spec)
            private.wait_until(lambda: printed("ready"), "the guest to boot")
            assert printed(f"instance {instance.id} host guest keys 1 from config drive")
            private.wait_until(lambda: printed("user-data ran"), "its user-data")

            daemon.kill()
            daemon.start()
            assert driver.power_state(instance.id) is PowerState.RUNNING

            driver.send_ctrl_alt_del(instance.id)
            private.wait_until(lambda: printed("ready", times=2), "the guest to boot again")
            driver.stop(instance.id, timeout_s=private.DEADLINE_S)
            assert driver.power_state(instance.id) is PowerState.SHUTDOWN
            assert printed("Power down")
        finally:
            driver.destroy(instance.id)
            driver.close()
