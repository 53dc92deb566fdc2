"""The volume host's trash: kept until its time is over or its room is needed, then gone."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import clock, config, context, errors, ids
from appliance.db import connection, journal, snapshots, volumes
from appliance.model.journal import EntryState
from appliance.model.volume import Snapshot, Volume
from appliance.model.volume_states import SnapshotStatus, VolumeStatus
from services.volume import answers
from services.volume.api import types
from services.volume.api.snapshots import Snapshots
from services.volume.api.volumes import Volumes
from storage.blocks.errors import NoSpace
from storage.blocks.pool import Capacity
from storage.blocks.sparse import Sparse
from tests.services.volume.host import Host

CTX = context.RequestContext(
    user_id=ids.UserId("u1"), project_id=ids.ProjectId("p1"), roles=frozenset({"member"})
)


class Small(Sparse):
    """A pool with room for so many volumes and snapshots."""

    room = 100

    def create(self, volume_id: str, *, size_bytes: int) -> None:
        self._check(volume_id)
        super().create(volume_id, size_bytes=size_bytes)

    def snapshot(self, volume_id: str, snapshot_id: str) -> None:
        self._check(snapshot_id)
        super().snapshot(volume_id, snapshot_id)

    def capacity(self) -> Capacity:
        return Capacity(total_bytes=10 << 30, free_bytes=(self.room - self._used()) << 30)

    def _check(self, new_id: str) -> None:
        is_there = new_id in {*self.volumes(), *self.snapshots()}
        if not is_there and self._used() >= self.room:
            raise NoSpace("the pool is full")

    def _used(self) -> int:
        return len([*self.volumes(), *self.snapshots()])


class Box(Host):
    """A volume host, and the verbs that users have on it."""

    def __init__(self, settings: config.Settings, db: connection.Database) -> None:
        self.small = Small(settings.home / "volumes")
        super().__init__(settings, db, pool=self.small)
        place = types.place(settings)
        self.volumes = Volumes(db=db, queue=self.topics, place=place, trash=settings.trash)
        self.snapshots = Snapshots(db=db, queue=self.topics, place=place, trash=settings.trash)

    def deleted(self) -> Volume:
        volume = self.available()
        self.volumes.delete(CTX, volume.id)
        return self.now(volume)

    def deleted_snapshot(self, volume: Volume) -> Snapshot:
        snapshot = self.add_snapshot(volume)
        self.steps["snapshot"](snapshot.id)
        self.snapshots.delete(CTX, snapshot.id)
        return self.snapshot_now(snapshot)

    def pass_time(self) -> None:
        """Let everything in the trash be over."""
        with self.db.transaction() as tx:
            for table in ("volumes", "snapshots"):
                tx.execute(
                    f"UPDATE {table} SET trashed_until = ? WHERE trashed_until IS NOT NULL",
                    (clock.stamp(clock.now() - 1),),
                )

    def look(self) -> None:
        self.trash.look()
        self.reconciler.look()
        self.take_due()

    def kept(self) -> set[str]:
        return {*self.pool.volumes(), *self.pool.snapshots()}

    def entry(self, object_id: str) -> EntryState:
        return next(
            one.state for one in journal.newest(self.db, "p1") if one.object_id == object_id
        )


@pytest.fixture
def box(settings: config.Settings, db: connection.Database) -> Iterator[Box]:
    return Box(settings, db)


def test_what_is_in_the_trash_keeps_its_bytes(box: Box) -> None:
    volume = box.deleted()
    snapshot = box.deleted_snapshot(box.available())
    for _ in range(3):
        box.look()

    assert box.kept() >= {volume.id, snapshot.id}
    back = box.volumes.restore(CTX, volume.id)
    assert box.bytes_of(back) == volume.id.encode()
    box.snapshots.restore(CTX, snapshot.id)
    box.look()
    assert box.snapshot_now(snapshot).status is SnapshotStatus.AVAILABLE


def test_what_is_in_the_trash_is_no_stray(box: Box) -> None:
    volume = box.deleted()
    looks = answers.answers(box.settings, box.db, box.pool, box.exporter)
    found = looks["volumes"]("")

    assert (found["strays"], list(found["volumes"])) == ([], [])
    assert volume.id in box.kept()


def test_what_is_over_goes_for_good_and_cannot_be_undone(box: Box) -> None:
    volume, kept = box.deleted(), box.available()
    snapshot = box.deleted_snapshot(kept)
    box.pass_time()
    box.look()

    assert box.kept() == {kept.id}
    assert box.now(volume).status is VolumeStatus.DELETED
    assert box.now(volume).deleted_at == volume.deleted_at
    assert box.snapshot_now(snapshot).status is SnapshotStatus.DELETED
    assert [box.entry(each) for each in (volume.id, snapshot.id)] == [EntryState.EXPIRED] * 2
    with pytest.raises(errors.Gone):
        box.volumes.restore(CTX, volume.id)


def test_a_volume_that_goes_takes_its_trashed_snapshots_along(box: Box) -> None:
    origin = box.available()
    snapshot = box.deleted_snapshot(origin)
    box.volumes.delete(CTX, origin.id)
    with box.db.transaction() as tx:
        volumes.update(tx, origin.id, trashed_until=clock.stamp(clock.now() - 1))
    box.look()

    assert box.kept() == set()
    assert box.snapshot_now(snapshot).status is SnapshotStatus.DELETED


def test_a_worker_that_was_killed_between_row_and_pool_goes_on(box: Box) -> None:
    volume = box.deleted()
    box.pass_time()
    box.trash.look()
    assert str(box.now(volume).state) == "deleting/detached"
    with pytest.raises(errors.NotFound):
        box.volumes.get(CTX, volume.id)

    box.take_due()  # another life of it: the sweep finds the row

    assert box.kept() == set()
    assert box.now(volume).status is VolumeStatus.DELETED


def test_an_undo_and_the_end_of_time_do_not_both_win(box: Box) -> None:
    volume = box.deleted()
    box.pass_time()
    (over,) = volumes.trashed(box.db, "box1", until=clock.stamp())
    with box.db.transaction() as tx:
        volumes.update(tx, volume.id, trashed_until=clock.stamp(clock.now() + 60))
    box.volumes.restore(CTX, volume.id)

    assert box.trash._let_go(over) == []
    assert box.bytes_of(box.now(volume)) == volume.id.encode()


def test_the_trash_makes_room_for_who_needs_it(box: Box) -> None:
    first, second = box.deleted(), box.deleted()
    box.small.room = 2
    wanted = box.add()
    box.steps["create"](wanted.id)

    assert str(box.now(wanted).state) == "available/detached"
    assert box.kept() == {wanted.id}
    box.take_due()
    for each in (first, second):
        assert box.now(each).status is VolumeStatus.DELETED
        assert box.entry(each.id) is EntryState.EXPIRED


def test_a_snapshot_finds_room_in_the_trash_too(box: Box) -> None:
    origin, old = box.available(), box.deleted()
    box.small.room = 2
    snapshot = box.add_snapshot(origin)
    box.steps["snapshot"](snapshot.id)

    assert box.kept() == {origin.id, snapshot.id}
    assert box.now(old).status is VolumeStatus.DELETING


def test_a_full_pool_without_trash_says_so(box: Box) -> None:
    box.available()
    box.small.room = 1
    wanted = box.add()
    with pytest.raises(errors.VolumeError, match="the pool is full"):
        box.steps["create"](wanted.id)
    assert box.now(wanted).status is VolumeStatus.ERROR


def test_a_pool_that_is_short_of_room_keeps_no_trash(box: Box) -> None:
    volume = box.deleted()
    box.small.room = 1  # no GiB is free, and one shall be
    box.look()

    assert box.kept() == set()
    assert box.entry(volume.id) is EntryState.EXPIRED


def test_what_cannot_be_removed_is_seen_again_and_says_why(box: Box, monkeypatch) -> None:
    volume = box.deleted()
    box.pass_time()
    path = box.pool.device(volume.id)
    path.unlink()
    path.mkdir()
    (path / "x").touch()
    box.look()

    assert box.volumes.get(CTX, volume.id).status is VolumeStatus.ERROR_DELETING


def test_nothing_is_kept_where_the_settings_say_so(
    settings: config.Settings, db: connection.Database, home: Path
) -> None:
    box = Box(dataclasses.replace(settings, trash=config.Trash(kept_s=0)), db)
    volume = box.deleted()
    box.look()

    assert (box.now(volume).status, box.kept()) == (VolumeStatus.DELETED, set())
    assert box.entry(volume.id) is EntryState.FINAL
    assert "trash.kept_s is 0" in journal.newest(db, "p1")[0].reason
    assert snapshots.trashed(db, "box1") == []
