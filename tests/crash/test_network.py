"""The network worker killed -9 before and after each commit: the next round finishes its work."""

import os
import subprocess
import sys

import pytest

from appliance import config, queue
from appliance.db import connection, instances, ports
from appliance.model.states import Event, TaskState, VmState
from services.network.fake import FakeDriver
from services.network.manager import Manager
from tests.crash.dying import Dying, is_killed
from tests.services.network import cloud

pytestmark = pytest.mark.crash


def work_and_die(settings: config.Settings, instance_id: str, *, at: int) -> bool:
    """Do the instance's network step in a child that is killed; False if it lived."""

    def wire(db: Dying) -> None:
        manager = Manager(
            settings=settings,
            db=db,
            queue=queue.Queue(settings),
            driver=FakeDriver(settings.home / "network"),
        )
        manager.work(instances.get(db, instance_id))

    return is_killed(settings, wire, at=at)


def once(settings: config.Settings) -> None:
    """One round of the worker, as an operator would run it."""
    subprocess.run(
        [sys.executable, "-m", "services.network", "once"],
        check=True,
        timeout=60,
        env=os.environ | {"NOVABOX_HOME": str(settings.home)},
    )


@pytest.fixture
def on_disk(settings: config.Settings) -> config.Settings:
    """The same settings, for another process to read."""
    (settings.home / "novabox.toml").write_text(
        'host = "box1"\n[network]\ndriver = "fake"\n[queue]\nclaim_s = 5.0\n'
    )
    return settings


def test_a_launch_killed_at_any_commit_is_wired_by_the_next_round(
    on_disk: config.Settings, db: connection.Database
) -> None:
    network = cloud.add_network(db)
    killed = 0
    while work_and_die(on_disk, cloud.add_instance(db, network).id, at=killed):
        once(on_disk)
        killed += 1
    assert killed == 6  # three commits

    rows = instances.on_host(db, "box1")
    assert {row.task_state for row in rows} == {TaskState.SPAWNING}
    made = [port for row in rows for port in ports.of_instance(db, row.id)]
    addresses = [ip.ip for port in made for ip in port.fixed_ips]
    assert sorted(addresses) == [f"10.78.0.{n}" for n in range(2, 2 + len(rows))]
    host = FakeDriver(on_disk.home / "network").survey()
    assert set(host.taps) == {port.tap for port in made}


def test_a_delete_killed_at_any_commit_leaves_nothing(
    on_disk: config.Settings, db: connection.Database
) -> None:
    network = cloud.add_network(db)
    killed = 0
    while True:
        row = cloud.add_instance(db, network)
        once(on_disk)
        now = instances.get(db, row.id)
        for event in (Event.SPAWNED, Event.DELETE, Event.DESTROYED):
            with db.transaction() as tx:
                now = instances.advance(tx, now, event)
        if not work_and_die(on_disk, row.id, at=killed):
            break
        once(on_disk)
        killed += 1
        now = instances.get(db, row.id)
        assert (now.vm_state, now.task_state) == (VmState.DELETED, None)
        assert ports.of_network(db, network.id) == []
        assert FakeDriver(on_disk.home / "network").survey().taps == {}
    assert killed == 4  # two commits
