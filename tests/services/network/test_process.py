"""The worker as a process on a real host: a guest's launch, its metadata, and `clear`."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from appliance import config, queue, trace
from appliance.db import connection, instances, ports
from appliance.model.states import TaskState
from services.network.fake import as_planned
from services.network.linux import LinuxDriver
from services.network.plan import HostNetwork, Port
from services.network.planner import plan
from tests.cloud import eventually
from tests.services.network import cloud, namespace
from tests.services.network.guest import Guest
from tests.services.network.plans import RED

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif(namespace.missing() is not None, reason=str(namespace.missing())),
]

KEY = "/2009-04-04/meta-data/public-keys/0/openssh-key"


@pytest.fixture
def real(settings: config.Settings) -> Iterator[config.Settings]:
    """The same cloud with the real driver, in a namespace of its own."""
    (settings.home / "novabox.toml").write_text('host = "box1"\n[queue]\nsweep_s = 0.5\n')
    with namespace.private():
        yield config.load(settings.home)
        run(settings, "clear")


def run(settings: config.Settings, *mode: str) -> None:
    subprocess.run(argv(*mode), check=True, timeout=60, env=environment(settings))


def argv(*mode: str) -> list[str]:
    return [sys.executable, "-m", "services.network", *mode]


def environment(settings: config.Settings) -> dict[str, str]:
    return os.environ | {"NOVABOX_HOME": str(settings.home)}


@pytest.fixture
def worker(real: config.Settings, db: connection.Database) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(argv(), env=environment(real))
    yield process
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0


def read(guest: Guest, path: str) -> str:
    """What a guest gets from 169.254.169.254."""
    with guest.connect("169.254.169.254", 80) as connection:
        connection.settimeout(10)
        connection.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        answer = b""
        while more := connection.recv(65536):
            answer += more
    return answer.decode().partition("\r\n\r\n")[2]


def test_a_guest_is_wired_reads_its_key_and_is_traced(
    worker: subprocess.Popen[bytes],
    real: config.Settings,
    db: connection.Database,
    topics: queue.Queue,
) -> None:
    network = cloud.add_network(db)
    row = cloud.add_instance(db, network, key_name="test", public_key="ssh-ed25519 AAAA")
    topics.ring("network.box1", "allocate", row.id)
    eventually(
        lambda: instances.get(db, row.id).task_state is TaskState.SPAWNING,
        timeout_s=60, what="the instance is wired",
    )  # fmt: skip
    (port,) = ports.of_instance(db, row.id)
    with db.transaction() as tx:
        assert LinuxDriver(real.home / "network").survey() == as_planned(plan(tx, real, "box1"))

    as_on_host = Port(
        id=port.id, network_id=network.id, mac_address=port.mac, fixed_ips=("10.78.0.2",)
    )
    guest = Guest(as_on_host, RED)  # the same range and gateway
    try:
        guest.ask("169.254.169.254", 80)  # until the neighbours know one another
        assert read(guest, KEY) == "ssh-ed25519 AAAA"
    finally:
        guest.close()

    def is_traced() -> bool:
        hops = trace.Log(real.home).request(instances.get(db, row.id).request_id)
        return any(hop.name == f"GET {KEY}" and hop.detail["is_key"] for hop in hops)

    eventually(is_traced, timeout_s=30, what="the fetch is traced")


def test_the_sweep_repairs_the_host_while_nobody_asks(
    worker: subprocess.Popen[bytes], real: config.Settings, db: connection.Database
) -> None:
    row = cloud.add_instance(db, cloud.add_network(db))
    driver = LinuxDriver(real.home / "network")
    eventually(lambda: driver.survey().taps, timeout_s=60, what="a tap, by the sweep too")
    (port,) = ports.of_instance(db, row.id)
    subprocess.run(["ip", "link", "del", port.tap], check=True)
    subprocess.run(["nft", "flush", "ruleset"], check=True)

    def is_as_planned() -> bool:
        with db.transaction() as tx:
            wanted = as_planned(plan(tx, real, "box1"))
        return driver.survey() == wanted

    eventually(is_as_planned, timeout_s=60, what="the host is as planned")


def test_clear_leaves_nothing_even_without_a_database(
    real: config.Settings, db: connection.Database
) -> None:
    cloud.add_instance(db, cloud.add_network(db))
    run(real, "once")
    driver = LinuxDriver(real.home / "network")
    assert driver.survey().taps
    (real.home / "state.db").unlink()
    run(real, "clear")
    assert driver.survey() == HostNetwork()
