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
from collections.abc import Callable, Sequence

from tests import cloud as clouds
from tui.console.avt import Avt
from tui.console.emulator import text_of

DEADLINE_S = 60.0


class Terminal:
    """One run of a program inside a cloud's namespace, logged in as a user."""

    def __init__(
        self,
        cloud: clouds.Cloud,
        *argv: str,
        user: str = "demo",
        columns: int = 80,
        rows: int = 24,
    ) -> None:
        self.said = b""
        self._screen = Avt(columns, rows)
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.settings_before = termios.tcgetattr(slave)
        self._slave = slave
        self._process = subprocess.Popen(
            ["ip", "netns", "exec", cloud.namespace, *argv],
            env=cloud.environment(user) | {"TERM": "xterm-256color"},
            stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        )  # fmt: skip

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, text: str, *, timeout_s: float = DEADLINE_S) -> None:
        """Read until the program has written `text` after what was looked for before."""
        self._read_until(lambda: text.encode() in self.said, timeout_s, text)
        self.said = self.said.partition(text.encode())[2]

    def shows(self, text: str, *, times: int = 1, timeout_s: float = DEADLINE_S) -> None:
        """Read until the screen has `text` on it, that often."""
        self._read_until(lambda: self.screen().count(text) >= times, timeout_s, text)

    def shows_no_more(self, text: str, *, timeout_s: float = DEADLINE_S) -> None:
        """Read until the screen is without `text`."""
        self._read_until(lambda: text not in self.screen(), timeout_s, f"no {text}")

    def screen(self) -> str:
        """What is on the screen, line by line."""
        rows = (text_of(self._screen.row(y)).rstrip() for y in range(self._screen.rows))
        return "\n".join(rows)

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

    def _read_until(self, is_there: Callable[[], bool], timeout_s: float, what: str) -> None:
        deadline = time.monotonic() + timeout_s
        while not is_there():
            if time.monotonic() > deadline:
                last = self.said[-2000:]
                raise AssertionError(
                    f"{what}: not within {timeout_s:g} s; it said {last!r}\n{self.screen()}"
                )
            if select.select([self._master], [], [], 0.05)[0]:
                said = os.read(self._master, 65536)
                self._screen.feed(said)
                self.said += said
