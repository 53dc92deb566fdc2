"""The command line and hosts file of one network's dnsmasq, and its lease file, as text.

Only known MACs are answered, each with its own fixed IP. Knows no process: see `dhcp`.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.network import state_file
from services.network.plan import Network, Port

DOMAIN: Final = "novalocal"  # Nova's dhcp_domain
LEASE_S: Final = 86400  # Neutron's dhcp_lease_duration; a taken address is released by us

_NOT_IN_A_LABEL: Final = re.compile(r"[^a-z0-9-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """The files of one server, all in `directory` and named after its bridge."""

    directory: Path
    bridge: str

    @property
    def hosts(self) -> Path:
        """What it may answer; read again on SIGHUP."""
        return self.directory / f"{self.bridge}.hosts"

    @property
    def leases(self) -> Path:
        """What it has answered; its own while it runs."""
        return self.directory / f"{self.bridge}.leases"

    @property
    def pid(self) -> Path:
        """Written by it before its start returns."""
        return self.directory / f"{self.bridge}.pid"

    @property
    def log(self) -> Path:
        """Its complaints; ordinary leases are not written there."""
        return self.directory / f"{self.bridge}.log"


def arguments(network: Network, files: Files) -> list[str]:
    """Command line of the server of `network`. With no name servers of its own it resolves itself.

    It then asks those of the host's /etc/resolv.conf.
    """
    subnet = ipaddress.IPv4Network(network.cidr)
    servers = ",".join(network.dns_nameservers or (network.gateway_ip,))
    return [
        "dnsmasq",
        "--conf-file=/dev/null",
        "--no-hosts",
        "--bind-interfaces",
        f"--interface={network.bridge}",
        "--except-interface=lo",
        pid_argument(files),
        f"--log-facility={files.log}",
        "--quiet-dhcp",
        f"--dhcp-hostsfile={files.hosts}",
        f"--dhcp-leasefile={files.leases}",
        f"--dhcp-range={subnet.network_address},static,{subnet.netmask},{LEASE_S}",
        f"--dhcp-lease-max={subnet.num_addresses}",
        "--dhcp-authoritative",
        "--dhcp-ignore=tag:!known",
        f"--dhcp-option=option:router,{network.gateway_ip}",
        f"--dhcp-option=option:dns-server,{servers}",
        f"--dhcp-option=option:mtu,{network.mtu}",
        f"--domain={DOMAIN}",
        "--domain-needed",
        "--bogus-priv",
    ]


def pid_argument(files: Files) -> str:
    """The argument by which a process is known to be this server: no other has this path."""
    return f"--pid-file={files.pid}"


def hosts(ports: Iterable[Port]) -> tuple[str, ...]:
    """Lines of the hosts file: `MAC,IP,NAME`. A port without an address has none."""
    return tuple(
        ",".join(filter(None, (port.mac_address, port.fixed_ips[0], label(port.hostname))))
        for port in ports
        if port.fixed_ips
    )


def label(hostname: str) -> str:
    """`hostname` as one DNS label, or nothing if nothing of it can be one (RFC 1123, 2.1)."""
    return _NOT_IN_A_LABEL.sub("-", hostname.lower())[:63].strip("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """One address given out; `expires_at` in seconds since the epoch, later after each renewal."""

    ip: str
    mac_address: str
    expires_at: int


def leases(text: str) -> tuple[Lease, ...]:
    """What a lease file says, whose lines are `expiry MAC IP name client-id`."""
    fields = (line.split() for line in text.splitlines())
    return tuple(
        Lease(ip=words[2], mac_address=words[1], expires_at=int(words[0]))
        for words in fields
        if len(words) >= 4
    )


def kept(directory: Path) -> tuple[Lease, ...]:
    """What the lease files of all servers in `directory` say."""
    files = sorted(directory.glob("*.leases"))
    return tuple(lease for path in files for lease in leases(state_file.read(path)))


def kept_leases(text: str, ports: Iterable[Port]) -> str:
    """Say the lease file again without the leases that `ports` contradict."""
    stale = stale_leases(text, ports)
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not stale.keys() & set(line.split()[2:3]))


def stale_leases(text: str, ports: Iterable[Port]) -> dict[str, str]:
    """MAC by IP of leases whose address is now free or another MAC's."""
    mac_by_ip = {port.fixed_ips[0]: port.mac_address for port in ports if port.fixed_ips}
    return {
        lease.ip: lease.mac_address
        for lease in leases(text)
        if mac_by_ip.get(lease.ip) != lease.mac_address
    }
