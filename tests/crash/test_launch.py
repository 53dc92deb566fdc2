"""kill -9 before and after each commit of a launch and a delete: nothing is lost, nothing leaks."""

import os

import pytest

from appliance import errors, processes, supervisor
from tests import client, cloud
from tests.crash.crashing import COMMITS_MAX, Crashing, gone, launch, settled

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("service", ["scheduler", "network", "compute"])
def test_a_launch_survives_every_kill(
    crashing: Crashing, demo: client.Client, image_id: str, service: str, when: str
) -> None:
    for number in range(1, COMMITS_MAX):
        crashing.plan(service, number, when)
        server_id = launch(demo, image_id)
        server = settled(demo, server_id)
        killed = crashing.was_killed(service)

        assert server["status"] == "ACTIVE" or server["fault"]["message"]
        if server["status"] == "ACTIVE":
            assert (crashing.guests, crashing.taps) == ({server_id}, 1)
            assert crashing.addresses == 1
        gone(crashing, demo, server_id)
        if not killed:
            return
    raise AssertionError("a launch has more commits than this test expects")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("service", ["network", "compute"])
def test_a_delete_survives_every_kill(
    crashing: Crashing, demo: client.Client, image_id: str, service: str, when: str
) -> None:
    for number in range(1, COMMITS_MAX):
        server_id = launch(demo, image_id)
        assert settled(demo, server_id)["status"] == "ACTIVE"
        crashing.plan(service, number, when)
        gone(crashing, demo, server_id)
        if not crashing.was_killed(service):
            return
    raise AssertionError("a delete has more commits than this test expects")


def test_the_supervisors_death_takes_its_processes_along(crashing: Crashing) -> None:
    """Last in this file: afterwards the cloud is started again, and still knows everything."""
    running = supervisor.find(crashing.settings)
    assert running is not None
    os.kill(running.pid, 9)
    cloud.eventually(
        lambda: not any(processes.is_alive(pid) for pid in running.children.values()),
        timeout_s=30,
        what="all processes end",
    )
    assert supervisor.find(crashing.settings) is None
    assert supervisor.run_once(crashing.settings, "appliance.cli", "up", "--detach") == 0
    assert client.Client(crashing.settings)("GET", "/compute/v2.1/flavors").status == 200
    with pytest.raises(errors.Conflict):
        supervisor.Supervisor(crashing.settings, ()).run()
