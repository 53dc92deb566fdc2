"""Makes what a guest needs on this host and says it as a GuestSpec. Knows no hypervisor.

Everything is made once and kept: a spec asked for again, after a crash or for a later start, finds
the disk the guest has written to.
"""

from collections.abc import Collection
from pathlib import Path
from typing import Final

from appliance import chap, config, trace
from appliance.db import connection, instances, networks, ports, volumes
from appliance.errors import HypervisorError
from appliance.glance import Fetch
from appliance.ids import ImageId
from appliance.model.instance import Instance
from appliance.model.volume import Volume, parse_target
from appliance.model.volume_states import VolumeStatus
from services.compute import config_drive, devices, disks
from services.compute.driver import Boot, Disk, GuestSpec, Nic, VolumeDisk
from services.compute.folders import Folders
from services.compute.image_cache import Cached, ImageCache

COMMAND_LINE: Final = "root=/dev/vda console=tty0 console=ttyS0"  # Nova's, for kernel images


class Builder:
    """Builds for the instances of one host."""

    def __init__(
        self, *, settings: config.Settings, db: connection.Database, folders: Folders, fetch: Fetch
    ) -> None:
        self._settings = settings
        self._db = db
        self._folders = folders
        self._images = ImageCache(folders.images)
        self._fetch = fetch

    def spec(self, instance: Instance) -> GuestSpec:
        """The instance's spec; image, disk and config drive are made if they are not here yet.

        Raises HypervisorError (the image is too large, or does not boot here) and what fetching
        it raises. What was made stays: `Folders.remove` takes it away.
        """
        self._folders.make(instance.id)
        image = self._image(instance.image_id)
        return GuestSpec(
            instance_id=instance.id,
            vcpus=instance.vcpus,
            memory_mib=instance.memory_mib,
            console_log=self._folders.console_log(instance.id),
            disk=self._disk(instance, image) if image else None,
            boot=self._boot(instance, image),
            config_drive=self._config_drive(instance),
            nics=self._nics(instance),
            volumes=self._volumes(instance),
            metadata=_facts(instance),
        )

    def volume_disk(self, volume: Volume) -> VolumeDisk:
        """The volume as a disk of a guest on this host; its row says where it is exported."""
        attachment_id, target, device = volume.attachment_id, volume.target, volume.device
        if not (attachment_id and target and device):
            raise HypervisorError(f"volume {volume.id}: it is {volume.state} and has no export")
        return VolumeDisk(
            volume_id=volume.id,
            target=parse_target(target),
            initiator=chap.initiator(self._settings.host),
            username=chap.username(attachment_id),
            password=chap.password(self._settings, attachment_id),
            device=devices.target(device),
        )

    def drop_unused_images(self, on_host: Collection[Instance]) -> None:
        """Remove cached images that none of `on_host` is made of and nobody asked for lately."""
        ids = {(one.image_id, one.kernel_id, one.ramdisk_id) for one in on_host}
        self._images.drop_unused({image_id for three in ids for image_id in three if image_id})

    def _image(self, image_id: ImageId | None) -> Cached | None:
        return self._images.ensure(image_id, self._fetch) if image_id else None

    def _disk(self, instance: Instance, image: Cached) -> Disk:
        disk = Disk(path=self._folders.disk(instance.id))
        with trace.hop("driver", "overlay", target="disk", instance=instance.id) as span:
            base = disks.inspect(image.path, disk_format=image.facts.disk_format)
            disks.overlay(disk.path, base=base, size_gib=instance.disk_gib)
            span.note(base=instance.image_id, format=base.format, size_gib=instance.disk_gib)
        return disk

    def _boot(self, instance: Instance, image: Cached | None) -> Boot | None:
        kernel, ramdisk = self._image(instance.kernel_id), self._image(instance.ramdisk_id)
        if kernel is None:
            return None
        command_line = image.facts.command_line if image else ""
        return Boot(
            kernel=kernel.path,
            ramdisk=ramdisk.path if ramdisk else None,
            cmdline=command_line or COMMAND_LINE,
        )

    def _config_drive(self, instance: Instance) -> Path | None:
        if not (instance.has_config_drive or self._settings.compute.config_drive):
            return None
        drive = self._folders.config_drive(instance.id)
        metadata = instances.metadata(self._db, instance.id)
        zone = instance.zone or self._settings.compute.zone
        fresh = drive.with_suffix(".new")  # the old one may be libvirt's, and hold secrets
        fresh.touch(mode=0o600)
        fresh.write_bytes(config_drive.image(instance, metadata=metadata, zone=zone))
        return fresh.replace(drive)

    def _nics(self, instance: Instance) -> tuple[Nic, ...]:
        return tuple(
            Nic(tap=port.tap, mac=port.mac, mtu=networks.get(self._db, port.network_id).mtu)
            for port in ports.of_instance(self._db, instance.id)
        )

    def _volumes(self, instance: Instance) -> tuple[VolumeDisk, ...]:
        return tuple(
            self.volume_disk(volume)
            for volume in volumes.of_instance(self._db, instance.id)
            if volume.status in (VolumeStatus.ATTACHING, VolumeStatus.IN_USE)
        )


def _facts(instance: Instance) -> dict[str, str]:
    """What a person who reads the domain's XML wants to know of it."""
    return {
        "name": instance.name,
        "project": instance.project_id,
        "user": instance.user_id,
        "flavor": instance.flavor_name,
        "image": instance.image_id or "",
        "created": instance.created_at,
    }
