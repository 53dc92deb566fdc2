"""Texts that the network service writes for the host's programs, kept in `tests/golden/network`.

`just regenerate` rewrites them; the diff is reviewed.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.network import dnsmasq, nftables
from services.network.plan import HostPlan
from tests.services.network.plans import BLUE, FULL, RED

FOLDER: Final = Path(__file__).parents[2] / "golden" / "network"
FILES: Final = dnsmasq.Files(directory=Path("/var/lib/novabox/network"), bridge=RED.bridge)
TEXTS: Final[dict[str, Callable[[], str]]] = {
    "no_ports.nft": lambda: nftables.rules(HostPlan()),
    "full.nft": lambda: nftables.rules(FULL),
    "dnsmasq_arguments.txt": lambda: "\n".join([*dnsmasq.arguments(RED, FILES), ""]),
    "dnsmasq_arguments_own_resolver.txt": lambda: "\n".join([*dnsmasq.arguments(BLUE, FILES), ""]),
    "dnsmasq_hosts.txt": lambda: "\n".join([*dnsmasq.hosts(FULL.ports_of(RED)), ""]),
}


def write() -> None:
    """Rewrite the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in TEXTS.items():
        (FOLDER / name).write_text(text())
