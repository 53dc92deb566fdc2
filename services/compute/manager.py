"""The work on one host: each verb takes a claimed row, looks at the guest, changes it, and advances
the row. Knows no message and no libvirt.
"""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Final

from appliance import clock, config, errors, queue, trace
from appliance.db import claims, connection, instances, volumes
from appliance.ids import InstanceId
from appliance.model.instance import Instance
from appliance.model.states import Event, PowerState
from appliance.model.volume import Volume
from appliance.model.volume_states import VolumeEvent, VolumeStatus
from services.compute import console
from services.compute.builder import Builder
from services.compute.driver import ON, ComputeDriver
from services.compute.folders import Folders

log = logging.getLogger(__name__)

_LOCKS: Final = 64  # two guests that share one only wait a little longer


class Manager:
    """Brings guests and rows together.

    `wire` has the host's network worker make every tap that belongs here, and returns when they
    are there; it raises Unavailable when that worker does not answer.
    """

    def __init__(
        self,
        *,
        settings: config.Settings,
        db: connection.Database,
        topics: queue.Queue,
        driver: ComputeDriver,
        builder: Builder,
        folders: Folders,
        wire: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._db = db
        self._topics = topics
        self._driver = driver
        self._builder = builder
        self._folders = folders
        self._wire = wire
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))

    def spawn(self, instance: Instance) -> None:
        """Have the guest of a new instance run.

        A crash before the row advances leaves a guest, or a part of one, that the next try finds.
        """
        if instance.attempts > 1:
            self._wire()  # the try before may have been before the host's reboot
        spec = self._builder.spec(instance)
        with self._hop("spawn", instance.id) as span:
            self._driver.spawn(spec)
            span.note(domain=spec.name, vcpus=spec.vcpus, memory_mib=spec.memory_mib)
        now = clock.stamp()
        with self._db.transaction() as tx:
            instances.advance(
                tx, instance, Event.SPAWNED, launched_at=now, power_state=PowerState.RUNNING
            )
            for volume in volumes.of_instance(tx, instance.id):
                if volume.status is VolumeStatus.ATTACHING:
                    volumes.advance(tx, volume, VolumeEvent.ATTACHED, attached_at=now)
        log.info("instance %s: spawned with %d volumes", instance.id, len(spec.volumes))

    def spawn_failed(self, instance: Instance, error: Exception) -> None:
        """Leave nothing of the guest, and say why in a fault; network and exports go next."""
        try:
            self._remove(instance)
        except errors.HostError as late:
            log.warning("instance %s: left for the sweep to remove: %s", instance.id, late)
        with self._db.transaction() as tx:
            _fail(tx, instance, Event.FAILED, error)
            had = volumes.let_go(tx, instance.id)
        self._release(instance, had)

    def terminate(self, instance: Instance) -> None:
        """Take guest and files away; then network and exports follow."""
        self._remove(instance)
        with self._db.transaction() as tx:
            instances.advance(tx, instance, Event.DESTROYED)
            had = volumes.let_go(tx, instance.id)
        self._release(instance, had)

    def power_off(self, instance: Instance) -> None:
        """Ask the guest to shut down, and switch it off when it does not."""
        with self._alone(instance.id), self._hop("stop", instance.id):
            self._driver.stop(instance.id, timeout_s=self._settings.compute.stop_timeout_s)
        self._advance(instance, Event.STOPPED, power_state=PowerState.SHUTDOWN)

    def power_on(self, instance: Instance) -> None:
        """Have the guest run again, its network first: the host may have been rebooted."""
        self._wire()
        with self._alone(instance.id), self._hop("start", instance.id):
            self._start(instance)
        self._advance(instance, Event.STARTED, power_state=PowerState.RUNNING)

    def reboot(self, instance: Instance, *, hard: bool) -> None:
        """Shut down and start; a guest that is off, or whose domain is gone, is started."""
        with self._alone(instance.id), self._hop("reboot", instance.id) as span:
            span.note(hard=hard)
            timeout_s = 0.0 if hard else self._settings.compute.stop_timeout_s
            self._driver.stop(instance.id, timeout_s=timeout_s)
            self._start(instance)
        self._advance(instance, Event.REBOOTED, power_state=PowerState.RUNNING)

    def broken(self, instance: Instance, error: Exception) -> None:
        """A stop, start or reboot failed for good: ERROR, with the reason."""
        with self._db.transaction() as tx:
            _fail(tx, instance, Event.BROKEN, error)

    def still_deleting(self, instance: Instance, error: Exception) -> None:
        """A delete is never given up: the reason is kept, and tried again when the claim ends."""
        with self._db.transaction() as tx:
            claims.keep_trying(tx, instances.TABLE, instance.id)
            known = instances.fault(tx, instance.id)
            if known is None or known.message != str(error):
                instances.add_fault(tx, instance.id, error, details=_details(error))

    def attach(self, volume: Volume) -> None:
        """Have the instance's guest get the volume, whose export is there.

        While the instance has a task nothing happens: a guest in build gets its volumes by
        `spawn`, and the sweep rings this step again when the task is done.
        """
        instance_id = _instance_id(volume)
        with self._alone(instance_id):
            if instances.get(self._db, instance_id).task_state is not None:
                with self._db.transaction() as tx:
                    claims.keep_trying(tx, volumes.TABLE, volume.id)
                return
            self._plug(instance_id, volume)
            with self._db.transaction() as tx:
                volumes.advance(tx, volume, VolumeEvent.ATTACHED, attached_at=clock.stamp())
        log.info("volume %s: attached to instance %s", volume.id, instance_id)

    def attach_failed(self, volume: Volume, error: Exception) -> None:
        """Leave the guest without the volume, and say why; then its export is withdrawn."""
        try:
            self._driver.detach(_instance_id(volume), volume.id, timeout_s=0.0)
        except errors.HypervisorError as late:
            log.warning("volume %s: %s", volume.id, late)
        self._unplugged(volume, reason=str(error))

    def detach(self, volume: Volume) -> None:
        """Have the guest let go of the volume; then its export is withdrawn."""
        instance_id = _instance_id(volume)
        with self._alone(instance_id), self._hop("detach", instance_id, volume=volume.id):
            timeout_s = self._settings.volume.detach_timeout_s
            self._driver.detach(instance_id, volume.id, timeout_s=timeout_s)
        self._unplugged(volume, reason="")
        log.info("volume %s: detached from instance %s", volume.id, instance_id)

    def detach_failed(self, volume: Volume, error: Exception) -> None:
        """The guest holds on to it: it stays attached, with the reason."""
        with self._db.transaction() as tx:
            volumes.advance(tx, volume, VolumeEvent.STILL_ATTACHED, reason=str(error))

    def console_output(self, instance_id: str) -> str:
        """The tail of what the guest printed, up to 1 MiB. Raises NotFound."""
        instance = instances.get(self._db, instance_id)
        log_file = self._folders.console_log(instance.id)
        return console.tail(log_file)

    def _alone(self, instance_id: str) -> threading.Lock:
        """One step on a guest at a time: a start makes it of rows that an attach may change."""
        return self._locks[hash(instance_id) % _LOCKS]

    def _start(self, instance: Instance) -> None:
        """Have the guest run: one that is off is made anew, with the volumes that rows say."""
        if self._driver.power_state(instance.id) in ON:
            self._driver.resume(instance.id)
        else:
            self._driver.spawn(self._builder.spec(instance))

    def _plug(self, instance_id: InstanceId, volume: Volume) -> None:
        if self._driver.power_state(instance_id) is PowerState.NOSTATE:
            return  # its next start makes it of rows
        disk = self._builder.volume_disk(volume)
        with self._hop("attach", instance_id, volume=volume.id) as span:
            self._driver.attach(instance_id, disk)
            span.note(device=disk.device, export=str(disk.target))

    def _unplugged(self, volume: Volume, *, reason: str) -> None:
        with self._db.transaction() as tx:
            volumes.advance(tx, volume, VolumeEvent.UNPLUGGED, reason=reason)
        self._topics.ring(f"volume.{volume.host}", "withdraw", volume.id)

    def _remove(self, instance: Instance) -> None:
        with self._hop("destroy", instance.id):
            self._driver.destroy(instance.id)
        self._folders.remove(instance.id)

    def _release(self, instance: Instance, had: Iterable[Volume]) -> None:
        self._topics.ring(f"network.{self._settings.host}", "release", instance.id)
        for volume in had:
            self._topics.ring(f"volume.{volume.host}", "withdraw", volume.id)

    def _advance(self, instance: Instance, event: Event, **columns: object) -> None:
        with self._db.transaction() as tx:
            now = instances.advance(tx, instance, event, **columns)
        log.info("instance %s: %s, now %s", instance.id, event, now.state)

    @staticmethod
    def _hop(
        verb: str, instance_id: str, **detail: str
    ) -> contextlib.AbstractContextManager[trace.Span]:
        return trace.hop("driver", verb, target="libvirt", instance=instance_id, **detail)


def _fail(tx: connection.Transaction, instance: Instance, event: Event, error: Exception) -> None:
    instances.advance(tx, instance, event)
    instances.add_fault(tx, instance.id, error, details=_details(error))


def _instance_id(volume: Volume) -> InstanceId:
    if volume.instance_id is None:
        raise errors.Conflict(f"volume {volume.id} is {volume.state} and no instance's")
    return volume.instance_id


def _details(error: Exception) -> str:
    """What was tried, a line a thing, for the fault row."""
    tried = error.tried if isinstance(error, errors.HostError) else {}
    return "\n".join(f"{what}: {value}" for what, value in tried.items())
