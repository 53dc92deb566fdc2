"""A whole cloud for tests: real processes, in a network namespace and a libvirtd of its own.

Nothing of it touches the host's bridges, rules or libvirt, and `close` checks that nothing is left.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from appliance import config, credentials, supervisor

BIN: Final = Path(sys.executable).parent
PROGRAMS: Final = ("ip", "nft", "dnsmasq", "qemu-system-x86_64", "qemu-img", "libvirtd", "setpriv")


def missing() -> str:
    """What this machine lacks for a real cloud, as a reason to skip; empty when nothing."""
    if os.geteuid() != 0:
        return "root is missing"
    lacking = [program for program in PROGRAMS if not shutil.which(program)]
    return f"missing programs: {', '.join(lacking)}" if lacking else ""


class Cloud:
    """One cloud, its state folder and its namespace. `document` is its configuration."""

    def __init__(self, document: dict[str, Any] | None = None) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="nbx-", dir="/var/tmp"))
        self.home.chmod(0o755)
        self.namespace = self.home.name
        own = f"qemu:///system?socket={self.home}/libvirt/run/libvirt-sock"
        document = {"host": "box1", "compute": {"libvirt_uri": own}} | (document or {})
        (self.home / "novabox.toml").write_text(_toml(document))
        self.settings = config.load(self.home)
        self._ip("netns", "add", self.namespace)
        self._ip("-n", self.namespace, "link", "set", "lo", "up")

    def up(self) -> None:
        """Start it and wait until every part answers."""
        self.novabox("up", "--detach")

    def novabox(self, *arguments: str, check: bool = True) -> str:
        """Run a `novabox` command for this cloud."""
        return self.run(str(BIN / "novabox"), *arguments, check=check).stdout

    def openstack(self, *arguments: str, user: str = "demo") -> Any:
        """Run `openstack … -f json` as a user; its answer decoded (None when it printed none)."""
        done = self.run(str(BIN / "openstack"), *arguments, "-f", "json", user=user)
        return json.loads(done.stdout) if done.stdout.strip() else None

    def add_tiny(self, name: str, folder: Path) -> str:
        """Upload the tiny image of `folder` under that name, as the demo's user; its id."""
        made: str = self.openstack(
            "image", "create", name, "--file", str(folder / "ami-tiny.qcow2"),
            "--disk-format", "qcow2", "--container-format", "bare",
        )["id"]  # fmt: skip
        return made

    def run(
        self,
        *argv: str,
        user: str | None = None,
        check: bool = True,
        timeout_s: float = 180.0,
        stdin: str = "",
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside the namespace, logged in as `user` by the OS_* variables."""
        done = subprocess.run(
            ["ip", "netns", "exec", self.namespace, *argv], env=self.environment(user),
            input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise AssertionError(
                f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
            )
        return done

    def environment(self, user: str | None) -> dict[str, str]:
        """What a program of this cloud has in its environment, logged in as `user`."""
        variables = credentials.openstack_environment(self.settings, user) if user else {}
        own = {
            "NOVABOX_HOME": str(self.home),
            # what the interface remembers of an earlier cloud at this address is not this one's
            "XDG_CACHE_HOME": str(self.home / "xdg/cache"),
            "XDG_CONFIG_HOME": str(self.home / "xdg/config"),
        }
        return os.environ | variables | own

    def ssh(self, address: str, key: str, command: str, *, check: bool = True) -> str:
        """What a command inside a guest printed; empty, if not `check`, when there is no login."""
        return self.run(
            "ssh", "-i", key, "-o", "StrictHostKeyChecking=no", "-o", "BatchMode=yes",
            "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=5", "-o", "LogLevel=ERROR",
            f"root@{address}", command, check=check, timeout_s=60,
        ).stdout  # fmt: skip

    def children(self) -> dict[str, int]:
        """The pids of the cloud's processes by name."""
        running = supervisor.find(self.settings)
        assert running is not None
        return running.children

    def logs(self) -> str:
        """The last lines of every log, for a failed test's message."""
        tails = []
        for path in sorted((self.home / "log").glob("*.log")):
            lines = path.read_text(errors="replace").splitlines()[-15:]
            tails.append(f"--- {path.name}\n" + "\n".join(lines))
        return "\n".join(tails)

    def leftovers(self) -> list[str]:
        """Links and tables that are in the namespace and that a new namespace has not."""
        links = json.loads(self.run("ip", "-j", "link").stdout)
        names = [link["ifname"] for link in links if link["ifname"] != "lo"]
        return names + self.run("nft", "list", "tables").stdout.splitlines()

    def close(self) -> None:
        """Reset the cloud and remove the namespace, whatever state it is in."""
        try:
            self.novabox("reset", "--yes", check=False)
        finally:
            self._ip("netns", "del", self.namespace)
            shutil.rmtree(self.home, ignore_errors=True)

    @staticmethod
    def _ip(*arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=30)


def free_ports(count: int) -> list[int]:
    """TCP ports of the loopback address that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def eventually(
    condition: Callable[[], Any], *, timeout_s: float, what: str, every_s: float = 0.05
) -> Any:
    """Poll until `condition` answers something true, and answer it; fails naming `what`."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {timeout_s:g} s; last seen: {value!r}")
        time.sleep(every_s)
    return value


def _toml(document: dict[str, Any]) -> str:
    plain = [f"{key} = {json.dumps(v)}" for key, v in document.items() if not isinstance(v, dict)]
    tables = [
        "\n".join([f"[{name}]", *(f"{key} = {json.dumps(v)}" for key, v in table.items())])
        for name, table in document.items()
        if isinstance(table, dict)
    ]
    return "\n".join(plain + tables) + "\n"
