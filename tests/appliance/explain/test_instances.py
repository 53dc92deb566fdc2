"""Why an instance is as it is: how far its launch is, what is in its way, what went wrong."""

import pytest

from appliance import clock, context, errors, explain, trace
from appliance.db import instances, services
from appliance.model.states import TaskState, VmState
from tests.appliance import rows


def told(evidence, row):
    return explain.explain(evidence, "instance", row.id)


@pytest.mark.parametrize(
    ("task", "with_volume", "summary"),
    [
        (TaskState.SCHEDULING, False, "Step 1 of 3: choosing a host."),
        (TaskState.NETWORKING, False, "Step 2 of 3: wiring its network."),
        (TaskState.SPAWNING, False, "Step 3 of 3: bringing its image and starting the guest."),
        (TaskState.BLOCK_DEVICE_MAPPING, True, "Step 3 of 4: connecting its volumes."),
        (TaskState.SPAWNING, True, "Step 4 of 4: bringing its image and starting the guest."),
    ],
)
def test_a_launch_says_which_step_of_how_many(evidence, db, task, with_volume, summary):
    row = rows.add_instance(db, host="box1", task_state=task)
    if with_volume:
        rows.add_volume(db, instance_id=row.id)

    found = told(evidence, row)

    assert (found.state, found.summary) == ("BUILD", summary)
    assert found.request_id == row.request_id


def test_a_launch_that_waits_names_the_pause_and_the_service_that_is_down(evidence, db, topics):
    row = rows.add_instance(db, host="box1", task_state=TaskState.NETWORKING)
    with db.transaction() as tx:
        services.register(tx, "network.box1", name="network", host="box1")
        tx.execute("UPDATE services SET seen_at = ?", (clock.stamp(clock.now() - 300),))
    topics.ring("network.box1", "allocate", row.id)
    evidence.queues.pause("network.box1", by="alice")

    found = told(evidence, row)

    assert [(one.what, one.text) for one in found.reasons] == [
        ("topic network.box1", "is paused by alice; 1 messages wait in it"),
        ("service network.box1", "is down; last heard of 300 s ago"),
    ]
    assert found.advice[0] == "Resume the topic network.box1."


def test_who_is_at_it_and_how_often_it_was_tried_is_said(evidence, db):
    row = rows.add_instance(
        db, host="box1", task_state=TaskState.SPAWNING, claim_owner="compute.box1/7",
        claim_expires_at=clock.stamp(clock.now() + 60), attempts=3,
    )  # fmt: skip
    with db.transaction() as tx:
        services.register(tx, "compute.box1", name="compute", host="box1")

    assert [(one.text, one.asked, one.limit) for one in told(evidence, row).reasons] == [
        ("compute.box1/7 is at it", None, None),
        ("this is attempt 3; after 5 it is given up", 3, 5),
    ]


def test_bytes_that_go_by_are_counted(evidence, db, settings, request_context):
    row = rows.add_instance(
        db, host="box1", task_state=TaskState.SPAWNING, request_id=request_context.request_id
    )
    trace.start(settings.home, "compute", hops_max=100)
    with trace.hop("stream", "image", target="glance") as span:
        span._shown_s = 0.0
        span.moved(16 << 20, total_bytes=25 << 20)
        trace.flush()
        found = told(evidence, row)

    assert (found.reasons[0].what, found.reasons[0].asked, found.reasons[0].limit) == (
        "image", 16 << 20, 25 << 20,
    )  # fmt: skip


def test_a_failure_keeps_its_reasons_and_its_request(evidence, db):
    """Days later, whatever the cloud looks like then."""
    row = rows.add_instance(db, vm_state=VmState.ERROR, task_state=None)
    tried = errors.HypervisorError("QEMU would not start", tried={"command": "virsh start"})
    with db.transaction() as tx:
        instances.add_fault(tx, row.id, tried)

    found = told(evidence, row)

    assert (found.state, found.summary) == ("ERROR", "QEMU would not start")
    assert found.reasons == (errors.Reason(what="command", text="virsh start"),)
    assert found.request_id == ""


def test_the_fault_names_the_request_that_failed(evidence, db):
    row = rows.add_instance(db, vm_state=VmState.ERROR, task_state=None)
    request = context.RequestContext()
    token = context.current.set(request)
    with db.transaction() as tx:
        instances.add_fault(tx, row.id, errors.NoValidHost([]))
    context.current.reset(token)

    assert told(evidence, row).request_id == request.request_id


def test_an_error_without_a_fault_says_so(evidence, db):
    row = rows.add_instance(db, vm_state=VmState.ERROR, task_state=None)

    assert told(evidence, row).summary == "It failed, and nobody said why."


def test_one_that_ran_once_is_mended_by_a_hard_reboot(evidence, db):
    row = rows.add_instance(
        db, vm_state=VmState.ERROR, task_state=None, host="box1", launched_at=clock.stamp()
    )
    with db.transaction() as tx:
        instances.add_fault(tx, row.id, errors.HypervisorError("the guest is gone"))

    assert "Reboot it hard" in told(evidence, row).advice[0]


@pytest.mark.parametrize(
    ("vm", "task", "summary"),
    [
        (VmState.ACTIVE, None, "It runs; nothing is being done to it."),
        (VmState.STOPPED, None, "It is switched off; its disk, addresses and volumes are kept."),
        (VmState.ACTIVE, TaskState.POWERING_OFF, "Shutting the guest down."),
        (VmState.ACTIVE, TaskState.DELETING, "Taking the guest and its disk away."),
        (VmState.DELETED, TaskState.NETWORKING, "Freeing its network."),
    ],
)
def test_each_state_has_a_sentence(evidence, db, vm, task, summary):
    row = rows.add_instance(db, vm_state=vm, task_state=task, host="box1")

    assert told(evidence, row).summary == summary


def test_every_state_there_is_is_explained(evidence, db):
    from appliance.model import states

    every = {state for row in states.TRANSITIONS.values() for pair in row.items() for state in pair}
    for state in every:
        row = rows.add_instance(db, vm_state=state.vm, task_state=state.task, host="box1")
        assert told(evidence, row).summary
