"""Volumes of an instance: attach, detach, list. The messages of what is refused are Nova's."""

from dataclasses import dataclass
from typing import Final

from appliance import context, errors, ids, policy
from appliance import queue as topics
from appliance.db import connection, instances, journal, volumes
from appliance.model.instance import Instance
from appliance.model.journal import Inverse
from appliance.model.states import VmState
from appliance.model.volume import Volume
from appliance.model.volume_states import VolumeEvent, VolumeStatus
from services.compute import devices

_ATTACHABLE: Final = (VmState.ACTIVE, VmState.PAUSED, VmState.STOPPED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """The verbs; may be used by many threads."""

    db: connection.Database
    queue: topics.Queue

    def of(self, ctx: context.RequestContext, instance_id: str) -> list[Volume]:
        """The volumes that the instance has or is to have. Raises NotFound."""
        policy.check(ctx, "os_compute_api:os-volumes-attachments:index")
        instances.get_visible(self.db, instance_id, ctx)
        return volumes.of_instance(self.db, instance_id)

    def attach(
        self,
        ctx: context.RequestContext,
        instance_id: str,
        volume_id: str,
        *,
        device: str | None = None,
        is_deleted_with_instance: bool = False,
    ) -> Volume:
        """Promise the volume to the instance, as `device` or the next that is free.

        Raises NotFound, BadRequest for a volume that is not available or no path of a device,
        Conflict for an instance that is not ready or a device that is taken.
        """
        policy.check(ctx, "os_compute_api:os-volumes-attachments:create")
        with self.db.transaction() as tx:
            instance = instances.get_visible(tx, instance_id, ctx)
            _check_ready(instance, "attach_volume")
            volume = volumes.get_visible(tx, volume_id, ctx)
            check_available(volume)
            volume = volumes.advance(
                tx, volume, VolumeEvent.RESERVE,
                attachment_id=ids.new_uuid(), instance_id=instance_id,
                device=devices.choose(device, _taken(tx, instance)),
                is_deleted_with_instance=int(is_deleted_with_instance), reason="",
            )  # fmt: skip
            args = {"instance_id": instance_id, "volume_id": volume_id}
            journal.note_of(
                tx, ctx, "volume.attach", volume, Inverse(verb="volume.detach", args=args)
            )
        self.queue.ring(f"volume.{volume.host}", "export", volume_id)
        return volume

    def detach(self, ctx: context.RequestContext, instance_id: str, volume_id: str) -> Volume:
        """Have the guest let go of the volume. It stays attached when the guest does not.

        Raises NotFound (NotAttached when it is not this instance's), BadRequest for the volume
        that the instance boots from or one that is not in use, Conflict for an instance that is
        not ready.
        """
        policy.check(ctx, "os_compute_api:os-volumes-attachments:delete")
        with self.db.transaction() as tx:
            instance = instances.get_visible(tx, instance_id, ctx)
            volume = volumes.get_visible(tx, volume_id, ctx)
            if volume.instance_id != instance.id:
                raise errors.NotAttached(instance_id, volume_id)
            if volume.boot_index == 0:
                raise errors.BadRequest("Cannot detach a root device volume")
            if volume.status is not VolumeStatus.IN_USE:
                raise _wrong_status(volume, VolumeStatus.IN_USE)
            _check_ready(instance, "detach_volume")
            args = {
                "instance_id": instance_id, "volume_id": volume_id, "device": volume.device,
                "is_deleted_with_instance": bool(volume.is_deleted_with_instance),
            }  # fmt: skip
            journal.note_of(
                tx, ctx, "volume.detach", volume, Inverse(verb="volume.attach", args=args)
            )
            volume = volumes.advance(tx, volume, VolumeEvent.DETACH, reason="")
        self.queue.ring(f"compute.{instance.host}", "detach", volume_id)
        return volume


def check_available(volume: Volume) -> None:
    """Raise BadRequest, in Nova's words, for a volume that nobody could attach now."""
    if volume.status is not VolumeStatus.AVAILABLE:
        raise _wrong_status(volume, VolumeStatus.AVAILABLE)


def _wrong_status(volume: Volume, wanted: VolumeStatus) -> errors.BadRequest:
    return errors.BadRequest(
        f"Invalid volume: volume '{volume.id}' status must be '{wanted}'. "
        f"Currently in '{volume.status}' status"
    )


def _check_ready(instance: Instance, action: str) -> None:
    if instance.task_state is not None:
        where, what = "task_state", str(instance.task_state)
    elif instance.vm_state not in _ATTACHABLE:
        where, what = "vm_state", str(instance.vm_state)
    else:
        return
    raise errors.Conflict(f"Cannot '{action}' instance {instance.id} while it is in {where} {what}")


def _taken(tx: connection.Transaction, instance: Instance) -> list[str]:
    """Devices that the instance has: of its volumes, and of the disk it boots from."""
    found = [volume.device for volume in volumes.of_instance(tx, instance.id) if volume.device]
    return [devices.ROOT, *found]
