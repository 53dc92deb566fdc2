"""A program in a pseudo-terminal: keys in, bytes out, and what a terminal would show of them.

Times are taken at the pty, as a terminal would see them; the screen is parsed afterwards, so
that the parser costs the program nothing.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pyte

from tests.bench import peers

PATIENCE_S: Final = 15.0
QUIET_S: Final = 0.06  # no byte for so long: the program has drawn all it had to draw
_CHUNK: Final = 65_536

KEYS: Final[Mapping[str, bytes]] = {
    "up": b"\x1b[A", "down": b"\x1b[B", "right": b"\x1b[C", "left": b"\x1b[D",
    "home": b"\x1b[H", "end": b"\x1b[F", "pageup": b"\x1b[5~", "pagedown": b"\x1b[6~",
    "enter": b"\r", "escape": b"\x1b", "tab": b"\t", "space": b" ", "backspace": b"\x7f",
    "f1": b"\x1bOP", "f2": b"\x1bOQ", "f3": b"\x1bOR", "f9": b"\x1b[20~",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What one key led to: seconds to the first and to the last byte, and how many there were."""

    first_s: float
    settled_s: float
    size_bytes: int


def bytes_of(key: str) -> bytes:
    """Return what a terminal sends for a key: its name, ``ctrl+x``, or the text itself."""
    if key.startswith("ctrl+") and len(key) == 6:
        return bytes([ord(key[5]) & 0x1F])
    return KEYS.get(key) or key.encode()


class Terminal:
    """A program that runs in a pty of a given size, TERM and environment."""

    def __init__(
        self,
        command: Sequence[str],
        *,
        environ: Mapping[str, str],
        size: tuple[int, int] = (80, 24),
        term: str = "xterm-256color",
        baud: int | None = None,
    ) -> None:
        self.size = size
        self.output = bytearray()
        self.times: list[tuple[float, int]] = []  # when how many bytes had come
        self._baud = baud
        self._parsed = 0
        self._has_ended, self._status = False, 0
        self._screen = pyte.Screen(*size)
        self._parser = pyte.ByteStream(self._screen)
        self.began_s = time.monotonic()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            _become(command, {**environ, "TERM": term}, size)
        os.set_blocking(self._master, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def send(self, *keys: str) -> None:
        """Type keys, one write each."""
        for key in keys:
            self.write(bytes_of(key))

    def write(self, data: bytes) -> None:
        """Send bytes as they are; what the program says meanwhile is taken, lest both wait."""
        deadline_s = time.monotonic() + PATIENCE_S
        while data:
            assert time.monotonic() < deadline_s, "the program takes no keys"
            try:
                data = data[os.write(self._master, data) :]
            except BlockingIOError:
                self.read(0.01)

    def read(self, for_s: float) -> int:
        """Take what comes within ``for_s``, at the first byte; return how many bytes came."""
        if self._master < 0:
            time.sleep(for_s)
            return 0
        if not select.select([self._master], [], [], for_s)[0]:
            return 0
        try:
            data = os.read(self._master, self._allowance())
        except (BlockingIOError, OSError):  # EIO: the program has closed its side
            return 0
        self.output += data
        self.times.append((time.monotonic(), len(self.output)))
        if self._baud:
            time.sleep(10 * len(data) / self._baud)  # a byte is ten bits on a serial line
        return len(data)

    def settle(self, *, quiet_s: float = QUIET_S) -> None:
        """Take all that comes until nothing has come for ``quiet_s``."""
        deadline_s = time.monotonic() + PATIENCE_S
        while self.read(quiet_s):
            assert time.monotonic() < deadline_s, "the program never stops drawing"

    def press(self, key: str, *, quiet_s: float = QUIET_S) -> Reaction:
        """Type one key and measure what it leads to; no byte within a second is a failure."""
        before, began_s = len(self.output), time.monotonic()
        self.write(bytes_of(key))
        assert self.read(PATIENCE_S), f"nothing happens at {key}"
        first_s = self.times[-1][0] - began_s
        self.settle(quiet_s=quiet_s)
        return Reaction(
            first_s=first_s,
            settled_s=self.times[-1][0] - began_s,
            size_bytes=len(self.output) - before,
        )

    def wait(self, condition: Callable[[str], object], *, patience_s: float = PATIENCE_S) -> float:
        """Take output until the screen's text fulfils ``condition``; return when that came.

        The time is that of the last byte which made it so, since the program's start.
        """
        deadline_s = time.monotonic() + patience_s
        while not condition(self.text()):
            assert time.monotonic() < deadline_s, f"never came:\n{self.text()}"
            self.read(0.25)
        return self.times[-1][0] - self.began_s

    def wait_for(self, text: str, *, patience_s: float = PATIENCE_S) -> float:
        """Take output until ``text`` is on the screen; return the seconds since the start."""
        return self.wait(lambda shown: text in shown, patience_s=patience_s)

    def when(self, condition: Callable[[str], object]) -> float:
        """Return how many seconds after its start the screen fulfilled ``condition`` first.

        All that was sent is shown again to another terminal, piece by piece as it came.
        """
        screen = pyte.Screen(*self.size)
        parser, before = pyte.ByteStream(screen), 0
        for at_s, size in self.times:
            parser.feed(bytes(self.output[before:size]))
            before = size
            if condition("\n".join(screen.display)):
                return at_s - self.began_s
        raise AssertionError(f"it never came:\n{self.text()}")

    def text(self) -> str:
        """Return what is on the screen, a line a row."""
        return "\n".join(line.rstrip() for line in self.screen().display)

    def screen(self) -> pyte.Screen:
        """Return the screen with its colours, all output taken into account."""
        self._parser.feed(bytes(self.output[self._parsed :]))
        self._parsed = len(self.output)
        return self._screen

    def resize(self, columns: int, lines: int) -> None:
        """Change the terminal's size, as a window does."""
        self.screen().resize(lines, columns)
        self.size = columns, lines
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def cpu_s(self) -> float:
        """Return what the program has used of the processor, to the microsecond."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def pss_mib(self) -> float:
        """Return the program's share of memory."""
        return peers.pss_mib([self.pid])

    def wakeups(self) -> int:
        """Return how often all threads of the program have gone to sleep so far."""
        count = 0
        for status in Path(f"/proc/{self.pid}/task").glob("*/status"):
            line = next(one for one in status.read_text().splitlines() if one.startswith("volun"))
            count += int(line.split()[1])
        return count

    def status(self, *, patience_s: float = PATIENCE_S) -> int:
        """Wait for the program's end and return its exit status; negative: the signal."""
        deadline_s = time.monotonic() + patience_s
        while self.is_running():
            assert time.monotonic() < deadline_s, f"it does not end:\n{self.text()}"
            self.read(0.05)
        return self._status

    def is_running(self) -> bool:
        """Whether the program has not ended."""
        if not self._has_ended:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._has_ended, self._status = True, os.waitstatus_to_exitcode(status)
        return not self._has_ended

    def hang_up(self) -> None:
        """Close the terminal under the program, as a window that is closed does."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """End the program, if it runs, and its terminal."""
        if self.is_running():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self._has_ended, self._status = True, -signal.SIGKILL
        if self._master >= 0:
            self.hang_up()

    def _allowance(self) -> int:
        """How much is read at once: a slow line takes a twentieth of a second's worth."""
        return _CHUNK if self._baud is None else max(1, self._baud // 10 // 20)


def _become(command: Sequence[str], environ: Mapping[str, str], size: tuple[int, int]) -> None:
    """In the child: be the program, in a terminal of this size; never returns."""
    try:
        window = struct.pack("HHHH", size[1], size[0], 0, 0)
        fcntl.ioctl(sys.__stdin__.fileno() if sys.__stdin__ else 0, termios.TIOCSWINSZ, window)
        os.execvpe(command[0], list(command), dict(environ))
    finally:
        os._exit(127)
