"""Deleting, undoing and emptying the trash, killed -9 before and after each commit: rows, pool and
journal agree afterwards, and no byte is lost that may come back, or kept that may not.
"""

from collections.abc import Callable

import pytest

from appliance import clock, config
from appliance.db import connection, journal, snapshots, volumes
from appliance.model.journal import EntryState
from appliance.model.volume import Volume
from appliance.model.volume_states import SnapshotStatus, VolumeStatus
from tests.crash.dying import is_killed
from tests.crash.test_volume import recover
from tests.services.volume.test_trash import CTX, Box

pytestmark = pytest.mark.crash

Act = Callable[[Box, Volume], object]


def delete(box: Box, volume: Volume) -> None:
    box.volumes.delete(CTX, volume.id, is_with_snapshots=True)


def undo(box: Box, volume: Volume) -> None:
    entry = _entry(box, volume)
    with journal.turning(entry.id, is_redo=False):
        box.volumes.restore(CTX, volume.id, snapshot_ids=entry.inverse.args["snapshot_ids"])  # type: ignore[union-attr]  # it is there: the entry is done


def empty(box: Box, volume: Volume) -> None:
    box.trash.empty()
    box.take_due()


def empty_for_room(box: Box, volume: Volume) -> None:
    box.trash._empty_now()


def kept(box: Box) -> Volume:
    """A volume with a snapshot."""
    volume = box.available()
    box.steps["snapshot"](box.add_snapshot(volume).id)
    return volume


def trashed(box: Box) -> Volume:
    volume = kept(box)
    delete(box, volume)
    return volume


def _entry(box: Box, volume: Volume) -> journal.Entry:
    return next(one for one in journal.newest(box.db, "p1") if one.object_id == volume.id)


def die(settings: config.Settings, act: Act, volume: Volume, *, at: int) -> bool:
    """Act in a child that is killed; False if it lived."""
    return is_killed(settings, lambda db: act(Box(settings, db), volume), at=at)


def check(box: Box, volume: Volume) -> None:
    """All that knows of the volume says the same, and its bytes are there while they may be."""
    now = box.now(volume)
    (snapshot,) = box.db.rows("SELECT id, status FROM snapshots WHERE volume_id = ?", (volume.id,))
    is_kept = now.status in (VolumeStatus.AVAILABLE, VolumeStatus.TRASHED)
    assert (volume.id in box.pool.volumes()) is is_kept
    assert (snapshot["id"] in box.pool.snapshots()) is is_kept
    assert snapshot["status"] == str(now.status)
    entries = [one for one in journal.newest(box.db, "p1", limit=5) if one.object_id == volume.id]
    deletions = [one for one in entries if one.action == "volume.delete"]
    wanted = {
        VolumeStatus.AVAILABLE: {EntryState.UNDONE}, VolumeStatus.TRASHED: {EntryState.DONE},
        VolumeStatus.DELETED: {EntryState.EXPIRED},
    }  # fmt: skip
    assert {one.state for one in deletions} <= wanted[now.status]
    if is_kept:
        assert box.bytes_of(now) == volume.id.encode()
        assert now.status is VolumeStatus.AVAILABLE or deletions
    if now.status is VolumeStatus.TRASHED:
        undo(box, volume)
        assert box.now(volume).status is VolumeStatus.AVAILABLE
        assert snapshots.get(box.db, snapshot["id"]).status is SnapshotStatus.AVAILABLE


@pytest.mark.parametrize(
    ("prepare", "act"),
    [(kept, delete), (trashed, undo), (trashed, empty), (trashed, empty_for_room)],
    ids=["delete", "undo", "empty", "empty for room"],
)
def test_killed_at_any_commit_nothing_is_lost_and_nothing_leaks(
    settings: config.Settings,
    db: connection.Database,
    prepare: Callable[[Box], Volume],
    act: Act,
) -> None:
    box, killed = Box(settings, db), 0
    while True:
        volume = prepare(box)
        was_killed = die(settings, act, volume, at=killed)
        recover(box)
        check(box, volume)
        if not was_killed:
            break
        killed += 1
    assert killed >= 2
    assert [one.id for one in volumes.trashed(db, "box1", until=clock.stamp())] == []
