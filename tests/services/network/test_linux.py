"""The Linux driver against what can happen to a host: other hands, dead daemons, kill -9."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyroute2.iproute.linux import IPRoute

from appliance import errors
from services.network import dnsmasq, forwarding
from services.network.fake import as_planned
from services.network.linux import LinuxDriver
from services.network.plan import HostNetwork, HostPlan
from tests.cloud import eventually
from tests.services.network import namespace
from tests.services.network.guest import Guest
from tests.services.network.plans import FULL, ONE, RED, port

pytestmark = [
    pytest.mark.host,
    pytest.mark.skipif(namespace.missing() is not None, reason=str(namespace.missing())),
]

FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
FILES_OF_RED = dnsmasq.Files(directory=Path("network"), bridge=RED.bridge)
TAP = port(11).tap


@pytest.fixture
def driver(home: Path) -> Iterator[LinuxDriver]:
    with namespace.private():
        made = LinuxDriver(home / "network")
        yield made
        made.clear()


def ip(*words: str) -> str:
    """Run iproute2: a hand that is not ours."""
    return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout


def nft(*words: str) -> str:
    return subprocess.run(["nft", *words], check=True, capture_output=True, text=True).stdout


def pid_of_server(home: Path) -> int:
    return int((home / "network" / FILES_OF_RED.pid.name).read_text())


def gone(pid: int) -> bool:
    try:
        return not Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return True


DAMAGE = {
    "all rules flushed": lambda: nft("flush", "ruleset"),
    "half of the rules deleted": lambda: nft("delete", "table", "bridge", "novabox"),
    "a tap deleted": lambda: ip("link", "del", TAP),
    "a tap taken out of its bridge": lambda: ip("link", "set", TAP, "nomaster"),
    "a tap switched off": lambda: ip("link", "set", TAP, "down"),
    "a tap's name forgotten": lambda: ip("link", "set", TAP, "alias", "x"),
    "hairpin off": lambda: subprocess.run(
        ["bridge", "link", "set", "dev", TAP, "hairpin", "off"], check=True
    ),
    "a bridge deleted": lambda: ip("link", "del", RED.bridge),
    "a bridge that filters no more": lambda: ip(
        "link", "set", RED.bridge, "type", "bridge", "nf_call_iptables", "0"
    ),
    "another MAC": lambda: ip("link", "set", RED.bridge, "address", "fe:00:00:00:00:01"),
    "another MTU": lambda: ip("link", "set", RED.bridge, "mtu", "1300"),
    "no address": lambda: ip("addr", "flush", "dev", RED.bridge),
    "one address too many": lambda: ip("addr", "add", "192.0.2.1/24", "dev", RED.bridge),
    "a stray tap": lambda: ip("tuntap", "add", "nbx-t-feedbeef", "mode", "tap"),
    "a stray bridge": lambda: ip("link", "add", "nbx-b-feedbeef", "type", "bridge"),
    "routing switched off": lambda: FORWARD.write_text("0"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_what_other_hands_did_is_repaired(driver: LinuxDriver, what: str) -> None:
    driver.apply(FULL)
    DAMAGE[what]()
    driver.apply(FULL)
    assert driver.survey() == as_planned(FULL)
    assert FORWARD.read_text().strip() == "1"
    links = ip("-d", "link")
    assert links.count("hairpin on") == len(FULL.ports)
    assert links.count("nf_call_iptables 1") == len(FULL.networks)
    assert not driver.apply(FULL)


def test_a_dead_dnsmasq_is_started_again(driver: LinuxDriver, home: Path) -> None:
    driver.apply(ONE)
    pid = pid_of_server(home)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: gone(pid), timeout_s=10, what="dnsmasq ends")
    assert driver.survey().dhcp == {}
    assert driver.apply(ONE).created == (f"dhcp {RED.bridge}",)
    assert driver.survey() == as_planned(ONE)


def test_a_dnsmasq_whose_pid_file_is_lost_is_found(driver: LinuxDriver, home: Path) -> None:
    driver.apply(ONE)
    pid = pid_of_server(home)
    (home / "network" / FILES_OF_RED.pid.name).unlink()
    assert not driver.apply(ONE)
    driver.clear()
    assert gone(pid)


def test_a_pid_file_that_names_another_process_harms_nobody(
    driver: LinuxDriver, home: Path
) -> None:
    driver.apply(ONE)
    pid = pid_of_server(home)
    (home / "network" / FILES_OF_RED.pid.name).write_text(f"{os.getpid()}\n")
    driver.clear()
    assert gone(pid)


def test_a_dnsmasq_with_other_settings_is_replaced(driver: LinuxDriver, home: Path) -> None:
    driver.apply(ONE)
    before = pid_of_server(home)
    driver.apply(replace(ONE, networks=(replace(RED, mtu=1400),)))
    assert gone(before)
    assert not gone(pid_of_server(home))


def test_a_dnsmasq_that_cannot_start_says_why(driver: LinuxDriver, home: Path) -> None:
    (home / "network" / FILES_OF_RED.log.name).mkdir(parents=True)
    with pytest.raises(errors.NetworkError, match="dnsmasq ended"):
        driver.apply(ONE)
    (home / "network" / FILES_OF_RED.log.name).rmdir()
    driver.apply(ONE)
    assert driver.survey() == as_planned(ONE)


def test_what_is_not_ours_is_not_touched(driver: LinuxDriver) -> None:
    ip("link", "add", "br-other", "type", "bridge")
    ip("tuntap", "add", "tap-other", "mode", "tap")
    nft("add", "table", "inet", "other")
    driver.apply(FULL)
    driver.apply(HostPlan())
    driver.clear()
    assert "table inet other" in nft("list", "tables")
    assert {"br-other", "tap-other"} <= {line.split(": ")[1] for line in links()}


def links() -> list[str]:
    return [line for line in ip("-o", "link").splitlines() if line]


def test_a_device_of_a_taps_name_that_is_no_tap_is_refused(driver: LinuxDriver) -> None:
    ip("link", "add", TAP, "type", "bridge")
    with pytest.raises(errors.NetworkError, match=f"ip link del {TAP}"):
        driver.apply(ONE)
    ip("link", "del", TAP)
    driver.apply(ONE)
    assert driver.survey() == as_planned(ONE)


def test_clear_puts_routing_back_as_it_was(driver: LinuxDriver) -> None:
    FORWARD.write_text("0")
    driver.apply(ONE)
    assert FORWARD.read_text().strip() == "1"
    driver.clear()
    assert FORWARD.read_text().strip() == "0"
    FORWARD.write_text("1")
    driver.apply(ONE)
    driver.clear()
    assert FORWARD.read_text().strip() == "1"


def test_a_kernel_without_br_netfilter_is_refused(home: Path) -> None:
    with pytest.raises(errors.NetworkError, match="modprobe br_netfilter"):
        forwarding.require_bridge_filter(home / "missing")


def lease(guest: Guest, script: Path) -> str:
    """What a real DHCP client is given: address, router, MTU; empty when nobody answers."""
    argv = ["busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-t", "3", "-T", "1", "-O", "mtu"]
    return guest.namespace.run(
        lambda: subprocess.run(
            [*argv, "-s", str(script)], capture_output=True, text=True, check=False
        ).stdout.strip()
    )


@pytest.fixture
def script(home: Path) -> Path:
    path = home / "udhcpc"
    path.write_text('#!/bin/sh\n[ $1 = bound ] && echo "$ip $router $mtu $hostname $dns"\nexit 0\n')
    path.chmod(0o755)
    return path


def up(guest: Guest) -> None:
    def run() -> None:
        with IPRoute() as netlink:
            netlink.link("set", index=netlink.link_lookup(ifname="eth0")[0], state="up")

    guest.namespace.run(run)


def test_a_guest_gets_its_address_by_dhcp_and_an_unknown_mac_gets_none(
    driver: LinuxDriver, script: Path
) -> None:
    driver.apply(ONE)
    guest = Guest(port(11), None)
    try:
        up(guest)
        assert lease(guest, script) == "10.78.0.11 10.78.0.1 1450 vm-11 10.78.0.1"
        guest.set_mac("fa:16:3e:01:02:03")
        assert lease(guest, script) == ""
    finally:
        guest.close()


def test_an_address_that_moved_to_another_mac_is_leased_at_once(
    driver: LinuxDriver, script: Path
) -> None:
    driver.apply(ONE)
    first = Guest(port(11), None)
    try:
        up(first)
        assert lease(first, script).startswith("10.78.0.11 ")
    finally:
        first.close()
    heir = replace(port(12), fixed_ips=("10.78.0.11",))
    driver.apply(replace(ONE, ports=(heir,)))
    second = Guest(heir, None)
    try:
        up(second)
        assert lease(second, script).startswith("10.78.0.11 ")
    finally:
        second.close()


ACTS = frozenset({"subprocess.Popen", "socket.sendto", "fcntl.ioctl", "os.rename", "os.remove"})


def is_act(event: str, args: tuple[object, ...]) -> bool:
    """Whether the interpreter is about to change something outside itself."""
    return event in ACTS or (event == "open" and "w" in str(args[1]))


def die_at(step: int, directory: Path, plan: HostPlan) -> bool:
    """Apply `plan` in a child that is killed before its `step`th act; False if it had fewer."""
    child = os.fork()
    if child == 0:
        acts = 0

        def count(event: str, args: tuple[object, ...]) -> None:
            nonlocal acts
            if is_act(event, args):
                acts += 1
                if acts == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        LinuxDriver(directory).apply(plan)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status != 0


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_a_kill_at_any_act_is_finished_by_the_next_apply(driver: LinuxDriver, home: Path) -> None:
    """From one plan to another one that adds, changes and removes; killed before every act."""
    shrunk = replace(
        FULL, networks=(replace(RED, mtu=1400),), ports=(port(12), port(15)), members={}
    )
    shrunk = replace(shrunk, floating_ips={})
    step = 0
    while True:
        step += 1
        driver.apply(FULL)
        if not die_at(step, home / "network", shrunk):
            break
        LinuxDriver(home / "network").apply(shrunk)
        assert driver.survey() == as_planned(shrunk), f"killed at act {step}"
        assert not driver.apply(shrunk), f"killed at act {step}"
    assert step > 20
    assert driver.survey() == as_planned(shrunk)


@pytest.mark.crash
@pytest.mark.timeout(600)
def test_a_kill_at_any_act_of_the_first_apply_leaves_nothing_that_clear_misses(
    driver: LinuxDriver, home: Path
) -> None:
    step = 0
    while die_at(step := step + 1, home / "network", ONE):
        driver.clear()
        assert driver.survey() == HostNetwork(), f"killed at act {step}"
    assert step > 10
