"""What guests' networks need: bridges and taps, filtering, routing, DHCP, and free ports."""

import contextlib
import errno
import os
import socket
from pathlib import Path
from typing import Final

from appliance import command, config, errors, supervisor
from appliance.doctor import listeners
from appliance.doctor.check import Check, commands, fail, ok
from appliance.doctor.machine import install, which

MODULES: Final = Path("/sys/module")
BRIDGE_FILTER: Final = Path("/proc/sys/net/bridge")
FORWARD: Final = Path("/proc/sys/net/ipv4/ip_forward")
TRIAL_RULES: Final = """\
table bridge nbx-doctor {
  chain guard {
    type filter hook prerouting priority -200
    iifname vmap { "nbx-none" : drop }
  }
}
table inet nbx-doctor {
  map outside {
    type ipv4_addr : ipv4_addr
  }
  chain pass {
    type filter hook forward priority 0
    ct state established,related accept
  }
  chain turn {
    type nat hook prerouting priority -100
    dnat ip to ip daddr map @outside
  }
}
"""
DHCP_PORT: Final = 67
DNS_PORT: Final = 53
# who serves iSCSI for the volume worker: tgtd, or the kernel, which is no process
TARGETS: Final = ("tgtd", listeners.NOBODY_SEEN.name)
# 127/8 is all this machine's: bound on nobody's behalf, unless somebody took every address.
UNUSED_ADDRESS: Final = "127.78.66.88"


def devices(settings: config.Settings) -> Check:
    """Bridges and taps, tried in a network namespace that is gone with the command."""
    for kind in (
        ["link", "add", "nbx-try", "type", "bridge"],
        ["tuntap", "add", "nbx-tap", "mode", "tap"],
    ):
        try:
            command.run(["unshare", "--net", "ip", *kind], failing_as=errors.NetworkError)
        except errors.NetworkError as error:
            what = "bridges" if "bridge" in kind else "taps"
            return _loading("bridges, taps", f"no {what}: {error}", "bridge", "tun")
    return ok("bridges, taps", "the kernel makes both")


def bridge_filter(settings: config.Settings) -> Check:
    """br_netfilter: without it security groups would not hold between guests of one bridge."""
    if BRIDGE_FILTER.is_dir():
        return ok("br_netfilter", "bridged packets reach the rules")

    return _loading(
        "br_netfilter", "not loaded: security groups would not hold between guests", "br_netfilter"
    )


def nftables(settings: config.Settings) -> Check:
    """nft and the kernel agree on rules of the kinds we use; nothing is changed."""
    try:
        command.run(
            ["nft", "--check", "--file", "-"], failing_as=errors.NetworkError, stdin=TRIAL_RULES
        )
    except errors.NetworkError as error:
        finding = str(error).splitlines()[0]
        if not which("nft"):
            return install("nftables", finding, "nftables")
        return _loading("nftables", finding, "nf_tables", "nft_nat", "nft_ct")
    return ok("nftables", "the kernel takes rules for bridges, filters and address translation")


def forwarding(settings: config.Settings, path: Path = FORWARD) -> Check:
    """Routing between guests and the world."""
    if path.read_text().strip() == "1":
        return ok("ip_forward", "on")
    if os.access(path, os.W_OK):
        return ok("ip_forward", "off: `novabox up` turns it on, `novabox reset` off again")
    return fail(
        "ip_forward", "off, and may not be turned on from here",
        fix=_by_root("sysctl net.ipv4.ip_forward=1"),
    )  # fmt: skip


def dnsmasq(settings: config.Settings) -> Check:
    """Guests' DHCP and DNS can be served: nobody has those ports on every address."""
    for kind, port in ((socket.SOCK_DGRAM, DHCP_PORT), (socket.SOCK_STREAM, DNS_PORT)):
        if _is_taken(kind, UNUSED_ADDRESS, port):
            owner = listeners.owner(kind, port)
            return fail(
                "dnsmasq", f"port {port} is taken on every address by {owner}",
                fix=f"let {owner} listen on its own interfaces only, or stop it",
            )  # fmt: skip
    return ok("dnsmasq", "ports for DHCP and DNS are free on our bridges")


def ports(settings: config.Settings) -> Check:
    """The ports we listen on are free, or ours."""
    is_up = False
    wanted = {
        "api.port": (settings.api.address, settings.api.port),
        "object.port": (settings.object.address, settings.object.port),
        "volume.port": (settings.volume.address, settings.volume.port),
        "network.metadata_port": (UNUSED_ADDRESS, settings.network.metadata_port),
    }
    for key, (address, port) in wanted.items():
        if _is_taken(socket.SOCK_STREAM, address, port):
            owner = listeners.owner(socket.SOCK_STREAM, port)
            is_ours = owner.is_ours or (key == "volume.port" and str(owner).startswith(TARGETS))
            is_up = is_ours and supervisor.find(settings) is not None
            if not is_up:
                return fail(
                    "ports", f"{address}:{port} ({key}) is taken by {owner}",
                    fix=f"stop it, or set {key} in {settings.home}/novabox.toml",
                )  # fmt: skip
    numbers = ", ".join(str(port) for _, port in wanted.values())
    return ok("ports", f"{numbers}: {'ours, the cloud is up' if is_up else 'free'}")


def _loading(name: str, finding: str, *modules: str) -> Check:
    """A red line that modules of the kernel mend; taken back, those go that were not there."""
    if os.geteuid() != 0:
        return fail(name, finding, fix=_by_root("modprobe"))
    line = ("modprobe", "-a", *modules)
    added = [module for module in modules if not (MODULES / module).is_dir()]
    return fail(
        name, finding, fix=" ".join(line), apply=commands(line),
        undo=(("modprobe", "-r", *added),) if added else (),
    )  # fmt: skip


def _by_root(fix: str) -> str:
    return fix if os.geteuid() == 0 else "run it again with sudo"


def _is_taken(kind: socket.SocketKind, address: str, port: int) -> bool:
    with contextlib.closing(socket.socket(socket.AF_INET, kind)) as probe:
        if kind is socket.SOCK_STREAM:
            # as our servers do: connections that are ending do not count
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            # as dnsmasq does: a DHCP server that keeps to an interface of its own is no matter
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lo")
        try:
            probe.bind((address, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
