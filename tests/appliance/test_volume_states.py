import pytest

from appliance import errors
from appliance.model import volume_states
from appliance.model.volume_states import (
    AttachStatus,
    SnapshotEvent,
    SnapshotStatus,
    VolumeEvent,
    VolumeState,
    VolumeStatus,
)


def test_an_attachment_goes_there_and_back() -> None:
    state = VolumeState(VolumeStatus.AVAILABLE)
    seen = [str(state)]
    for event in (
        VolumeEvent.RESERVE, VolumeEvent.EXPORTED, VolumeEvent.ATTACHED, VolumeEvent.DETACH,
        VolumeEvent.UNPLUGGED, VolumeEvent.WITHDRAWN,
    ):  # fmt: skip
        state = volume_states.after(event, state)
        seen.append(str(state))

    assert seen == [
        "available/detached", "reserved/detached", "attaching/detached", "in-use/attached",
        "detaching/attached", "detaching/detached", "available/detached",
    ]  # fmt: skip


def test_every_event_has_a_row_and_every_state_can_be_left() -> None:
    table = volume_states.TRANSITIONS
    assert set(table) == set(VolumeEvent)
    reached = {after for row in table.values() for after in row.values()}
    left = {before for row in table.values() for before in row}
    assert reached - left == {VolumeState(VolumeStatus.DELETED)}


def test_what_a_guest_has_cannot_be_deleted_or_grown() -> None:
    for status in (VolumeStatus.IN_USE, VolumeStatus.DETACHING):
        state = VolumeState(status, AttachStatus.ATTACHED)
        for event in (VolumeEvent.DELETE, VolumeEvent.EXTEND, VolumeEvent.RESERVE):
            with pytest.raises(errors.Conflict, match=f"{status}/attached"):
                volume_states.after(event, state)


def test_a_snapshots_events_all_have_a_row() -> None:
    table = volume_states.SNAPSHOT_TRANSITIONS
    assert set(table) == set(SnapshotEvent)
    reached = {after for row in table.values() for after in row.values()}
    assert reached - {before for row in table.values() for before in row} == {
        SnapshotStatus.DELETED
    }
    with pytest.raises(errors.Conflict, match="creating"):
        volume_states.snapshot_after(SnapshotEvent.DELETE, SnapshotStatus.CREATING)
