"""The history of the room: a sample every ten minutes, a week of them."""

from appliance import clock
from appliance.db import capacity_samples, connection
from services.scheduler import sampling
from tests.appliance import rows
from tests.services.scheduler.test_manager import report


def test_a_sample_is_the_sum_over_hosts_and_what_has_one(db: connection.Database) -> None:
    report(db, "box1")
    report(db, "box2")
    rows.add_instance(db, host="box1", vm_state="active", task_state=None)
    rows.add_instance(db, host="box2", vm_state="error", task_state=None)
    rows.add_instance(db)

    sampling.sample(db)
    (sample,) = capacity_samples.since(db, "")

    assert (sample.vcpus, sample.memory_mib, sample.disk_gib) == (4, 8192, 200)
    assert (sample.instances, sample.memory_mib_used, sample.disk_gib_used) == (1, 512, 1)


def test_before_the_first_host_there_is_nothing_to_note(db: connection.Database) -> None:
    """The scheduler starts before compute does: its first beat would note a cloud of no room."""
    sampling.sample(db)

    assert capacity_samples.since(db, "") == []


def test_beats_between_two_samples_write_nothing(db: connection.Database) -> None:
    report(db, "box1")
    sampling.sample(db)
    before = db.version()
    for _ in range(3):
        sampling.sample(db)

    assert db.version() == before
    assert len(capacity_samples.since(db, "")) == 1


def test_what_is_older_than_a_week_goes_with_the_next(db: connection.Database) -> None:
    report(db, "box1")
    now_s = clock.now()
    with db.transaction() as tx:
        for age_s in (8 * 86_400, 6 * 86_400, 3600):
            tx.insert(
                "capacity_samples", at=clock.stamp(now_s - age_s), vcpus=1, memory_mib=1,
                disk_gib=1, instances=0, vcpus_used=0, memory_mib_used=0, disk_gib_used=0,
            )  # fmt: skip

    sampling.sample(db)
    kept = capacity_samples.since(db, "")

    assert len(kept) == 3
    assert clock.seconds(kept[0].at) > now_s - capacity_samples.KEPT_S
