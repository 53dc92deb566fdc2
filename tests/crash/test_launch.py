"""kill -9 before and after each commit of a launch and a delete: nothing is lost, nothing leaks."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance import config, errors, processes, supervisor
from appliance.db import connection
from services.compute.fake import Fake
from services.network.fake import FakeDriver
from tests import client, cloud

pytestmark = [pytest.mark.crash, pytest.mark.timeout(900)]

INJECT = Path(__file__).parent / "inject"
COMMITS_MAX = 40  # far more than a launch and a delete have: the loop ends by itself


class Crashing:
    """A whole cloud on fake drivers, whose processes can be told when to die."""

    def __init__(self, home: Path) -> None:
        api, objects, metadata = cloud.free_ports(3)
        (home / "novabox.toml").write_text(
            f'host = "box1"\n[queue]\nsweep_s = 0.3\npoll_s = 1.0\n[api]\nport = {api}\n'
            f'[object]\nport = {objects}\n[compute]\ndriver = "fake"\n'
            f'[network]\ndriver = "fake"\nmetadata_port = {metadata}\n'
        )
        self.settings = config.load(home)
        self.plans = home / "crash"
        self.plans.mkdir()

    @property
    def guests(self) -> set[str]:
        return set(Fake(self.settings.home / "compute/fake").guests())

    @property
    def taps(self) -> int:
        return len(FakeDriver(self.settings.home / "network").survey().taps)

    @property
    def addresses(self) -> int:
        db = connection.open_db(self.settings.home)
        return len(db.rows("SELECT * FROM fixed_ips"))

    def plan(self, service: str, number: int, when: str) -> None:
        (self.plans / service).write_text(f"{number} {when}")

    def was_killed(self, service: str) -> bool:
        """Whether the plan was carried out; what is left of it is taken back."""
        plan = self.plans / service
        killed = not plan.exists()
        plan.unlink(missing_ok=True)
        return killed


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashing]:
    if reason := cloud.missing():
        pytest.skip(reason)
    made = Crashing(tmp_path_factory.mktemp("crash"))
    before = dict(os.environ)
    os.environ |= {
        "NOVABOX_HOME": str(made.settings.home),
        "NBX_CRASH": str(made.plans),
        "PYTHONPATH": str(INJECT),
    }
    try:
        assert supervisor.run_once(made.settings, "appliance.cli", "up", "--detach") == 0
        yield made
    finally:
        supervisor.run_once(made.settings, "appliance.cli", "reset", "--yes")
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="module")
def demo(crashing: Crashing) -> client.Client:
    return client.Client(crashing.settings)


@pytest.fixture(scope="module")
def image_id(demo: client.Client) -> str:
    body = {"name": "disk", "disk_format": "raw", "container_format": "bare"}
    made = demo("POST", "/image/v2/images", body).body["id"]
    path = f"/image/v2/images/{made}/file"
    put = demo("PUT", path, b"\0" * (1 << 20), kind="application/octet-stream")
    assert put.status == 204, put
    return str(made)


def launch(demo: client.Client, image_id: str) -> str:
    server = {"name": "victim", "imageRef": image_id, "flavorRef": "1", "networks": "auto"}
    answer = demo("POST", "/compute/v2.1/servers", {"server": server})
    assert answer.status == 202, answer
    return str(answer.body["server"]["id"])


def settled(demo: client.Client, server_id: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        answer = demo("GET", f"/compute/v2.1/servers/{server_id}")
        assert answer.status == 200, answer
        server: dict[str, Any] = answer.body["server"]
        is_done = server["OS-EXT-STS:task_state"] is None
        return server if is_done and server["status"] in ("ACTIVE", "ERROR") else None

    found: dict[str, Any] = cloud.eventually(look, timeout_s=60, what=f"server {server_id} settles")
    return found


def gone(crashing: Crashing, demo: client.Client, server_id: str) -> None:
    assert demo("DELETE", f"/compute/v2.1/servers/{server_id}").status == 204

    def nothing_left() -> bool:
        answer = demo("GET", f"/compute/v2.1/servers/{server_id}")
        left = (crashing.guests, crashing.taps, crashing.addresses)
        return answer.status == 404 and left == (set(), 0, 0)

    cloud.eventually(nothing_left, timeout_s=60, what=f"server {server_id} leaves nothing")
    assert not (crashing.settings.home / "compute/instances" / server_id).exists()


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
