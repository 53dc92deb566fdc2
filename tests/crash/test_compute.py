"""A compute worker killed all along a step: the next one finishes it, and nothing leaks."""

import contextlib
import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from appliance import config, errors
from appliance.db import claims, connection, instances
from appliance.model.instance import Instance
from appliance.model.states import Event, PowerState, VmState
from tests.services.compute.host import IMAGE, Host

pytestmark = [pytest.mark.crash, pytest.mark.timeout(600)]

KILLED = 9
TRACED = (
    "/services/compute/", "/appliance/db/instances.py", "/appliance/db/stateful.py",
    "/appliance/claims.py",
)  # fmt: skip
STRIDE = 3  # lines from one kill to the next: all of them take minutes


def in_a_process(work: Callable[[], None], *, die_at: int) -> bool:
    """Run `work` in a child that is gone at its `die_at`th line; whether it lived to the end."""
    pid = os.fork()
    if pid == 0:
        lines = 0

        def count(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal lines
            if not any(part in frame.f_code.co_filename for part in TRACED):
                return None
            if event == "line":
                lines += 1
                if lines == die_at:
                    os._exit(KILLED)
            return count

        sys.settrace(count)
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, KILLED)
    return code == 0


def kill_everywhere(
    settings: config.Settings,
    db: connection.Database,
    *,
    prepare: Callable[[Host], Instance],
    step: str,
    check: Callable[[Host, Instance], None],
) -> None:
    """Kill `step` at every line; each time a new worker takes what is due, and `check` looks."""
    die_at, lived = 1, False
    while not lived:
        host = Host(settings, db)
        instance = prepare(host)
        db.close()  # a connection does not survive a fork

        def work(instance: Instance = instance) -> None:
            worker_db = connection.open_db(settings.home)
            Host(settings, worker_db).steps[step](instance.id)

        lived = in_a_process(work, die_at=die_at)
        with db.transaction() as tx:
            claims.drop(tx, owner_like="compute.box1/%")  # as a starting worker does
        after = Host(settings, db)
        with contextlib.suppress(errors.HypervisorError):  # as the worker's frame does
            after.take_due()
        check(after, after.now(instance))
        die_at += STRIDE
    assert die_at > 10 * STRIDE


def test_a_killed_spawn_ends_active(settings: config.Settings, db: connection.Database) -> None:
    def check(host: Host, now: Instance) -> None:
        assert (now.vm_state, now.task_state) == (VmState.ACTIVE, None)
        assert dict(host.driver.guests()) == {now.id: PowerState.RUNNING}
        assert host.folders.kept() == {now.id}
        host.driver.destroy(now.id)
        host.folders.remove(now.id)
        with db.transaction() as tx:
            tx.execute("DELETE FROM instances")

    kill_everywhere(
        settings, db, prepare=lambda host: host.add(image_id=IMAGE), step="spawn", check=check
    )


def test_a_killed_terminate_leaves_nothing(
    settings: config.Settings, db: connection.Database
) -> None:
    def check(host: Host, now: Instance) -> None:
        assert now.vm_state is VmState.DELETED
        assert dict(host.driver.guests()) == {}
        assert host.folders.kept() == set()

    kill_everywhere(
        settings, db, step="terminate", check=check,
        prepare=lambda host: host.change(host.running(), Event.DELETE),
    )  # fmt: skip


def test_a_killed_failure_still_has_its_reason(
    settings: config.Settings, db: connection.Database
) -> None:
    """The worker dies while it gives up: the next one gives up again."""

    def prepare(host: Host) -> Instance:
        host.refuse("spawn", "no room on the disk")
        return host.add(image_id=IMAGE)

    def check(host: Host, now: Instance) -> None:
        fault = instances.fault(db, now.id)
        assert now.vm_state is VmState.ERROR
        assert fault is not None
        assert "no room on the disk" in fault.message
        assert dict(host.driver.guests()) == {}
        assert host.folders.kept() == set()

    kill_everywhere(settings, db, prepare=prepare, step="spawn", check=check)
