"""What packets really do on a host that the driver has made: guests, outside, metadata, host."""

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from services.network import reachability
from services.network.linux import LinuxDriver
from services.network.plan import HostPlan
from services.network.reachability import Packet
from tests.services.network import namespace
from tests.services.network.guest import Guest, Node, Outside, answer_all
from tests.services.network.plans import BLUE, EGRESS, PING, RED, SSH, WEB, port, rule

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif(namespace.missing() is not None, reason=str(namespace.missing())),
]

A = port(11, rules=(EGRESS, SSH, PING))
B = port(12, rules=(EGRESS, rule("ingress", protocol="tcp", ports=(80, 80), cidr="10.78.0.11/32")))
C = port(
    13,
    rules=(
        rule("egress", protocol="tcp", ports=(80, 80)),
        rule("ingress", protocol="tcp", ports=(80, 80), group=WEB),
    ),
)
D = port(14, BLUE)
PLAN = HostPlan(
    networks=(RED, BLUE),
    ports=(A, B, C, D),
    members={WEB: frozenset({"10.78.0.12"})},
    floating_ips={"198.51.100.50": "10.78.0.11"},
)


class Cloud:
    """A host with four guests and the world outside; the test's thread is on the host."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.driver = LinuxDriver(home / "network")
        stack.callback(self.driver.clear)
        self.outside = self._keep(stack, Outside())
        self.driver.apply(PLAN)
        self.a = self._keep(stack, Guest(A, RED))
        self.b = self._keep(stack, Guest(B, RED))
        self.c = self._keep(stack, Guest(C, RED))
        self.d = self._keep(stack, Guest(D, BLUE))
        for node in (self.a, self.b, self.c, self.d, self.outside):
            node.listen(22)
            node.listen(80)

    def _keep(self, stack: ExitStack, node: Node) -> Node:
        stack.callback(node.close)
        return node


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    home = Path("/var/tmp") / f"nbx-test-{tmp_path_factory.mktemp('net').name}"
    with namespace.private(), ExitStack() as stack:
        home.mkdir(mode=0o755, exist_ok=True)
        stack.callback(shutil.rmtree, home)
        yield Cloud(home, stack)


def serve_on_host(address: str, number: int, stack: ExitStack) -> None:
    server = stack.enter_context(socket.create_server((address, number)))
    answer_all(server)


def ask_from_host(ip: str, number: int) -> str | None:
    try:
        with socket.create_connection((ip, number), timeout=1) as connection:
            return connection.recv(100).decode()
    except OSError:
        return None


ALLOWED: dict[str, Callable[[Cloud], tuple[str | None, str]]] = {
    "an address that a rule names": lambda c: (c.a.ask("10.78.0.12", 80), "10.78.0.11"),
    "everybody, where a rule names nobody": lambda c: (c.b.ask("10.78.0.11", 22), "10.78.0.12"),
    "a member of the group": lambda c: (c.b.ask("10.78.0.13", 80), "10.78.0.12"),
    "egress that a rule names": lambda c: (c.c.ask("198.51.100.2", 80), "198.51.100.1"),
    "outside, masqueraded": lambda c: (c.b.ask("198.51.100.2", 80), "198.51.100.1"),
    "outside, as one's floating IP": lambda c: (c.a.ask("198.51.100.2", 80), "198.51.100.50"),
    "from outside to a floating IP": lambda c: (
        c.outside.ask("198.51.100.50", 22),
        "198.51.100.2",
    ),
    "a neighbour's floating IP": lambda c: (c.b.ask("198.51.100.50", 22), "10.78.0.1"),
    "one's own floating IP": lambda c: (c.a.ask("198.51.100.50", 22), "10.78.0.1"),
    "another network's floating IP": lambda c: (c.d.ask("198.51.100.50", 22), "10.78.0.1"),
    "from the host": lambda c: (ask_from_host("10.78.0.11", 22), "10.78.0.1"),
}

DENIED: dict[str, Callable[[Cloud], bool]] = {
    "a port that no rule names": lambda c: c.a.denied("10.78.0.12", 22),
    "an address that the rule does not name": lambda c: c.c.denied("10.78.0.12", 80),
    "not a member of the group": lambda c: c.a.denied("10.78.0.13", 80),
    "egress to a neighbour": lambda c: c.c.denied("10.78.0.11", 22),
    "egress to the outside": lambda c: c.c.denied("198.51.100.2", 22),
    "a floating IP's other ports": lambda c: c.outside.denied("198.51.100.50", 80),
    "another network's guests": lambda c: c.a.denied("10.79.0.14", 22),
    "and back": lambda c: c.d.denied("10.78.0.11", 22),
    "from the host, a port that no rule names": lambda c: ask_from_host("10.78.0.11", 80) is None,
}


@pytest.mark.parametrize("way", ALLOWED)
def test_allowed(cloud: Cloud, way: str) -> None:
    answer, expected = ALLOWED[way](cloud)
    assert answer == expected


@pytest.mark.parametrize("way", DENIED)
def test_denied(cloud: Cloud, way: str) -> None:
    assert DENIED[way](cloud)


WHO = {"10.78.0.11": "a", "10.78.0.12": "b", "10.78.0.13": "c", "10.79.0.14": "d"}
OUTSIDE = "198.51.100.2"


def _gets_through(cloud: Cloud, source: str, target: str, number: int) -> bool:
    """Whether a real connection gets an answer."""
    if source == reachability.HOST:
        return ask_from_host(target, number) is not None
    node = cloud.outside if source == OUTSIDE else getattr(cloud, WHO[source])
    return node.ask(target, number, tries=2) is not None


@pytest.mark.parametrize("source", [*WHO, OUTSIDE, reachability.HOST])
def test_the_verdict_on_a_path_is_what_packets_do(cloud: Cloud, source: str) -> None:
    targets = [ip for ip in (*WHO, "198.51.100.50", OUTSIDE) if ip != source]
    packets = [
        Packet(source=source, target=target, port=number)
        for target in targets
        for number in (22, 80)
        if (source, target) != (reachability.HOST, OUTSIDE)  # nothing of ours is in between
    ]  # fmt: skip
    judged = {packet: reachability.is_open(PLAN, packet) for packet in packets}
    seen = {
        packet: _gets_through(cloud, source, str(packet.target), packet.port or 0)
        for packet in packets
    }

    assert judged == seen
    assert set(seen.values()) == {True, False}


def test_the_metadata_service_sees_each_guests_own_address(cloud: Cloud) -> None:
    with ExitStack() as stack:
        serve_on_host("10.78.0.1", 8775, stack)
        serve_on_host("10.79.0.1", 8775, stack)
        for guest, ip in (
            (cloud.a, "10.78.0.11"),
            (cloud.c, "10.78.0.13"),
            (cloud.d, "10.79.0.14"),
        ):
            assert guest.ask("169.254.169.254", 80) == ip
        assert cloud.a.denied("10.78.0.1", 8775)
        assert cloud.a.denied("10.79.0.1", 8775)


def test_the_host_itself_is_closed_to_guests(cloud: Cloud) -> None:
    with ExitStack() as stack:
        serve_on_host("0.0.0.0", 8774, stack)
        assert ask_from_host("198.51.100.1", 8774) == "198.51.100.1"
        for ip in ("10.78.0.1", "10.79.0.1", "198.51.100.1"):
            assert cloud.a.denied(ip, 8774)


def test_an_address_that_is_not_its_own_gets_a_guest_nowhere(cloud: Cloud) -> None:
    cloud.a.set_address("10.78.0.12", 24, gateway="10.78.0.1")
    try:
        assert cloud.a.denied("10.78.0.13", 80)
        assert cloud.a.denied("198.51.100.2", 80)
    finally:
        cloud.a.set_address("10.78.0.11", 24, gateway="10.78.0.1")
    assert cloud.a.ask("10.78.0.12", 80) == "10.78.0.11"


def test_a_mac_that_is_not_its_own_gets_a_guest_nowhere(cloud: Cloud) -> None:
    cloud.a.set_mac("fa:16:3e:99:99:99")
    try:
        assert cloud.a.denied("10.78.0.12", 80)
    finally:
        cloud.a.set_mac(A.mac_address)
    assert cloud.a.ask("10.78.0.12", 80) == "10.78.0.11"


def test_a_revoked_rule_ends_the_connections_that_it_allowed(cloud: Cloud) -> None:
    server = cloud.a.namespace.run(lambda: socket.create_server(("", 2222)))
    open_2222 = rule("ingress", protocol="tcp", ports=(2222, 2222))
    others = (B, C, D)
    cloud.driver.apply(replace(PLAN, ports=(replace(A, rules=(*A.rules, open_2222)), *others)))
    with server, cloud.b.connect("10.78.0.11", 2222) as client:
        peer = server.accept()[0]
        with peer:
            client.sendall(b"before")
            peer.settimeout(10)
            assert peer.recv(100) == b"before"
            report = cloud.driver.apply(PLAN)
            assert "connections 10.78.0.11" in report.removed
            client.sendall(b"after")
            peer.settimeout(1)
            with pytest.raises(TimeoutError):
                peer.recv(100)


def test_a_connection_that_stays_allowed_survives_a_change_of_others(cloud: Cloud) -> None:
    with cloud.b.namespace.run(lambda: socket.create_server(("", 8000))) as server:
        allow = rule("ingress", protocol="tcp", ports=(8000, 8000))
        more = replace(PLAN, ports=(A, replace(B, rules=(*B.rules, allow)), C, D))
        cloud.driver.apply(more)
        with cloud.a.connect("10.78.0.12", 8000) as client, server.accept()[0] as peer:
            cloud.driver.apply(replace(more, ports=more.ports[:3]))
            client.sendall(b"still here")
            peer.settimeout(10)
            assert peer.recv(100) == b"still here"
    cloud.driver.apply(PLAN)
