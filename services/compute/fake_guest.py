"""What answers on the serial line of a fake guest: a shell of a few words, as slow as a real one.

It writes into the console log and to whoever has the line open, and like QEMU waits for the latter.
"""

import contextlib
import re
import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.errors import HypervisorError

_FLOOD_BYTES_S: Final = 16 << 20  # of `yes`: three times what a console is asked to bear
_FLOOD_STEP_S: Final = 0.002
_LOOK_S: Final = 0.2  # how soon it is seen that the guest went off
_READ_BYTES: Final = 64 << 10
_HELP: Final = b"echo TEXT, yes [TEXT] until ^C, clear, help\r\n"
_INTERRUPT, _BREAK = b"\x03", b"\0break\0"
_ALONE: Final = re.compile(rb"(\0break\0|[\r\n\x03\x7f\b])")  # what means something by itself


class FakeGuest:
    """A Line and the guest at its other end, a thread that ends with the line.

    `is_on` says whether the guest still runs.
    """

    def __init__(self, log: Path, *, name: str, is_on: Callable[[], bool]) -> None:
        self._ours, theirs = socket.socketpair()
        self._shell = _Shell(theirs, log, name=name, is_on=is_on)
        self._name = name
        threading.Thread(target=self._shell.run, name=f"guest {name}", daemon=True).start()

    def read(self) -> bytes:
        """See Line.read."""
        with contextlib.suppress(OSError):
            return self._ours.recv(_READ_BYTES)
        return b""

    def write(self, data: bytes, *, timeout_s: float) -> None:
        """See Line.write."""
        if not select.select([], [self._ours], [], timeout_s)[1]:
            raise HypervisorError(f"{self._name}: it took no input for {timeout_s:g} s")
        try:
            self._ours.sendall(data)
        except OSError as error:
            raise HypervisorError(f"{self._name}: no serial line: it went off") from error

    def send_break(self) -> None:
        """See Line.send_break."""
        self.write(_BREAK, timeout_s=1.0)

    def close(self) -> None:
        """See Line.close."""
        with contextlib.suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)

    def __del__(self) -> None:
        self._ours.close()


class _Shell:
    """Reads lines as a terminal in cooked mode would, and answers."""

    def __init__(
        self, line: socket.socket, log: Path, *, name: str, is_on: Callable[[], bool]
    ) -> None:
        self._line = line
        self._log = log
        self._prompt = f"{name}:~# ".encode()
        self._is_on = is_on
        self._typed = bytearray()
        self._flood = b""

    def run(self) -> None:
        """Answer until the line is closed or the guest goes off."""
        look_at_s = time.monotonic() + _LOOK_S
        with self._line, contextlib.suppress(OSError):
            while True:
                pause_s = _FLOOD_STEP_S if self._flood else _LOOK_S
                if select.select([self._line], [], [], pause_s)[0]:
                    data = self._line.recv(_READ_BYTES)
                    if not data:
                        return
                    self._take(data)
                self._print(self._flood)
                if time.monotonic() >= look_at_s:
                    look_at_s = time.monotonic() + _LOOK_S
                    if not self._is_on():
                        return

    def _take(self, data: bytes) -> None:
        for piece in filter(None, _ALONE.split(data)):
            if piece == _BREAK:
                self._print(b"\r\nbreak\r\n" + self._prompt)
            elif piece == _INTERRUPT:
                self._flood = b""
                self._typed.clear()
                self._print(b"^C\r\n" + self._prompt)
            elif piece in (b"\r", b"\n"):
                self._print(b"\r\n")
                self._do(self._typed.decode("utf-8", "replace").strip())
                self._typed.clear()
            elif piece in (b"\x7f", b"\b"):
                if self._typed:
                    self._typed.pop()
                    self._print(b"\b \b")
            else:
                self._typed += piece
                self._print(piece)

    def _do(self, command: str) -> None:
        verb, _, text = command.partition(" ")
        if verb == "yes":
            line = f"{text or 'y'}\r\n".encode()
            self._flood = line * max(1, int(_FLOOD_BYTES_S * _FLOOD_STEP_S) // len(line))
            return
        answers = {
            "": b"", "echo": f"{text}\r\n".encode(), "help": _HELP, "clear": b"\x1b[H\x1b[2J",
        }  # fmt: skip
        self._print(answers.get(verb, f"{verb}: not found\r\n".encode()) + self._prompt)

    def _print(self, data: bytes) -> None:
        if data:
            with self._log.open("ab") as log:
                log.write(data)
            self._line.sendall(data)
