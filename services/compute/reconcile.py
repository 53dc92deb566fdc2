"""The worker's regular look at its host: rows that guests contradict, and what no row knows.

Nova's `_sync_power_states` and `_cleanup_running_deleted_instances`. It changes only rows without
a task: those with one belong to the step that is due.
"""

import contextlib
import logging
from collections.abc import Iterator, Mapping

from appliance import config, context, errors, queue, trace
from appliance.db import connection, hosts, instances, stateful
from appliance.ids import InstanceId
from appliance.model.instance import Instance
from appliance.model.states import Event, PowerState, TaskState, VmState
from services.compute import console
from services.compute.builder import Builder
from services.compute.driver import ON, ComputeDriver
from services.compute.folders import Folders

log = logging.getLogger(__name__)


class Reconciler:
    """Looks at one host. `boot_id` names the host's present boot."""

    def __init__(
        self,
        *,
        settings: config.Settings,
        db: connection.Database,
        topics: queue.Queue,
        driver: ComputeDriver,
        builder: Builder,
        folders: Folders,
        boot_id: str,
    ) -> None:
        self._settings = settings
        self._db = db
        self._topics = topics
        self._driver = driver
        self._builder = builder
        self._folders = folders
        self._boot_id = boot_id
        self._is_reported = False
        self._strangers: set[InstanceId] = set()

    def look(self) -> None:
        """One round. Raises HypervisorError when the hypervisor does not answer: then this host
        does not report in either, and gets no instances.
        """
        rows = instances.on_host(self._db, self._settings.host)
        states = self._driver.guests()  # after the rows: what changed since is seen by the swap
        self._report()
        if not self._is_same_boot():
            self._start_what_ran(rows, states)
            return
        for row in rows:
            if row.task_state is None:
                self._compare(row, states.get(row.id, PowerState.NOSTATE))
            console.trim(self._folders.console_log(row.id))
        self._remove_strangers(set(states) | self._folders.kept())
        self._builder.drop_unused_images(rows)

    def _report(self) -> None:
        if self._is_reported:
            with self._db.transaction() as tx:
                hosts.seen(tx, self._settings.host)
            return
        has = self._driver.resources()
        with self._db.transaction() as tx:
            hosts.report(
                tx,
                self._settings.host,
                zone=self._settings.compute.zone,
                vcpus=has.vcpus,
                memory_mib=max(0, has.memory_mib - self._settings.compute.reserved_memory_mib),
                disk_gib=has.disk_gib,
                hypervisor=f"{has.hypervisor_type} {_version(has.hypervisor_version)}",
                virt_type=has.virt_type,
            )
        self._is_reported = True

    def _is_same_boot(self) -> bool:
        mark = self._folders.boot_mark
        return mark.exists() and mark.read_text() == self._boot_id

    def _start_what_ran(
        self, rows: list[Instance], states: Mapping[InstanceId, PowerState]
    ) -> None:
        """After the host came back, or the cloud went up again: what was ACTIVE runs again.

        The mark is written last; a crash before it has the next round do the rest.
        """
        for row in rows:
            is_off = states.get(row.id) not in ON
            if is_off and row.vm_state is VmState.ACTIVE and row.task_state is None:
                with _on_behalf_of(row):
                    self._resume(row)
        mark = self._folders.boot_mark
        mark.parent.mkdir(parents=True, exist_ok=True)
        fresh = mark.with_suffix(".new")
        fresh.write_text(self._boot_id)
        fresh.replace(mark)

    def _resume(self, row: Instance) -> None:
        with contextlib.suppress(errors.Superseded), self._db.transaction() as tx:
            instances.advance(tx, row, Event.BOOTED)
        self._topics.ring(f"compute.{self._settings.host}", "power_on", row.id)

    def _compare(self, row: Instance, state: PowerState) -> None:
        if row.vm_state is VmState.ACTIVE and state not in ON:
            event = Event.FOUND_OFF
        elif row.vm_state is VmState.STOPPED and state in ON:
            event = Event.FOUND_ON
        else:
            self._note(row, state)
            return
        with (
            _on_behalf_of(row),
            contextlib.suppress(errors.Superseded),
            self._db.transaction() as tx,
        ):
            # unchanged since before the guest was looked at: no reboot came and went meanwhile
            if instances.get(tx, row.id).updated_at == row.updated_at:
                log.warning("instance %s: %s, and its guest is %s", row.id, row.state, state.name)
                instances.advance(tx, row, event, power_state=int(state))

    def _note(self, row: Instance, state: PowerState) -> None:
        if row.power_state != state:
            with self._db.transaction() as tx:
                instances.set_power_state(tx, row.id, state)

    def _remove_strangers(self, found: set[InstanceId]) -> None:
        """Remove domains and files of instances that are not to be here.

        Only those seen in two rounds: a row that changes just now has its own step at work.
        """
        strangers = {instance_id for instance_id in found if not self._belongs(instance_id)}
        for instance_id in strangers & self._strangers:
            token = context.current.set(context.RequestContext(is_system=True))
            try:
                log.warning("instance %s: no row wants it here; domain and files go", instance_id)
                with trace.hop("driver", "remove stranger", target="libvirt", instance=instance_id):
                    self._driver.destroy(instance_id)
                    self._folders.remove(instance_id)
            finally:
                context.current.reset(token)
        self._strangers = strangers

    def _belongs(self, instance_id: InstanceId) -> bool:
        try:
            row = instances.get(self._db, instance_id)
        except errors.NotFound:
            return False
        failed_launch = (
            row.vm_state is VmState.ERROR
            and row.launched_at is None
            and row.task_state in (None, TaskState.NETWORKING)
        )
        return row.host == self._settings.host and not (row.deleted_at or failed_launch)


@contextlib.contextmanager
def _on_behalf_of(row: Instance) -> Iterator[None]:
    """What is found out about an instance belongs to its last request."""
    token = context.current.set(stateful.resume(row))
    try:
        yield
    finally:
        context.current.reset(token)


def _version(number: int) -> str:
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
