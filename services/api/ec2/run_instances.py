"""RunInstances: what EC2 asks, as a RunRequest."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from appliance.db import connection
from services.api.ec2 import instance_views, names, refusals, tags
from services.api.ec2.actions import Action, Call
from services.api.ec2.image_names import ImageNames
from services.api.ec2.instances import Instances
from services.compute.api.key_pairs import KeyPairs
from services.compute.api.run_request import BlockDevice, RunRequest
from services.network.api.security_groups import SecurityGroups

Json = dict[str, Any]

TYPE: Final = "m1.small"  # where none is asked for, as EC2 always had it

# what is asked for by these is not here; what asks for nothing (`Enabled=false`) is fine
_UNSUPPORTED: Final = (
    "AdditionalInfo", "CapacityReservationSpecification", "CpuOptions", "CreditSpecification",
    "DisableApiStop", "DisableApiTermination", "EbsOptimized", "ElasticGpuSpecification",
    "ElasticInferenceAccelerators", "EnablePrimaryIpv6", "EnclaveOptions", "HibernationOptions",
    "IamInstanceProfile", "InstanceMarketOptions", "Ipv6AddressCount", "Ipv6Addresses",
    "LaunchTemplate", "LicenseSpecifications", "MaintenanceOptions", "MetadataOptions",
    "NetworkInterfaces", "NetworkPerformanceOptions", "Operator", "PrivateDnsNameOptions",
    "PrivateIpAddress", "SecondaryInterfaces", "SubnetId",
)  # fmt: skip
_ZONES: Final = ("AvailabilityZone", "AvailabilityZoneId")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInstances:
    """The action, on the verbs of `services.compute.api.instances`; others' find what it names."""

    db: connection.Database
    shown: Instances
    images: ImageNames
    key_pairs: KeyPairs
    groups: SecurityGroups
    tags: tags.Tags

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {"RunInstances": self.run}

    def run(self, call: Call) -> Json:
        """Promise instances, as many as there is room for and at least MinCount."""
        _refuse(call)
        volume_tags = tags.specified(call, "volume")
        request = self._request(call)
        made = self.shown.verbs.run(call.ctx, request)
        live = [row for row in made if not row.deleted_at]  # an old token's may be gone
        self.tags.put_specified(call, "instance", [row.id for row in live])
        if volume_tags:
            had = [one.id for row in live for one in self.shown.verbs.details(row).volumes]
            self.tags.put_specified(call, "volume", had)
        return instance_views.reservation([self.shown.view(call, row) for row in made])

    def _request(self, call: Call) -> RunRequest:
        asked = call.values
        if not asked.get("ImageId"):
            raise refusals.missing("ImageId")
        image = self.images.image(call.ctx, asked["ImageId"])
        place = asked.get("Placement", {})
        return RunRequest(
            name=tags.specified(call, "instance").get("Name") or image.name or "instance",
            image_id=image.id,
            flavor=asked.get("InstanceType", TYPE),
            kernel_id=self._boot_image_id(call, "KernelId"),
            ramdisk_id=self._boot_image_id(call, "RamdiskId"),
            block_devices=tuple(self._block_devices(asked.get("BlockDeviceMappings", ()))),
            client_token=asked.get("ClientToken") or None,
            key_name=self._key_name(call),
            security_groups=tuple(self._group_ids(call)),
            user_data=asked.get("UserData") or None,
            zone=place.get("AvailabilityZone") or place.get("AvailabilityZoneId") or "",
            count_min=asked["MinCount"],
            count_max=asked["MaxCount"],
        )

    def _boot_image_id(self, call: Call, member: str) -> str | None:
        text = call.values.get(member)
        return self.images.image(call.ctx, text).id if text else None

    def _key_name(self, call: Call) -> str | None:
        name: str | None = call.values.get("KeyName") or None
        return self.key_pairs.get(call.ctx, name).name if name else None

    def _group_ids(self, call: Call) -> Iterator[str]:
        """The groups named by id and by name. Raises Refused."""
        for ec2_id in call.values.get("SecurityGroupIds", ()):
            yield self.groups.get(call.ctx, names.inside(self.db, ec2_id, "security group")).id
        by_name = {
            group.name: group.id
            for group in self.groups.of_project(call.ctx)
            if group.project_id == call.ctx.project_id
        }
        for name in call.values.get("SecurityGroups", ()):
            if name not in by_name:
                raise refusals.Refused(
                    "InvalidGroup.NotFound", f"The security group '{name}' does not exist"
                )
            yield by_name[name]

    def _block_devices(self, mappings: Sequence[Json]) -> Iterator[BlockDevice]:
        for mapping in mappings:
            if "NoDevice" in mapping:
                continue
            if "Ebs" not in mapping:
                raise _unsupported("a BlockDeviceMapping without Ebs")
            yield self._volume(mapping.get("DeviceName"), mapping["Ebs"])

    def _volume(self, device: str | None, ebs: Json) -> BlockDevice:
        """A volume that is made for the instance, empty or of a snapshot."""
        known = {"DeleteOnTermination", "SnapshotId", "VolumeSize", "VolumeType"}
        for member in sorted(set(ebs) - known):
            if ebs[member]:
                raise _unsupported(f"Ebs.{member}")
        snapshot_id = ebs.get("SnapshotId")
        return BlockDevice(
            source="snapshot" if snapshot_id else "blank",
            source_id=names.inside(self.db, snapshot_id, "snapshot") if snapshot_id else None,
            size_gib=ebs.get("VolumeSize"),
            volume_type=ebs.get("VolumeType"),
            device=device,
            is_deleted_with_instance=ebs.get("DeleteOnTermination", True),
        )


def _refuse(call: Call) -> None:
    """Raise Refused for what would be ignored."""
    call.refuse(*_UNSUPPORTED)
    if call.values.get("Monitoring", {}).get("Enabled"):
        raise _unsupported("Monitoring.Enabled")
    if call.values.get("InstanceInitiatedShutdownBehavior", "stop") != "stop":
        raise _unsupported("InstanceInitiatedShutdownBehavior other than stop")
    for member, value in call.values.get("Placement", {}).items():
        if value and (member, value) != ("Tenancy", "default") and member not in _ZONES:
            raise _unsupported(f"Placement.{member}")


def _unsupported(what: str) -> refusals.Refused:
    return refusals.Refused(
        "UnsupportedOperation", f"RunInstances with {what} is not supported here."
    )
