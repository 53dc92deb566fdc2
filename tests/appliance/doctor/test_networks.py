import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config
from appliance.doctor import listeners, networks
from appliance.doctor.check import Status


@pytest.fixture
def taken() -> Iterator[int]:
    """A TCP port that this process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_is_taken_is_red_and_names_who_has_it(home: Path, taken: int) -> None:
    settings = config.parse({"api": {"port": taken}}, home=home)

    check = networks.ports(settings)

    assert check.status is Status.FAIL
    assert f"127.0.0.1:{taken} (api.port)" in check.finding
    assert f"(pid {os.getpid()})" in check.finding
    assert "api.port" in check.fix


def test_an_owner_that_cannot_be_seen_is_said_so(tmp_path: Path) -> None:
    assert listeners.owner(socket.SOCK_STREAM, 1, tmp_path) == listeners.NOBODY_SEEN


@pytest.mark.parametrize(
    ("command", "name"),
    [("python\0-m\0services.api\0", "python"), ("python\0-m\0appliance.cli\0up\0", "nbx-api")],
    ids=["unit", "child of up"],
)
def test_a_service_of_ours_is_known_by_what_it_runs(
    tmp_path: Path, command: str, name: str
) -> None:
    process = tmp_path / "42"
    (process / "fd").mkdir(parents=True)
    (process / "fd" / "3").symlink_to("socket:[777]")
    (process / "cmdline").write_text(command)
    (process / "comm").write_text(f"{name}\n")
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        "  sl  local_address rem_address   st tx rx tr when retrnsmt uid timeout inode\n"
        "   0: 0100007F:2246 00000000:0000 0A 0:0 00:0 0 0 0 777 1 0\n"
    )

    found = listeners.owner(socket.SOCK_STREAM, 0x2246, tmp_path)

    assert found == listeners.Owner(pid=42, name=name, is_ours=True)
    assert str(found) == f"{name} (pid 42)"
    assert listeners.owner(socket.SOCK_STREAM, 80, tmp_path) == listeners.NOBODY_SEEN


@pytest.mark.parametrize(("text", "finding"), [("1\n", "on"), ("0\n", "off: `novabox up`")])
def test_forwarding_is_left_to_the_network_worker(
    settings: config.Settings, tmp_path: Path, text: str, finding: str
) -> None:
    path = tmp_path / "ip_forward"
    path.write_text(text)

    check = networks.forwarding(settings, path)

    assert check.status is Status.OK
    assert check.finding.startswith(finding)


@pytest.mark.host
def test_this_kernel_makes_bridges_taps_and_rules(settings: config.Settings) -> None:
    assert networks.devices(settings).status is Status.OK
    assert networks.nftables(settings).status is Status.OK
