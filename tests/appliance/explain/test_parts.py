"""Why a topic, a service or a host does nothing; and images and projects."""

import pytest

from appliance import clock, errors, explain
from appliance.db import hosts, projects, quotas, services
from appliance.model.project import Project
from tests.appliance import rows


@pytest.fixture
def scheduler(db):
    with db.transaction() as tx:
        services.register(tx, "scheduler", name="scheduler", host="box1")


def test_a_topic_is_idle_busy_paused_or_served_by_nobody(evidence, db, topics, scheduler):
    topics.ring("scheduler", "select_host", "i1")
    busy = explain.explain(evidence, "topic", "scheduler")
    evidence.queues.pause("scheduler", for_s=60)
    paused = explain.explain(evidence, "topic", "scheduler")
    topics.ring("network.box1", "allocate", "i1")
    alone = explain.explain(evidence, "topic", "network.box1")

    assert (busy.state, busy.reasons) == ("busy", ())
    assert paused.summary == "It is paused for 60 s more: messages come in and none is taken."
    assert paused.advice == ("Resume the topic scheduler.",)
    assert alone.summary == "Nobody takes its messages."
    assert alone.reasons[0].text == "has never reported in"


def test_an_empty_topic_is_idle(evidence, topics, scheduler):
    topics.ring("scheduler", "select_host", "i1")
    topics.once("scheduler", {"select_host": lambda _: None}, sweep=list)

    assert explain.explain(evidence, "topic", "scheduler").state == "idle"


def test_the_dead_wait_for_nobody(evidence, topics):
    topics.ring("scheduler", "select_host", "i1")
    (message,) = topics.peek("scheduler")
    evidence.queues.bury("scheduler", message.id)

    found = explain.explain(evidence, "topic", "dead")

    assert (found.state, found.reasons) == ("dead", ())
    assert found.summary.startswith("1 messages whose step failed for good")


def test_a_service_is_up_or_its_process_is_gone(evidence, db, scheduler):
    up = explain.explain(evidence, "service", "scheduler")
    with db.transaction() as tx:
        tx.execute("UPDATE services SET pid = 4194304")
    down = explain.explain(evidence, "service", "scheduler")

    assert up.state == "up"
    assert (down.state, down.summary) == ("down", "Its process 4194304 is gone.")
    assert "log/scheduler.log" in down.advice[0]


def test_a_host_is_up_disabled_or_silent(evidence, db):
    with db.transaction() as tx:
        hosts.report(
            tx, "box1", zone="nova", vcpus=4, memory_mib=8192, disk_gib=100, hypervisor="QEMU",
            virt_type="qemu",
        )  # fmt: skip
    rows.add_instance(db, host="box1", vm_state="active", task_state=None)
    up = explain.explain(evidence, "host", "box1")
    with db.transaction() as tx:
        tx.execute("UPDATE hosts SET is_enabled = 0, disabled_reason = 'new disk'")
    out = explain.explain(evidence, "host", "box1")
    with db.transaction() as tx:
        tx.execute("UPDATE hosts SET seen_at = ?", (clock.stamp(clock.now() - 120),))
    silent = explain.explain(evidence, "host", "box1")

    assert up.summary == "It takes instances, and has 1."
    assert [(one.what, one.free) for one in up.reasons] == [
        ("vCPUs", 63), ("memory", 7680), ("disk", 199),
    ]  # fmt: skip
    assert out.summary == "An operator took it out: new disk."
    assert silent.state == "down"


@pytest.mark.parametrize("kind", ["topic", "service", "host", "instance", "volume", "image"])
def test_what_is_not_there_is_not_found(evidence, kind):
    with pytest.raises(errors.NotFound):
        explain.explain(evidence, kind, "nope")


def test_a_project_near_its_limits_says_which(evidence, db):
    project = Project(id="p1", name="demo")
    with db.transaction() as tx:
        projects.create(tx, project)
        quotas.put(tx, "p1", "instances", 2)
        quotas.put(tx, "p1", "cores", -1)
    rows.add_instance(db)
    within = explain.explain(evidence, "project", "p1")
    rows.add_instance(db)
    full = explain.explain(evidence, "project", "p1")

    assert within.state == "ok"
    assert full.summary == "demo has used up instances."
    assert [(one.what, one.free, one.limit) for one in full.reasons] == [("quota instances", 0, 2)]
