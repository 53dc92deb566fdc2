"""Instances: describe, start, stop, reboot, terminate, console."""

import base64
import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from appliance import clock, context, errors
from appliance.db import connection
from appliance.model.instance import Instance
from services.api.ec2 import instance_states, instance_views, listing, names, tags
from services.api.ec2.actions import Action, Call
from services.api.ec2.instance_states import PENDING, RUNNING, STOPPED, STOPPING
from services.compute.api import instances

Json = dict[str, Any]

# a filter's name → where it looks in an instance's view
_PATHS: Final = {
    "architecture": "Architecture",
    "availability-zone": "Placement.AvailabilityZone",
    "block-device-mapping.device-name": "BlockDeviceMappings.DeviceName",
    "block-device-mapping.status": "BlockDeviceMappings.Ebs.Status",
    "block-device-mapping.volume-id": "BlockDeviceMappings.Ebs.VolumeId",
    "dns-name": "PublicDnsName",
    "group-id": "SecurityGroups.GroupId",
    "group-name": "SecurityGroups.GroupName",
    "image-id": "ImageId",
    "instance-id": "InstanceId",
    "instance-state-code": "State.Code",
    "instance-state-name": "State.Name",
    "instance-type": "InstanceType",
    "instance.group-id": "SecurityGroups.GroupId",
    "instance.group-name": "SecurityGroups.GroupName",
    "ip-address": "PublicIpAddress",
    "kernel-id": "KernelId",
    "key-name": "KeyName",
    "launch-index": "AmiLaunchIndex",
    "monitoring-state": "Monitoring.State",
    "owner-id": "OwnerId",
    "private-dns-name": "PrivateDnsName",
    "private-ip-address": "PrivateIpAddress",
    "ramdisk-id": "RamdiskId",
    "reservation-id": "ReservationId",
    "root-device-name": "RootDeviceName",
    "root-device-type": "RootDeviceType",
    "state-reason-code": "StateReason.Code",
    "tenancy": "Placement.Tenancy",
    "virtualization-type": "VirtualizationType",
}
_STATUS_PATHS: Final = {
    "availability-zone": "AvailabilityZone",
    "instance-state-code": "InstanceState.Code",
    "instance-state-name": "InstanceState.Name",
    "instance-status.reachability": "InstanceStatus.Details.Status",
    "instance-status.status": "InstanceStatus.Status",
    "system-status.reachability": "SystemStatus.Details.Status",
    "system-status.status": "SystemStatus.Status",
}


class Verb(Protocol):
    """What is done to instances, to all or to none."""

    def __call__(self, ctx: context.RequestContext, /, *instance_ids: str) -> None:
        """Do it. Raises Conflict where one is in no state for it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """The actions, on the verbs of `services.compute.api.instances`."""

    db: connection.Database
    verbs: instances.Instances
    tags: tags.Tags

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {
            "DescribeInstances": self.describe,
            "DescribeInstanceStatus": self.describe_status,
            "StartInstances": self.start,
            "StopInstances": self.stop,
            "RebootInstances": self.reboot,
            "TerminateInstances": self.terminate,
            "GetConsoleOutput": self.console_output,
        }

    def describe(self, call: Call) -> Json:
        """Instances in their reservations; those that are gone since less than an hour too."""
        call.refuse("IncludeManagedResources")
        shown, token = listing.listed(
            call, self._asked(call), functools.partial(self.view, call),
            paths=_PATHS, ids="InstanceIds",
        )  # fmt: skip
        return {"Reservations": instance_views.reservations(shown), "NextToken": token}

    def describe_status(self, call: Call) -> Json:
        """How running instances are; how all are, if asked."""
        is_all = call.values.get("IncludeAllInstances", False)
        rows = [row for row in self._asked(call) if is_all or instance_states.of(row) == RUNNING]
        shown, token = listing.listed(
            call, rows, self._status, paths=_STATUS_PATHS, ids="InstanceIds"
        )
        return {"InstanceStatuses": shown, "NextToken": token}

    def start(self, call: Call) -> Json:
        """Start those that do not run."""
        changes = self._changed(call, self.verbs.start, unless=_is_in(RUNNING, PENDING))
        return {"StartingInstances": changes}

    def stop(self, call: Call) -> Json:
        """Stop those that are not stopped."""
        call.refuse("Hibernate")
        changes = self._changed(call, self.verbs.stop, unless=_is_in(STOPPED, STOPPING))
        return {"StoppingInstances": changes}

    def reboot(self, call: Call) -> Json:
        """Ask the guests to reboot."""
        self._changed(call, functools.partial(self.verbs.reboot, is_hard=False), unless=_is_in())
        return {}

    def terminate(self, call: Call) -> Json:
        """Delete those that are not deleted."""
        changes = self._changed(call, self.verbs.delete, unless=lambda row: bool(row.deleted_at))
        return {"TerminatingInstances": changes}

    def console_output(self, call: Call) -> Json:
        """What is kept of the guest's words; nothing where it has no host, or none any more."""
        (row,) = self._named(call, [call.values["InstanceId"]])
        is_somewhere = row.host and not row.deleted_at
        text = self.verbs.console_output(call.ctx, row.id) if is_somewhere else ""
        return {
            "InstanceId": call.values["InstanceId"],
            "Timestamp": clock.stamp(),
            "Output": base64.b64encode(text.encode()).decode(),
        }

    def view(self, call: Call, row: Instance) -> Json:
        """An instance as answers show it, and the reservation that it is in."""
        return instance_views.instance(
            row,
            self.verbs.details(row),
            name=names.namer(self.db),
            pairs=self.tags.of(call.ctx, [row.id]).get(row.id, {}),
        )

    def _status(self, row: Instance) -> Json:
        zone = self.verbs.details(row).zone
        return instance_views.status(row, name=names.namer(self.db), zone=zone)

    def _asked(self, call: Call) -> list[Instance]:
        """The instances named; all of the project when none is."""
        if call.values.get("InstanceIds"):
            return self._named(call, call.values["InstanceIds"])
        live = self.verbs.page(call.ctx, limit=sys.maxsize)
        seen = {row.id for row in live}  # one may be deleted between the two reads
        return [*live, *(row for row in self.verbs.deleted_lately(call.ctx) if row.id not in seen)]

    def _named(self, call: Call, asked: Iterable[str]) -> list[Instance]:
        """Raises Refused for an id that cannot be, NotFound for one that is not the caller's."""
        wanted = [names.inside(self.db, ec2_id, "instance") for ec2_id in dict.fromkeys(asked)]
        return [self._one(call, each) for each in wanted]

    def _one(self, call: Call, instance_id: str) -> Instance:
        """The live one first: what is deleted meanwhile is then among those that are gone."""
        try:
            return self.verbs.get(call.ctx, instance_id)
        except errors.NotFound:
            for row in self.verbs.deleted_lately(call.ctx):
                if row.id == instance_id:
                    return row
            raise

    def _changed(self, call: Call, verb: Verb, *, unless: Callable[[Instance], bool]) -> list[Json]:
        """Each instance's state before and after `verb`; nothing is done when one cannot be."""
        asked = call.values["InstanceIds"]
        before = self._named(call, asked)
        verb(call.ctx, *(row.id for row in before if not unless(row)))
        name = names.namer(self.db)
        return [
            instance_views.change(was, now, name=name)
            for was, now in zip(before, self._named(call, asked), strict=True)
        ]


def _is_in(*states: instance_states.InstanceState) -> Callable[[Instance], bool]:
    return lambda row: instance_states.of(row) in states
