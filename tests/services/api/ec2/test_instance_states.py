"""Nova's states in EC2's words: what EC2's waiters wait for, or give up on."""

import pytest

from appliance.model import states
from appliance.model.states import TaskState, VmState
from services.api.ec2 import instance_states
from tests.appliance import rows

LAUNCHED = "2026-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("vm", "task", "expected"),
    [
        (VmState.BUILDING, TaskState.SCHEDULING, (0, "pending")),
        (VmState.BUILDING, TaskState.SPAWNING, (0, "pending")),
        (VmState.ACTIVE, None, (16, "running")),
        (VmState.ACTIVE, TaskState.REBOOTING, (16, "running")),
        (VmState.ACTIVE, TaskState.POWERING_OFF, (64, "stopping")),
        (VmState.STOPPED, None, (80, "stopped")),
        (VmState.STOPPED, TaskState.POWERING_ON, (0, "pending")),
        (VmState.ACTIVE, TaskState.DELETING, (32, "shutting-down")),
        (VmState.ERROR, TaskState.DELETING, (32, "shutting-down")),
        (VmState.DELETED, TaskState.NETWORKING, (48, "terminated")),
        (VmState.DELETED, None, (48, "terminated")),
        (VmState.ERROR, None, (80, "stopped")),
    ],
)
def test_each_state_has_ec2s_word_and_code(vm, task, expected):
    state = instance_states.of(rows.instance(vm_state=vm, task_state=task, launched_at=LAUNCHED))

    assert (state.code, state.name) == expected


def test_a_launch_that_failed_is_terminated():
    failed = rows.instance(vm_state=VmState.ERROR, task_state=None)

    assert instance_states.of(failed) == instance_states.TERMINATED


def test_no_state_that_can_be_is_without_a_word():
    reached = {after for table in states.TRANSITIONS.values() for after in table.values()}

    for state in reached:
        assert instance_states.of(rows.instance(vm_state=state.vm, task_state=state.task)).name
