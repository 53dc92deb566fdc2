"""Who listens on a port of this machine, as /proc tells."""

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance import supervisor

TABLES: Final = {socket.SOCK_STREAM: ("tcp", "tcp6"), socket.SOCK_DGRAM: ("udp", "udp6")}
TCP_LISTEN: Final = "0A"
UDP_UNCONNECTED: Final = "07"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A process that listens; pid 0 when it cannot be seen from here."""

    pid: int
    name: str
    is_ours: bool

    def __str__(self) -> str:
        """`dnsmasq (pid 12)`."""
        return f"{self.name} (pid {self.pid})" if self.pid else self.name


NOBODY_SEEN: Final = Owner(pid=0, name="a process that cannot be seen from here", is_ours=False)


def owner(kind: socket.SocketKind, port: int, proc: Path = Path("/proc")) -> Owner:
    """The process that has the port."""
    inodes = {
        f"socket:[{inode}]"
        for table in TABLES[kind]
        for inode in _inodes(proc / "net" / table, port)
    }
    for folder in proc.glob("[0-9]*"):
        if _holds(folder, inodes):
            return _owner(folder)
    return NOBODY_SEEN


def _inodes(table: Path, port: int) -> list[str]:
    """Columns 1, 3, 9: local address, state, inode (Linux, networking/proc_net_tcp.rst)."""
    try:
        rows = [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return []
    return [
        row[9] for row in rows
        if row[1].endswith(f":{port:04X}") and row[3] in (TCP_LISTEN, UDP_UNCONNECTED)
    ]  # fmt: skip


def _holds(folder: Path, inodes: set[str]) -> bool:
    try:
        return any(str(link.readlink()) in inodes for link in (folder / "fd").iterdir())
    except OSError:  # it ended meanwhile, or is somebody else's
        return False


def _owner(folder: Path) -> Owner:
    words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
    name = (folder / "comm").read_text().strip()
    is_unit = any(word.startswith("services.") for word in words)
    return Owner(
        pid=int(folder.name), name=name, is_ours=is_unit or name.startswith(supervisor.PREFIX)
    )
