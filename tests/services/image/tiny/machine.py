"""One emulated machine with a serial console and a forwarded ssh port; needs no root."""

import os
import re
import selectors
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.cloud import free_ports

DEADLINE_S = 200  # 3 s on two idle cores


class Machine:
    """A running QEMU; leaving the context ends it."""

    def __init__(self, arguments: Sequence[str], *, key: Path) -> None:
        self._key = key
        (self._port,) = free_ports(1)
        self.console = ""
        self._process = subprocess.Popen(
            [
                "qemu-system-x86_64", "-accel", "tcg", "-m", "192", "-display", "none",
                "-nodefaults", "-no-reboot", "-serial", "stdio", "-device", "virtio-rng-pci",
                "-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{self._port}-:22",
                "-device", "virtio-net-pci,netdev=net,romfile=", *arguments,
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read the console until the pattern is on it. Raises AssertionError with all it said."""
        deadline = time.monotonic() + DEADLINE_S
        assert self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            while time.monotonic() < deadline:
                found = re.search(pattern, self.console)
                if found:
                    return found
                if selector.select(1):
                    said = os.read(self._process.stdout.fileno(), 65536)
                    assert said, f"QEMU ended before {pattern!r}:\n{self.console}"
                    self.console += said.decode(errors="replace")
        raise AssertionError(f"no {pattern!r} within {DEADLINE_S} s:\n{self.console}")

    def type(self, line: str) -> None:
        """Type a line on the console."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def ssh(self, command: str) -> str:
        """Run a command in the guest, logged in with the key."""
        done = subprocess.run(
            [
                "ssh", "-i", str(self._key), "-p", str(self._port), "-o", "BatchMode=yes",
                "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                "-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes", "-F", "none",
                "-o", "ConnectTimeout=60", "root@127.0.0.1", command,
            ],
            capture_output=True, text=True, timeout=DEADLINE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout
