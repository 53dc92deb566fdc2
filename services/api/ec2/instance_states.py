"""An instance's state in EC2's six words, each with its code.

EC2 has no word for an instance in error: one that never ran is terminated to it, as a launch that
fails is at Amazon's, and one that did is stopped. Why is its state reason.
"""

from dataclasses import dataclass
from typing import Final

from appliance.model.instance import Instance
from appliance.model.states import TaskState, VmState


@dataclass(frozen=True, slots=True)
class InstanceState:
    """A state as EC2 writes it."""

    code: int
    name: str


PENDING: Final = InstanceState(0, "pending")
RUNNING: Final = InstanceState(16, "running")
SHUTTING_DOWN: Final = InstanceState(32, "shutting-down")
TERMINATED: Final = InstanceState(48, "terminated")
STOPPING: Final = InstanceState(64, "stopping")
STOPPED: Final = InstanceState(80, "stopped")

# what is being done comes before what it is
_BY_TASK: Final = {
    TaskState.DELETING: SHUTTING_DOWN,
    TaskState.POWERING_OFF: STOPPING,
    TaskState.POWERING_ON: PENDING,
}
_BY_VM: Final = {
    VmState.BUILDING: PENDING,
    VmState.ACTIVE: RUNNING,
    VmState.STOPPED: STOPPED,
    VmState.PAUSED: STOPPED,
    VmState.SUSPENDED: STOPPED,
    VmState.DELETED: TERMINATED,
}


def of(instance: Instance) -> InstanceState:
    """The state that EC2's clients are shown."""
    if instance.vm_state is VmState.DELETED:
        return TERMINATED
    if instance.task_state in _BY_TASK:
        return _BY_TASK[instance.task_state]
    if instance.vm_state is VmState.ERROR:
        return STOPPED if instance.launched_at else TERMINATED
    return _BY_VM[instance.vm_state]
