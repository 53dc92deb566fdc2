"""A whole cloud on fake drivers, whose processes are killed at the commits that a test plans."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from appliance import config, ids, supervisor
from appliance.db import connection
from services.compute.fake import Fake
from services.network.fake import FakeDriver
from tests import client, cloud

INJECT = Path(__file__).parent / "inject"
COMMITS_MAX = 40  # far more than any verb has: the loops end by themselves


class Crashing:
    """A whole cloud on fake drivers, whose processes can be told when to die."""

    def __init__(self, home: Path) -> None:
        api, objects, metadata = cloud.free_ports(3)
        (home / "novabox.toml").write_text(
            f'host = "box1"\n[queue]\nsweep_s = 0.3\npoll_s = 1.0\n[api]\nport = {api}\n'
            f'[object]\nport = {objects}\n[compute]\ndriver = "fake"\n'
            f'[network]\ndriver = "fake"\nmetadata_port = {metadata}\n'
            f'[volume]\nexport = "fake"\n'
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

    @property
    def exports(self) -> set[str]:
        return {path.name for path in self.settings.home.glob("volume/exports/exports/[!.]*")}

    @property
    def files(self) -> set[str]:
        """Ids of the volumes that the pool keeps, drafts included."""
        return {path.name[6:] for path in self.settings.home.glob("volumes/nbx-v-*")}

    def plugged(self, server_id: str) -> set[str]:
        """The volumes that the server's guest has."""
        fake = Fake(self.settings.home / "compute/fake")
        return set(fake.volumes(ids.InstanceId(server_id)))

    def plan(self, service: str, number: int, when: str) -> None:
        (self.plans / service).write_text(f"{number} {when}")

    def was_killed(self, service: str) -> bool:
        """Whether the plan was carried out; what is left of it is taken back."""
        plan = self.plans / service
        killed = not plan.exists()
        plan.unlink(missing_ok=True)
        return killed


@contextmanager
def running(home: Path) -> Iterator[Crashing]:
    """The cloud, up; what it left goes at the end."""
    made = Crashing(home)
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


def launch(demo: client.Client, image_id: str, **more: Any) -> str:
    server = {"name": "victim", "imageRef": image_id, "flavorRef": "1", "networks": "auto"} | more
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
