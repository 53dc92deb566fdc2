"""Every legal change of an instance's state, as one table; nothing else decides.

A state is the pair (vm_state, task_state), both in Nova's words. `task_state` is also the program
counter of a launch that crosses services: whose task it is says which worker goes on.

    scheduling → the scheduler   networking → the network worker
    block_device_mapping → the volume worker   the others → the compute worker

A deleted or failed instance still in `networking` is one whose tap, rules and addresses the network
worker has yet to take away: nothing leaks because the row says so.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from appliance import errors


class VmState(StrEnum):
    """What the instance is (Nova, compute/vm_states.py)."""

    BUILDING = "building"
    ACTIVE = "active"
    STOPPED = "stopped"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    ERROR = "error"
    DELETED = "deleted"


class TaskState(StrEnum):
    """What is being done to it (Nova, compute/task_states.py)."""

    SCHEDULING = "scheduling"
    NETWORKING = "networking"
    BLOCK_DEVICE_MAPPING = "block_device_mapping"
    SPAWNING = "spawning"
    POWERING_OFF = "powering-off"
    POWERING_ON = "powering-on"
    REBOOTING = "rebooting"
    REBOOTING_HARD = "rebooting_hard"
    DELETING = "deleting"


class PowerState(IntEnum):
    """What the hypervisor says of a guest (Nova, compute/power_state.py)."""

    NOSTATE = 0  # there is no such domain
    RUNNING = 1
    PAUSED = 3
    SHUTDOWN = 4
    CRASHED = 6
    SUSPENDED = 7


@dataclass(frozen=True, slots=True)
class State:
    """One instance's state; `task` None means nothing is being done to it."""

    vm: VmState
    task: TaskState | None = None

    def __str__(self) -> str:
        return f"{self.vm}/{self.task or '-'}"


class Event(StrEnum):
    """What happens to an instance; each is one row of TRANSITIONS."""

    SCHEDULED = "scheduled"  # the scheduler chose a host and claimed its room
    WIRED = "wired"  # the network worker made tap, address, DHCP entry and rules
    WIRED_FIRST = "wired-first"  # and volumes are to follow before the guest can start
    MAPPED = "mapped"  # the volume worker exports all its volumes
    SPAWNED = "spawned"  # the domain runs
    FAILED_UNPLACED = "failed-unplaced"  # no host took it: nothing was made anywhere
    FAILED = "failed"  # a worker gave up; the network is taken away next
    UNWIRED = "unwired"  # the network worker took everything away
    DELETE = "delete"  # somebody asked
    DELETED_UNPLACED = "deleted-unplaced"  # it had no host: nothing is anywhere
    DESTROYED = "destroyed"  # the domain and its disk are gone
    STOP = "stop"
    STOPPED = "stopped"
    START = "start"
    STARTED = "started"
    REBOOT = "reboot"
    REBOOT_HARD = "reboot-hard"
    REBOOTED = "rebooted"
    FOUND_OFF = "found-off"  # the guest switched itself off, or its QEMU died
    FOUND_ON = "found-on"
    BOOTED = "booted"  # the host came back: what ran is to run again
    BROKEN = "broken"  # a stop, start or reboot failed for good


_V = VmState
_T = TaskState
_LIVE: Final = (_V.ACTIVE, _V.STOPPED, _V.PAUSED, _V.SUSPENDED, _V.ERROR)
_IN_BUILD: Final = (_T.SCHEDULING, _T.NETWORKING, _T.BLOCK_DEVICE_MAPPING, _T.SPAWNING)

# event → {state before: state after}
TRANSITIONS: Final[dict[Event, dict[State, State]]] = {
    Event.SCHEDULED: {State(_V.BUILDING, _T.SCHEDULING): State(_V.BUILDING, _T.NETWORKING)},
    Event.WIRED: {State(_V.BUILDING, _T.NETWORKING): State(_V.BUILDING, _T.SPAWNING)},
    Event.WIRED_FIRST: {
        State(_V.BUILDING, _T.NETWORKING): State(_V.BUILDING, _T.BLOCK_DEVICE_MAPPING)
    },
    Event.MAPPED: {State(_V.BUILDING, _T.BLOCK_DEVICE_MAPPING): State(_V.BUILDING, _T.SPAWNING)},
    Event.SPAWNED: {State(_V.BUILDING, _T.SPAWNING): State(_V.ACTIVE)},
    Event.FAILED_UNPLACED: {State(_V.BUILDING, _T.SCHEDULING): State(_V.ERROR)},
    Event.FAILED: {State(_V.BUILDING, task): State(_V.ERROR, _T.NETWORKING) for task in _IN_BUILD},
    Event.UNWIRED: {State(vm, _T.NETWORKING): State(vm) for vm in (_V.ERROR, _V.DELETED)},
    # anything that is not already being deleted can be deleted, whatever is under way
    Event.DELETE: {
        State(vm, task): State(vm, _T.DELETING)
        for vm in (*_LIVE, _V.BUILDING)
        for task in (None, *_T)
        if task is not _T.DELETING
    },
    Event.DELETED_UNPLACED: {
        State(vm, _T.DELETING): State(_V.DELETED) for vm in (_V.BUILDING, _V.ERROR)
    },
    Event.DESTROYED: {
        State(vm, _T.DELETING): State(_V.DELETED, _T.NETWORKING) for vm in (*_LIVE, _V.BUILDING)
    },
    Event.STOP: {State(_V.ACTIVE): State(_V.ACTIVE, _T.POWERING_OFF)},
    Event.STOPPED: {State(_V.ACTIVE, _T.POWERING_OFF): State(_V.STOPPED)},
    Event.START: {State(_V.STOPPED): State(_V.STOPPED, _T.POWERING_ON)},
    Event.STARTED: {State(vm, _T.POWERING_ON): State(_V.ACTIVE) for vm in (_V.STOPPED, _V.ACTIVE)},
    Event.BOOTED: {State(_V.ACTIVE): State(_V.ACTIVE, _T.POWERING_ON)},
    Event.REBOOT: {State(_V.ACTIVE): State(_V.ACTIVE, _T.REBOOTING)},
    Event.REBOOT_HARD: {
        State(vm, task): State(vm, _T.REBOOTING_HARD)
        for vm in _LIVE
        for task in (None, _T.REBOOTING)
    },
    Event.REBOOTED: {
        State(vm, task): State(_V.ACTIVE)
        for vm in _LIVE
        for task in (_T.REBOOTING, _T.REBOOTING_HARD)
    },
    Event.FOUND_OFF: {State(_V.ACTIVE): State(_V.STOPPED)},
    Event.FOUND_ON: {State(_V.STOPPED): State(_V.ACTIVE)},
    Event.BROKEN: {
        State(vm, task): State(_V.ERROR)
        for vm in _LIVE
        for task in (_T.POWERING_OFF, _T.POWERING_ON, _T.REBOOTING, _T.REBOOTING_HARD)
    },
}


def after(event: Event, state: State) -> State:
    """The state after `event` happened in `state`. Raises Conflict when it cannot happen there."""
    try:
        return TRANSITIONS[event][state]
    except KeyError:
        raise errors.Conflict(f"Cannot '{event}' an instance that is in state {state}") from None


def status(vm: str, task: str | None) -> str:
    """The server status of the Compute API for a state (Nova, api/openstack/common.py)."""
    if task == TaskState.REBOOTING:
        return "REBOOT"
    if task == TaskState.REBOOTING_HARD:
        return "HARD_REBOOT"
    return {"building": "BUILD", "stopped": "SHUTOFF"}.get(vm, vm.upper())
