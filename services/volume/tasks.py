"""What the queue may ask of a volume host: one function a step, which may run twice.

What is due is the row's to say: a message that comes late goes on with what the row is about now.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from appliance import queue
from appliance.db import instances, snapshots, stateful, volumes
from appliance.model.states import TaskState
from appliance.model.volume import Snapshot, Volume
from appliance.model.volume_states import SnapshotStatus, VolumeState, VolumeStatus
from appliance.worker import Worker
from services.volume import owners
from services.volume.attachments import Attachments
from services.volume.manager import Manager
from services.volume.trash import Trash

_STEP_BY_STATUS: Final = {
    VolumeStatus.CREATING: "create",
    VolumeStatus.DOWNLOADING: "create",
    VolumeStatus.DELETING: "delete",
    VolumeStatus.EXTENDING: "extend",
    VolumeStatus.RESERVED: "export",
    VolumeStatus.DETACHING: "withdraw",
}
_DUE: Final = tuple(VolumeState(status) for status in _STEP_BY_STATUS)
_STEP_BY_SNAPSHOT_STATUS: Final = {
    SnapshotStatus.CREATING: "snapshot",
    SnapshotStatus.DELETING: "delete_snapshot",
}


@dataclass(frozen=True, slots=True)
class _Volume:
    """How a step on a volume is done, and given up."""

    work: Callable[[Volume], None]
    give_up: Callable[[Volume, Exception], None]


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """How a step on a snapshot is done, and given up."""

    work: Callable[[Snapshot], None]
    give_up: Callable[[Snapshot, Exception], None]


def steps(
    worker: Worker, manager: Manager, attachments: Attachments, trash: Trash
) -> dict[str, queue.Step]:
    """Step name to function of the volume's id; of a snapshot's, or of an instance's for `map`."""

    def again(volume: Volume) -> Volume:
        return volumes.get(worker.db, volume.id)

    def again_snapshot(snapshot: Snapshot) -> Snapshot:
        return snapshots.get(worker.db, snapshot.id)

    of_volume = {
        "create": _Volume(trash.making_room(manager.create, again), manager.create_failed),
        "delete": _Volume(manager.delete, manager.delete_failed),
        "extend": _Volume(trash.making_room(manager.extend, again), manager.extend_failed),
        "export": _Volume(attachments.export, attachments.export_failed),
        "withdraw": _Volume(attachments.withdraw, attachments.still_withdrawing),
    }
    of_snapshot = {
        "snapshot": _Snapshot(
            trash.making_room(manager.snapshot, again_snapshot), manager.snapshot_failed
        ),
        "delete_snapshot": _Snapshot(manager.delete_snapshot, manager.delete_snapshot_failed),
    }

    def volume(volume_id: str) -> None:
        worker.claims.step(
            volumes, volume_id, *_DUE,
            work=lambda row: of_volume[_STEP_BY_STATUS[row.status]].work(row),
            give_up=lambda row, error: of_volume[_STEP_BY_STATUS[row.status]].give_up(row, error),
        )  # fmt: skip

    def snapshot(snapshot_id: str) -> None:
        worker.claims.step(
            snapshots, snapshot_id, *_STEP_BY_SNAPSHOT_STATUS,
            work=lambda row: of_snapshot[_STEP_BY_SNAPSHOT_STATUS[row.status]].work(row),
            give_up=lambda row, error: (
                of_snapshot[_STEP_BY_SNAPSHOT_STATUS[row.status]].give_up(row, error)
            ),
        )  # fmt: skip

    def map_volumes(instance_id: str) -> None:
        worker.claims.step(
            instances, instance_id, TaskState.BLOCK_DEVICE_MAPPING,
            work=attachments.map, give_up=attachments.map_failed,
        )  # fmt: skip

    return (
        dict.fromkeys(of_volume, volume)
        | dict.fromkeys(of_snapshot, snapshot)
        | {"map": map_volumes}
    )


def due(worker: Worker, attachments: Attachments) -> Iterator[queue.Due]:
    """Volumes, snapshots and instances of this host that wait for us and that nobody holds."""
    db, host = worker.db, worker.settings.host
    for volume in volumes.unfinished(db, _DUE, host=host):
        step = _STEP_BY_STATUS[volume.status]
        # such a one waits for its instance to fail
        if step != "withdraw" or not owners.is_in_build(owners.find(db, volume.instance_id)):
            yield step, volume.id, stateful.resume(volume)
    for snapshot in snapshots.unfinished(db, _STEP_BY_SNAPSHOT_STATUS, host=host):
        yield _STEP_BY_SNAPSHOT_STATUS[snapshot.status], snapshot.id, stateful.resume(snapshot)
    for instance in instances.unfinished(db, [TaskState.BLOCK_DEVICE_MAPPING], host=host):
        if attachments.is_decided(instance):
            yield "map", instance.id, stateful.resume(instance)
