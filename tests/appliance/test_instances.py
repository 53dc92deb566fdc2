import pytest

from appliance import clock, context, errors
from appliance.db import claims, connection, instances
from appliance.model.states import Event, TaskState, VmState
from tests.appliance import rows


def test_an_instance_comes_back_as_it_was_written(db: connection.Database) -> None:
    row = rows.add_instance(db, user_data="aGk=")

    assert instances.get(db, row.id) == row


def test_advance_is_a_compare_and_swap(db: connection.Database) -> None:
    row = rows.add_instance(db)
    with db.transaction() as tx:
        placed = instances.advance(tx, row, Event.SCHEDULED, host="box1")

    assert (placed.host, placed.task_state) == ("box1", TaskState.NETWORKING)
    with pytest.raises(errors.Superseded, match="came too late"), db.transaction() as tx:
        instances.advance(tx, row, Event.SCHEDULED, host="box2")
    assert instances.get(db, row.id).host == "box1"


def test_a_failed_transaction_changes_nothing(db: connection.Database) -> None:
    row = rows.add_instance(db)
    with pytest.raises(errors.Conflict), db.transaction() as tx:
        instances.create(tx, instances.advance(tx, row, Event.SCHEDULED, host="box1"))

    assert instances.get(db, row.id) == row


def test_one_of_two_workers_gets_the_claim(db: connection.Database) -> None:
    row = rows.add_instance(db)

    def claim(owner: str) -> bool:
        with db.transaction() as tx:
            task = TaskState.SCHEDULING
            return instances.claim(tx, row.id, [task], owner=owner, for_s=60) is not None

    assert [claim("a"), claim("b"), claim("a")] == [True, False, False]
    assert instances.unfinished(db, [TaskState.SCHEDULING]) == []


def test_a_claim_ends_by_itself_and_with_the_owners_restart(db: connection.Database) -> None:
    row = rows.add_instance(db)
    tasks = [TaskState.SCHEDULING]
    with db.transaction() as tx:
        instances.claim(tx, row.id, tasks, owner="scheduler/1", for_s=60)
    later = clock.stamp(clock.now() + 61)

    assert [one.id for one in instances.unfinished(db, tasks, now=later)] == [row.id]
    with db.transaction() as tx:
        assert claims.drop(tx, owner_like="scheduler/%") == 1
    assert instances.unfinished(db, tasks)[0].attempts == 1


def test_a_claim_is_only_for_the_task_that_is_due(db: connection.Database) -> None:
    row = rows.add_instance(db)
    with db.transaction() as tx:
        got = instances.claim(tx, row.id, [TaskState.SPAWNING], owner="a", for_s=60)

    assert got is None


def test_other_projects_instances_do_not_exist(db: connection.Database) -> None:
    row = rows.add_instance(db, project_id="p1")
    stranger = context.RequestContext(project_id="p2")
    admin = context.RequestContext(project_id="p2", roles=frozenset({"admin"}))

    assert instances.get_visible(db, row.id, admin) == row
    with pytest.raises(errors.NotFound):
        instances.get_visible(db, row.id, stranger)


def test_lists_are_paged_by_marker_newest_first(db: connection.Database) -> None:
    made = [
        rows.add_instance(db, created_at=f"2026-01-0{day}T00:00:00.000000Z") for day in (1, 2, 3)
    ]
    first = instances.of_project(db, "p1", limit=2)
    second = instances.of_project(db, "p1", limit=2, marker=first[-1].id)

    assert [one.id for one in first + second] == [one.id for one in reversed(made)]
    with pytest.raises(errors.BadRequest, match="marker"):
        instances.of_project(db, "p1", marker="nobody")


def test_the_newest_fault_is_the_reason(db: connection.Database) -> None:
    row = rows.add_instance(db)
    with db.transaction() as tx:
        instances.add_fault(tx, row.id, errors.HypervisorError("first"))
        instances.add_fault(tx, row.id, errors.NoValidHost([]))

    fault = instances.fault(db, row.id)
    assert fault is not None
    assert fault.message.startswith("No valid host was found")


def test_deleted_instances_count_for_nothing(db: connection.Database) -> None:
    rows.add_instance(db)
    gone = rows.add_instance(db, task_state=TaskState.DELETING)
    with db.transaction() as tx:
        instances.advance(tx, gone, Event.DELETED_UNPLACED)

    assert instances.get(db, gone.id).vm_state is VmState.DELETED
    assert instances.usage(db, "p1") == {"instances": 1, "cores": 1, "ram": 512}


def test_what_was_deleted_lately_is_remembered(db: connection.Database) -> None:
    rows.add_instance(db)
    rows.add_instance(db, project_id="p2", deleted_at="2026-01-01T00:00:02.000000Z")
    for second in (1, 2, 3):
        rows.add_instance(db, name=f"{second}", deleted_at=f"2026-01-01T00:00:0{second}.000000Z")

    found = instances.recently_deleted(db, "p1", since="2026-01-01T00:00:02.000000Z")

    assert [one.name for one in found] == ["3", "2"]


def test_lists_use_indexes(db: connection.Database) -> None:
    plans = {
        "SELECT * FROM instances WHERE deleted_at IS NULL AND project_id = 'p' "
        "ORDER BY created_at DESC": "instances_by_project",
        "SELECT * FROM instances WHERE task_state IN ('spawning') AND host = 'h'": "instances_un",
        "SELECT * FROM instances WHERE host = 'h' AND deleted_at IS NULL": "instances_by_host",
    }
    for sql, index in plans.items():
        plan = " ".join(row["detail"] for row in db.rows(f"EXPLAIN QUERY PLAN {sql}"))
        assert index in plan
