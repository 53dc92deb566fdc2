"""A program in a terminal of its own, typed at and read as a person would."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Sequence

from tests import cloud as clouds

DEADLINE_S = 60.0


class Terminal:
    """One run of a program inside a cloud's namespace, logged in as a user."""

    def __init__(self, cloud: clouds.Cloud, *argv: str, user: str = "demo") -> None:
        self.said = b""
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.settings_before = termios.tcgetattr(slave)
        self._slave = slave
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", cloud.namespace, *argv], env=cloud.environment(user),
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        )  # fmt: skip

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, text: str, *, timeout_s: float = DEADLINE_S) -> None:
        """Read until the program has written `text` after what was looked for before."""
        self._read_until(lambda: text.encode() in self.said, timeout_s, text)
        self.said = self.said.partition(text.encode())[2]

    def end(self, number: int = 0, *, timeout_s: float = DEADLINE_S) -> int:
        """Read to the program's end, which a signal may bring about; its exit status."""
        if number:
            os.kill(self._process.pid, signal.Signals(number))
        self._read_until(lambda: self._process.poll() is not None, timeout_s, "the end")
        return self._process.wait()

    def settings(self) -> Sequence[object]:
        """How the terminal is set now."""
        return termios.tcgetattr(self._slave)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._master)
        os.close(self._slave)

    def _read_until(self, is_there, timeout_s: float, what: str) -> None:  # type: ignore[no-untyped-def]
        deadline = time.monotonic() + timeout_s
        while not is_there():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not within {timeout_s:g} s; it said {self.said!r}")
            if select.select([self._master], [], [], 0.05)[0]:
                self.said += os.read(self._master, 65536)
