"""The work on one host: each verb takes a claimed row, looks at the guest, changes it, and advances
the row. Knows no message and no libvirt.
"""

import contextlib
import logging
from collections.abc import Callable

from appliance import clock, config, errors, queue, trace
from appliance.db import claims, connection, instances
from appliance.model.instance import Instance
from appliance.model.states import Event, PowerState
from services.compute import console
from services.compute.builder import Builder
from services.compute.driver import ComputeDriver
from services.compute.folders import Folders

log = logging.getLogger(__name__)


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

    def spawn(self, instance: Instance) -> None:
        """Have the guest of a new instance run.

        A crash before the row advances leaves a guest, or a part of one, that the next try finds.
        """
        if instance.attempts > 1:
            self._wire()  # the try before may have been before the host's reboot
        spec = self._builder.spec(instance)
        with self._hop("spawn", instance) as span:
            self._driver.spawn(spec)
            span.note(domain=spec.name, vcpus=spec.vcpus, memory_mib=spec.memory_mib)
        self._advance(
            instance, Event.SPAWNED, launched_at=clock.stamp(), power_state=PowerState.RUNNING
        )

    def spawn_failed(self, instance: Instance, error: Exception) -> None:
        """Leave nothing of the guest, and say why in a fault; then its network is taken away."""
        try:
            self._remove(instance)
        except errors.HostError as late:
            log.warning("instance %s: left for the sweep to remove: %s", instance.id, late)
        self._fail(instance, Event.FAILED, error)
        self._topics.ring(self._network, "release", instance.id)

    def terminate(self, instance: Instance) -> None:
        """Take guest and files away; then the network follows."""
        self._remove(instance)
        self._advance(instance, Event.DESTROYED)
        self._topics.ring(self._network, "release", instance.id)

    def power_off(self, instance: Instance) -> None:
        """Ask the guest to shut down, and switch it off when it does not."""
        with self._hop("stop", instance):
            self._driver.stop(instance.id, timeout_s=self._settings.compute.stop_timeout_s)
        self._advance(instance, Event.STOPPED, power_state=PowerState.SHUTDOWN)

    def power_on(self, instance: Instance) -> None:
        """Have the guest run again, its network first: the host may have been rebooted."""
        self._wire()
        with self._hop("start", instance):
            self._start(instance)
        self._advance(instance, Event.STARTED, power_state=PowerState.RUNNING)

    def reboot(self, instance: Instance, *, hard: bool) -> None:
        """Shut down and start; a guest that is off, or whose domain is gone, is started."""
        with self._hop("reboot", instance) as span:
            span.note(hard=hard)
            timeout_s = 0.0 if hard else self._settings.compute.stop_timeout_s
            self._driver.stop(instance.id, timeout_s=timeout_s)
            self._start(instance)
        self._advance(instance, Event.REBOOTED, power_state=PowerState.RUNNING)

    def broken(self, instance: Instance, error: Exception) -> None:
        """A stop, start or reboot failed for good: ERROR, with the reason."""
        self._fail(instance, Event.BROKEN, error)

    def still_deleting(self, instance: Instance, error: Exception) -> None:
        """A delete is never given up: the reason is kept, and tried again when the claim ends."""
        with self._db.transaction() as tx:
            claims.keep_trying(tx, instances.TABLE, instance.id)
            known = instances.fault(tx, instance.id)
            if known is None or known.message != str(error):
                instances.add_fault(tx, instance.id, error, details=_details(error))

    def console_output(self, instance_id: str) -> str:
        """The tail of what the guest printed, up to 1 MiB. Raises NotFound."""
        instance = instances.get(self._db, instance_id)
        log_file = self._folders.console_log(instance.id)
        return console.tail(log_file)

    @property
    def _network(self) -> str:
        return f"network.{self._settings.host}"

    def _start(self, instance: Instance) -> None:
        if self._driver.power_state(instance.id) is PowerState.NOSTATE:
            self._driver.spawn(self._builder.spec(instance))
        else:
            self._driver.start(instance.id)

    def _remove(self, instance: Instance) -> None:
        with self._hop("destroy", instance):
            self._driver.destroy(instance.id)
        self._folders.remove(instance.id)

    def _advance(self, instance: Instance, event: Event, **columns: object) -> None:
        with self._db.transaction() as tx:
            now = instances.advance(tx, instance, event, **columns)
        log.info("instance %s: %s, now %s", instance.id, event, now.state)

    def _fail(self, instance: Instance, event: Event, error: Exception) -> None:
        with self._db.transaction() as tx:
            instances.advance(tx, instance, event)
            instances.add_fault(tx, instance.id, error, details=_details(error))

    @staticmethod
    def _hop(verb: str, instance: Instance) -> contextlib.AbstractContextManager[trace.Span]:
        return trace.hop("driver", verb, target="libvirt", instance=instance.id)


def _details(error: Exception) -> str:
    """What was tried, a line a thing, for the fault row."""
    tried = error.tried if isinstance(error, errors.HostError) else {}
    return "\n".join(f"{what}: {value}" for what, value in tried.items())
