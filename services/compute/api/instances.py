"""Instances: what a request may ask of them."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from appliance import clock, context, errors, policy
from appliance import queue as topics
from appliance.db import (
    connection,
    hosts,
    instances,
    journal,
    metadata,
    networks,
    pages,
    ports,
    security_groups,
    volumes,
)
from appliance.model import states
from appliance.model.instance import Fault, Instance
from appliance.model.journal import Inverse
from appliance.model.network import Port
from appliance.model.security_group import SecurityGroup
from appliance.model.volume import Volume
from appliance.model.volume_states import VolumeStatus
from services.compute.api import launch
from services.compute.api.block_devices import NewVolume
from services.compute.api.run_request import RunRequest

DELETED_KEPT_S: Final = 3600  # how long a deleted one is still shown, as AWS does


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What stands beside an instance's own row."""

    ports: tuple[Port, ...]
    network_name_by_id: Mapping[str, str]
    groups: tuple[SecurityGroup, ...]
    metadata: Mapping[str, str]
    fault: Fault | None
    volumes: tuple[Volume, ...]  # that it has or is to have
    zone: str  # of its host, or the one asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Instances:
    """The verbs; may be used by many threads. `new_volume` makes those that a launch asks for."""

    db: connection.Database
    queue: topics.Queue
    new_volume: NewVolume

    def run(self, ctx: context.RequestContext, request: RunRequest) -> list[Instance]:
        """Write the instances asked for and wake the scheduler: a promise, nothing runs yet.

        Raises BadRequest, Conflict or OverQuota with nothing left behind.
        """
        policy.check(ctx, "os_compute_api:servers:create")
        with self.db.transaction() as tx:
            made = launch.write(tx, ctx, request, new_volume=self.new_volume)
            for instance in made:
                journal.note_of(tx, ctx, "instance.create", instance)
        for instance in made:
            self.queue.ring("scheduler", "select_host", instance.id)
            for volume in volumes.of_instance(self.db, instance.id):
                is_new = volume.status is VolumeStatus.CREATING
                self._ring(volume, "create" if is_new else "export")
        return made

    def _ring(self, volume: Volume, step: str) -> None:
        self.queue.ring(f"volume.{volume.host}", step, volume.id)

    def get(self, ctx: context.RequestContext, instance_id: str) -> Instance:
        """The instance, if the caller may see it. Raises NotFound."""
        policy.check(ctx, "os_compute_api:servers:show")
        return instances.get_visible(self.db, instance_id, ctx)

    def page(
        self,
        ctx: context.RequestContext,
        *,
        keep: Callable[[Instance], bool] = lambda _: True,
        is_all_projects: bool = False,
        marker: str | None = None,
        limit: int = 1000,
    ) -> list[Instance]:
        """At most `limit` instances that `keep` keeps, newest first, those after id `marker`.

        Raises BadRequest when there is no such marker.
        """
        policy.check(ctx, "os_compute_api:servers:index")
        if is_all_projects:
            policy.check(ctx, "os_compute_api:servers:index:get_all_tenants")
        project_id = None if is_all_projects else ctx.project_id
        found = pages.each(instances.of_project, self.db, project_id, marker=marker)
        return list(itertools.islice(filter(keep, found), limit))

    def deleted_lately(self, ctx: context.RequestContext) -> list[Instance]:
        """The project's instances that are gone since an hour or less, the last one first."""
        policy.check(ctx, "os_compute_api:servers:index")
        since = clock.stamp(clock.now() - DELETED_KEPT_S)
        return instances.recently_deleted(self.db, ctx.project_id, since=since)

    def details(self, instance: Instance) -> Details:
        """Interfaces, groups, metadata, fault and volumes of an instance that was shown."""
        found = tuple(ports.of_instance(self.db, instance.id))
        group_ids = dict.fromkeys(one for port in found for one in port.security_group_ids)
        return Details(
            ports=found,
            network_name_by_id={
                port.network_id: networks.get(self.db, port.network_id).name for port in found
            },
            groups=tuple(security_groups.get(self.db, one) for one in group_ids),
            metadata=instances.metadata(self.db, instance.id),
            fault=instances.fault(self.db, instance.id),
            volumes=tuple(volumes.of_instance(self.db, instance.id)),
            zone=hosts.zone(self.db, instance.host) if instance.host else instance.zone,
        )

    def delete(self, ctx: context.RequestContext, *instance_ids: str) -> None:
        """Delete instances, all or none; one that has no host yet is gone at once.

        May be asked twice. Raises NotFound.
        """
        policy.check(ctx, "os_compute_api:servers:delete")
        with self.db.transaction() as tx:
            gone = [_delete(tx, ctx, instance_id) for instance_id in instance_ids]
        for instance, had in gone:
            if instance.host:
                self.queue.ring(f"compute.{instance.host}", "terminate", instance.id)
            for volume in had:
                self._ring(volume, "withdraw")

    def start(self, ctx: context.RequestContext, *instance_ids: str) -> None:
        """Start stopped instances, all or none. Raises Conflict for any other state."""
        policy.check(ctx, "os_compute_api:servers:start")
        self._do(ctx, instance_ids, event=states.Event.START, step="power_on", back="stop")

    def stop(self, ctx: context.RequestContext, *instance_ids: str) -> None:
        """Shut active instances down, all or none. Raises Conflict for any other state."""
        policy.check(ctx, "os_compute_api:servers:stop")
        self._do(ctx, instance_ids, event=states.Event.STOP, step="power_off", back="start")

    def reboot(self, ctx: context.RequestContext, *instance_ids: str, is_hard: bool) -> None:
        """Ask guests to reboot, or switch them off and on; all or none. Raises Conflict."""
        policy.check(ctx, "os_compute_api:servers:reboot")
        event = states.Event.REBOOT_HARD if is_hard else states.Event.REBOOT
        self._do(ctx, instance_ids, event=event, step="reboot")

    def _do(
        self,
        ctx: context.RequestContext,
        instance_ids: Iterable[str],
        *,
        event: states.Event,
        step: str,
        back: str = "",
    ) -> None:
        """Let `event` happen to all; `back` is the verb that takes it back, if any does."""
        word = "reboot" if step == "reboot" else str(event)
        with self.db.transaction() as tx:
            found = [instances.get_visible(tx, one, ctx) for one in instance_ids]
            for instance in found:
                if instance.host is None:
                    raise errors.Conflict(f"Instance {instance.id} is not ready")
                instances.advance(tx, instance, event)
                args = {"instance_id": instance.id}
                inverse = Inverse(verb=f"instance.{back}", args=args) if back else None
                journal.note_of(tx, ctx, f"instance.{word}", instance, inverse)
        for instance in found:
            self.queue.ring(f"compute.{instance.host}", step, instance.id)

    def rename(self, ctx: context.RequestContext, instance_id: str, name: str) -> Instance:
        """Give the instance another name; the guest is not told."""
        policy.check(ctx, "os_compute_api:servers:update")
        with self.db.transaction() as tx:
            instance = instances.get_visible(tx, instance_id, ctx)
            args = {"instance_id": instance_id, "name": instance.name}
            journal.note_of(
                tx, ctx, "instance.rename", instance, Inverse(verb="instance.rename", args=args)
            )
            instances.rename(tx, instance_id, name)
            return instances.get(tx, instance_id)

    def set_metadata(
        self,
        ctx: context.RequestContext,
        instance_id: str,
        pairs: Mapping[str, str],
        *,
        is_whole: bool = False,
    ) -> dict[str, str]:
        """Add `pairs` to the instance's metadata, or let them replace it; what it is then."""
        policy.check(ctx, "os_compute_api:server-metadata:create")
        with self.db.transaction() as tx:
            _note_metadata(tx, ctx, instances.get_visible(tx, instance_id, ctx))
            after = metadata.change(tx, instances.NOUN, instance_id, pairs, is_whole=is_whole)
            launch.check_metadata(tx, ctx.project_id, after)
        return after

    def delete_metadata(self, ctx: context.RequestContext, instance_id: str, key: str) -> None:
        """Take one pair away. Raises NotFound."""
        policy.check(ctx, "os_compute_api:server-metadata:create")
        with self.db.transaction() as tx:
            _note_metadata(tx, ctx, instances.get_visible(tx, instance_id, ctx))
            metadata.delete(tx, instances.NOUN, instance_id, key)

    def console_output(
        self, ctx: context.RequestContext, instance_id: str, *, lines: int | None = None
    ) -> str:
        """The end of the serial console's log: all that its host keeps, or the last `lines`.

        Raises Conflict when it has no host yet, Unavailable when the host does not answer.
        """
        policy.check(ctx, "os_compute_api:os-console-output")
        instance = instances.get_visible(self.db, instance_id, ctx)
        if instance.host is None:
            raise errors.Conflict(f"Instance {instance_id} is not ready")
        text: str = self.queue.call(f"compute.{instance.host}", "console_output", instance_id)
        if lines is None:
            return text
        return "".join(text.splitlines(keepends=True)[-lines:]) if lines else ""


def _delete(
    tx: connection.Transaction, ctx: context.RequestContext, instance_id: str
) -> tuple[Instance, list[Volume]]:
    """The instance that is being deleted now, and the volumes of one that never had a host."""
    instance = instances.get_visible(tx, instance_id, ctx)
    if instance.task_state is not states.TaskState.DELETING:
        journal.note_of(tx, ctx, "instance.delete", instance)
        instance = instances.advance(tx, instance, states.Event.DELETE)
    if instance.host:
        return instance, []
    for port in ports.of_instance(tx, instance_id):
        ports.delete(tx, port.id)
    gone = instances.advance(tx, instance, states.Event.DELETED_UNPLACED)
    return gone, volumes.let_go(tx, instance_id)


def _note_metadata(
    tx: connection.Transaction, ctx: context.RequestContext, instance: Instance
) -> None:
    pairs = instances.metadata(tx, instance.id)
    args = {"instance_id": instance.id, "pairs": pairs, "is_whole": True}
    inverse = Inverse(verb="instance.set_metadata", args=args)
    journal.note_of(tx, ctx, "instance.set_metadata", instance, inverse)
