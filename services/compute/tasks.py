"""What the queue may ask of a compute host: one function a step, which may run twice."""

from collections.abc import Callable, Iterator

from appliance import queue
from appliance.db import instances, stateful, volumes
from appliance.model.instance import Instance
from appliance.model.states import TaskState
from appliance.model.volume import Volume
from appliance.model.volume_states import AttachStatus, VolumeState, VolumeStatus
from appliance.worker import Worker
from services.compute.manager import Manager

_STEP_BY_TASK = {
    TaskState.SPAWNING: "spawn",
    TaskState.DELETING: "terminate",
    TaskState.POWERING_OFF: "power_off",
    TaskState.POWERING_ON: "power_on",
    TaskState.REBOOTING: "reboot",
    TaskState.REBOOTING_HARD: "reboot",
}
_PLUG = VolumeState(VolumeStatus.ATTACHING)
_UNPLUG = VolumeState(VolumeStatus.DETACHING, AttachStatus.ATTACHED)


def steps(worker: Worker, manager: Manager) -> dict[str, queue.Step]:
    """Step name to function of the instance's id; of the volume's for `attach` and `detach`."""

    def step(
        *tasks: TaskState,
        work: Callable[[Instance], None],
        give_up: Callable[[Instance, Exception], None],
    ) -> queue.Step:
        return lambda instance_id: worker.claims.step(
            instances, instance_id, *tasks, work=work, give_up=give_up
        )

    def plug(
        state: VolumeState,
        *,
        work: Callable[[Volume], None],
        give_up: Callable[[Volume, Exception], None],
    ) -> queue.Step:
        return lambda volume_id: worker.claims.step(
            volumes, volume_id, state, work=work, give_up=give_up
        )

    def reboot(instance: Instance) -> None:
        manager.reboot(instance, hard=instance.task_state is TaskState.REBOOTING_HARD)

    return {
        "spawn": step(TaskState.SPAWNING, work=manager.spawn, give_up=manager.spawn_failed),
        "terminate": step(
            TaskState.DELETING, work=manager.terminate, give_up=manager.still_deleting
        ),
        "power_off": step(TaskState.POWERING_OFF, work=manager.power_off, give_up=manager.broken),
        "power_on": step(TaskState.POWERING_ON, work=manager.power_on, give_up=manager.broken),
        "reboot": step(
            TaskState.REBOOTING, TaskState.REBOOTING_HARD, work=reboot, give_up=manager.broken
        ),
        "attach": plug(_PLUG, work=manager.attach, give_up=manager.attach_failed),
        "detach": plug(_UNPLUG, work=manager.detach, give_up=manager.detach_failed),
        "console_output": manager.console_output,
    }


def due(worker: Worker) -> Iterator[queue.Due]:
    """Instances of this host with a task that is ours, and volumes to plug, that nobody holds."""
    for instance in instances.unfinished(worker.db, _STEP_BY_TASK, host=worker.settings.host):
        if instance.task_state:
            yield _STEP_BY_TASK[instance.task_state], instance.id, stateful.resume(instance)
    for volume in volumes.to_plug(worker.db, worker.settings.host):
        step = "attach" if volume.state == _PLUG else "detach"
        yield step, volume.id, stateful.resume(volume)
