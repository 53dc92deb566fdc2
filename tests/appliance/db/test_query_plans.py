"""Lists and counts that requests ask for are answered from indexes, however long the tables are."""

import contextlib
from pathlib import Path

import pytest

from appliance import errors, trace
from appliance.db import (
    capacity_samples,
    connection,
    ec2_ids,
    image_copies,
    image_members,
    image_tasks,
    images,
    instances,
    journal,
    key_pairs,
    ports,
    quotas,
    snapshots,
    volumes,
)
from appliance.model.volume_states import SnapshotStatus, VolumeState, VolumeStatus

TASKS = image_tasks.Page(limit=9)


class Planner:
    """A Reader that keeps the plan of every query it is asked."""

    def __init__(self, db: connection.Database) -> None:
        self._db = db
        self.plans: list[str] = []

    def rows(self, sql: str, params: connection.Params = ()) -> list[connection.Row]:
        """The rows, and the plan kept."""
        plan = self._db.rows(f"EXPLAIN QUERY PLAN {sql}", params)
        self.plans += [row["detail"] for row in plan]
        return self._db.rows(sql, params)

    def row(self, sql: str, params: connection.Params = ()) -> connection.Row | None:
        """The first row, and the plan kept."""
        found = self.rows(sql, params)
        return found[0] if found else None


@pytest.mark.parametrize(
    "ask",
    [
        lambda db: instances.of_project(db, "p1"),
        lambda db: instances.recently_deleted(db, "p1", since="2026"),
        lambda db: instances.of_reservation(db, "p1", "r-1"),
        lambda db: instances.usage(db, "p1"),
        lambda db: instances.of_image(db, "m1"),
        lambda db: instances.has_run(db, image_id="m1", host="box1", since="2026"),
        capacity_samples.newest_at,
        lambda db: capacity_samples.since(db, "2026"),
        lambda db: instances.metadata(db, "i1"),
        lambda db: instances.fault(db, "i1"),
        lambda db: key_pairs.of_user(db, "u1"),
        lambda db: key_pairs.count(db, "u1"),
        lambda db: quotas.of_project(db, "p1"),
        lambda db: quotas.network_usage(db, "p1"),
        lambda db: ports.of_project(db, "p1"),
        lambda db: ports.of_instance(db, "i1"),
        lambda db: volumes.of_project(db, "p1"),
        lambda db: volumes.of_instance(db, "i1"),
        lambda db: volumes.on_host(db, "box1"),
        lambda db: volumes.unfinished(db, [VolumeState(VolumeStatus.CREATING)], host="box1"),
        lambda db: volumes.to_plug(db, "box1"),
        lambda db: volumes.trashed(db, "box1", until="2026"),
        lambda db: volumes.kept_ids(db, "box1"),
        lambda db: snapshots.trashed(db, "box1"),
        lambda db: snapshots.kept_of_volume(db, "v1"),
        lambda db: images.trashed(db, until="2026"),
        lambda db: journal.newest(db, "p1"),
        lambda db: journal.next_undo(db, "u1", "p1"),
        lambda db: journal.next_redo(db, "u1", "p1"),
        lambda db: journal.get(db, "none"),
        lambda db: volumes.usage(db, "p1"),
        lambda db: volumes.metadata(db, "v1"),
        lambda db: snapshots.of_project(db, "p1"),
        lambda db: snapshots.of_volume(db, "v1"),
        lambda db: snapshots.unfinished(db, [SnapshotStatus.CREATING], host="box1"),
        images.in_progress,
        lambda db: images.get(db, "none"),
        lambda db: image_members.of_image(db, "i1"),
        lambda db: image_copies.of_image(db, "i1"),
        image_copies.left,
        image_tasks.left,
        lambda db: image_tasks.newest(db, "i1"),
        lambda db: image_tasks.listed(db, {"project_id": "p1"}, page=TASKS),
        lambda db: image_tasks.listed(db, {"image_id": "i1", "project_id": "p1"}, page=TASKS),
        lambda db: ec2_ids.find(db, "i-00000001"),
        lambda db: ec2_ids.of(db, "vol", "v1"),
    ],
)
def test_no_table_is_read_whole(db, ask):
    planner = Planner(db)
    with contextlib.suppress(errors.NotFound):
        ask(planner)

    assert planner.plans
    assert [
        plan for plan in planner.plans if plan.startswith("SCAN") and "CONSTANT" not in plan
    ] == []


def test_the_newest_requests_of_a_project_come_from_an_index(home: Path):
    log = trace.Log(home)
    planner = Planner(log._db)
    log._db = planner  # type: ignore[assignment]  # a Reader is all it uses
    log.requests(limit=5, project_id="p1")

    assert any("hops_by_project" in plan for plan in planner.plans)
