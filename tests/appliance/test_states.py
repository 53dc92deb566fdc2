import pytest

from appliance import errors
from appliance.model import states
from appliance.model.states import Event, State, TaskState, VmState


def test_a_launch_goes_through_every_service() -> None:
    state = State(VmState.BUILDING, TaskState.SCHEDULING)
    seen = [str(state)]
    for event in (Event.SCHEDULED, Event.WIRED, Event.SPAWNED):
        state = states.after(event, state)
        seen.append(str(state))

    assert seen == ["building/scheduling", "building/networking", "building/spawning", "active/-"]


def test_every_event_has_a_row_and_every_state_can_be_left() -> None:
    assert set(states.TRANSITIONS) == set(Event)
    reached = {after for row in states.TRANSITIONS.values() for after in row.values()}
    left = {before for row in states.TRANSITIONS.values() for before in row}
    assert reached - left == {State(VmState.DELETED)}


def test_whatever_is_under_way_can_be_deleted_once() -> None:
    for vm in set(VmState) - {VmState.DELETED}:
        for task in (None, *TaskState):
            if task is TaskState.DELETING:
                with pytest.raises(errors.Conflict):
                    states.after(Event.DELETE, State(vm, task))
            else:
                assert states.after(Event.DELETE, State(vm, task)).task is TaskState.DELETING


def test_what_cannot_happen_is_a_conflict_that_names_the_state() -> None:
    with pytest.raises(errors.Conflict, match=r"'stop'.*stopped/-"):
        states.after(Event.STOP, State(VmState.STOPPED))


@pytest.mark.parametrize(
    ("vm", "task", "status"),
    [
        ("building", "spawning", "BUILD"), ("active", None, "ACTIVE"), ("stopped", None, "SHUTOFF"),
        ("active", "rebooting", "REBOOT"), ("active", "rebooting_hard", "HARD_REBOOT"),
        ("error", None, "ERROR"), ("deleted", None, "DELETED"),
    ],
)  # fmt: skip
def test_the_api_status_is_novas(vm: str, task: str | None, status: str) -> None:
    assert states.status(vm, task) == status
