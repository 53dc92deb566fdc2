import threading

import pytest

from appliance import claims, config, errors
from appliance.db import connection, instances
from appliance.model.instance import Instance
from appliance.model.states import Event, TaskState, VmState
from tests.appliance import rows


@pytest.fixture
def claimer(db: connection.Database, settings: config.Settings) -> claims.Claimer:
    return claims.Claimer(db, settings.queue, owner="t/1")


def give_up(db: connection.Database) -> object:
    def write(instance: Instance, error: Exception) -> None:
        with db.transaction() as tx:
            instances.advance(tx, instance, Event.FAILED_UNPLACED)
            instances.add_fault(tx, instance.id, error)

    return write


def test_a_step_that_is_not_due_does_not_run(
    db: connection.Database, claimer: claims.Claimer
) -> None:
    row = rows.add_instance(db)
    ran: list[Instance] = []
    claimer.step(instances, row.id, TaskState.SPAWNING, work=ran.append, give_up=give_up(db))

    assert ran == []


def test_a_failed_step_leaves_error_and_the_reason(
    db: connection.Database, claimer: claims.Claimer
) -> None:
    row = rows.add_instance(db)

    def work(instance: Instance) -> None:
        raise errors.HypervisorError("QEMU said no")

    with pytest.raises(errors.HypervisorError):
        claimer.step(instances, row.id, TaskState.SCHEDULING, work=work, give_up=give_up(db))
    fault = instances.fault(db, row.id)
    assert instances.get(db, row.id).vm_state is VmState.ERROR
    assert fault is not None
    assert fault.message == "QEMU said no"


def test_what_is_unavailable_is_tried_again_and_not_for_ever(
    db: connection.Database, claimer: claims.Claimer, settings: config.Settings
) -> None:
    row = rows.add_instance(db)
    tries: list[str] = []

    def work(instance: Instance) -> None:
        tries.append(instance.id)
        raise errors.Unavailable("glance is down")

    for _ in range(settings.queue.attempts_max):
        with pytest.raises(errors.Unavailable):
            claimer.step(instances, row.id, TaskState.SCHEDULING, work=work, give_up=give_up(db))
        assert instances.get(db, row.id).claim_owner is None
    with pytest.raises(errors.HostError, match="never finished"):
        claimer.step(instances, row.id, TaskState.SCHEDULING, work=work, give_up=give_up(db))
    assert len(tries) == settings.queue.attempts_max
    assert instances.get(db, row.id).vm_state is VmState.ERROR


def test_what_a_person_paused_is_waited_for(
    db: connection.Database, claimer: claims.Claimer, settings: config.Settings
) -> None:
    row = rows.add_instance(db)
    tries: list[str] = []

    def work(instance: Instance) -> None:
        tries.append(instance.id)
        if len(tries) <= settings.queue.attempts_max + 2:
            raise errors.Paused("ann paused network.box1")

    for _ in range(settings.queue.attempts_max + 2):
        with pytest.raises(errors.Paused):
            claimer.step(instances, row.id, TaskState.SCHEDULING, work=work, give_up=give_up(db))
    claimer.step(instances, row.id, TaskState.SCHEDULING, work=work, give_up=give_up(db))

    assert len(tries) == settings.queue.attempts_max + 3
    assert instances.fault(db, row.id) is None


def test_a_delete_that_overtakes_a_step_wins(
    db: connection.Database, claimer: claims.Claimer
) -> None:
    row = rows.add_instance(db)

    def work(instance: Instance) -> None:
        with db.transaction() as tx:
            instances.advance(tx, instances.get(tx, row.id), Event.DELETE)
        with db.transaction() as tx:
            instances.advance(tx, instance, Event.SCHEDULED, host="box1")

    claimer.step(instances, row.id, TaskState.SCHEDULING, work=work, give_up=give_up(db))
    now = instances.get(db, row.id)
    assert (now.task_state, now.host, instances.fault(db, row.id)) == (
        TaskState.DELETING, None, None,
    )  # fmt: skip


def test_a_long_step_keeps_its_claim(db: connection.Database, settings: config.Settings) -> None:
    claimer = claims.Claimer(db, config.Queue(claim_s=0.3), owner="t/1")
    row = rows.add_instance(db)
    first = threading.Event()

    def work(instance: Instance) -> None:
        expires = instance.claim_expires_at
        assert expires is not None
        for _ in range(200):
            now = instances.get(db, row.id).claim_expires_at
            if now is not None and now > expires:
                first.set()
                return
            threading.Event().wait(0.02)

    claimer.step(instances, row.id, TaskState.SCHEDULING, work=work, give_up=give_up(db))
    assert first.is_set()
