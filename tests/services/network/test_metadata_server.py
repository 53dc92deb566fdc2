"""The metadata service over real sockets: who asks is who is told, and nobody can crowd it out."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from appliance import errors
from services.network.metadata import InstanceMetadata
from services.network.metadata_server import MetadataServer
from tests.cloud import eventually, free_ports
from tests.services.network.test_metadata import ABOUT


class Service:
    """A server whose only guest is 127.0.0.1 on network `red`, and what it was told."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self.fetched: list[tuple[str, str]] = []
        self.server = MetadataServer(
            port=self.port,
            lookup=self.lookup,
            on_fetch=lambda instance_id, path: self.fetched.append((instance_id, path)),
        )

    def lookup(self, network_id: str, source: str) -> InstanceMetadata | None:
        if network_id == "broken":
            raise OverflowError(network_id)
        return ABOUT if (network_id, source) == ("red", "127.0.0.1") else None

    def get(self, path: str, *, gateway: str = "127.0.0.1") -> bytes:
        url = f"http://{gateway}:{self.port}{path}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bytes(answer.read())


@pytest.fixture
def service() -> Iterator[Service]:
    made = Service()
    yield made
    made.server.close()


def test_a_guest_reads_its_own_and_the_fetch_is_told(service: Service) -> None:
    service.server.listen({"127.0.0.1": "red"})
    assert service.get("/latest/meta-data/instance-id") == b"i-11111111"
    key = "/latest/meta-data/public-keys/0/openssh-key"
    assert service.get(key) == b"ssh-ed25519 AAAA test"
    fetch = (ABOUT.instance_id, key)
    eventually(lambda: fetch in service.fetched, timeout_s=10, what="the fetch is told")


def test_the_network_it_came_through_counts(service: Service) -> None:
    service.server.listen({"127.0.0.1": "red", "127.0.0.2": "blue"})
    assert service.get("/", gateway="127.0.0.1")
    with pytest.raises(urllib.error.HTTPError, match="404") as caught:
        service.get("/", gateway="127.0.0.2")
    caught.value.close()
    assert service.fetched == [(ABOUT.instance_id, "/")]


def test_what_is_not_there_is_404_and_no_fetch(service: Service) -> None:
    service.server.listen({"127.0.0.1": "red"})
    with pytest.raises(urllib.error.HTTPError, match="404") as caught:
        service.get("/latest/nothing")
    caught.value.close()
    assert service.fetched == []


def test_gateways_come_and_go(service: Service) -> None:
    service.server.listen({"127.0.0.1": "red"})
    service.server.listen({"127.0.0.2": "red"})
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", service.port))
    service.server.listen({"127.0.0.1": "red"})
    assert service.get("/latest/meta-data/instance-id") == b"i-11111111"


def test_an_address_that_is_not_here_is_an_error_that_names_it(service: Service) -> None:
    with pytest.raises(errors.NetworkError, match=r"192\.0\.2\.1"):
        service.server.listen({"192.0.2.1": "red"})
    service.server.listen({"127.0.0.1": "red"})
    assert service.get("/")


def test_a_lookup_that_fails_hangs_up_on_that_guest_only(service: Service) -> None:
    service.server.listen({"127.0.0.1": "red", "127.0.0.2": "broken"})
    with pytest.raises(ConnectionError):
        service.get("/", gateway="127.0.0.2")
    assert service.get("/")


def test_a_guest_with_too_many_connections_is_hung_up_on(service: Service) -> None:
    service.server.listen({"127.0.0.1": "red"})
    held = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(6)]
    try:
        for late in held[4:]:
            late.settimeout(10)
            assert late.recv(1) == b""
    finally:
        for connection in held:
            connection.close()

    def answers() -> bool:
        try:
            return service.get("/latest/meta-data/mac") == b"fa:16:3e:00:00:0b"
        except OSError:
            return False

    eventually(answers, timeout_s=10, what="the server answers")


@pytest.mark.parametrize(
    "words", [b"\n", b"GET\r\n\r\n", b"\x16\x03\x01", b"GET / HTTP/9.9\r\n\r\n"]
)
def test_rubbish_is_survived(service: Service, words: bytes) -> None:
    service.server.listen({"127.0.0.1": "red"})
    with socket.create_connection(("127.0.0.1", service.port)) as guest:
        guest.sendall(words)
    assert service.get("/")
