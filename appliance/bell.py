"""Bells: one process wakes another at once, with no message in it.

A bell is a Unix datagram socket in the cloud's `run` folder. Ringing one that nobody listens to, or
that has been rung enough, is nothing: whoever is woken looks at a database for what there is to do.
"""

import contextlib
import math
import select
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

from appliance import run_sockets


class Ringer:
    """Rings bells of one `run` folder; may be used by many threads."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def ring(self, name: str) -> None:
        """Wake who listens to bell `name`, if anybody does."""
        with (
            contextlib.suppress(OSError),
            run_sockets.address(self._run_dir, _file(name)) as address,
        ):
            self._socket.sendto(b"!", address)

    def close(self) -> None:
        """Give the socket back; also done when the ringer is forgotten."""
        self._socket.close()

    __del__ = close


class Bell:
    """Listens to one bell; the newest listener of a name is the one that hears it."""

    def __init__(self, run_dir: Path, name: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        run_sockets.bind(self._socket, run_dir, _file(name))

    def wait(self, timeout_s: float) -> bool:
        """Whether the bell rang within `timeout_s`. Of several threads that wait, one is woken.

        The kernel counts the time: Python's own time-outs poll, and a poll wakes all of them.
        """
        seconds, fraction = divmod(timeout_s, 1)
        limit = struct.pack("@ll", int(seconds), max(1, int(fraction * 1e6)))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
        try:
            self._socket.recv(1)
        except BlockingIOError:
            return False
        return True

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def drain(self) -> None:
        """Forget that it rang."""
        with contextlib.suppress(BlockingIOError):
            while self._socket.recv(1, socket.MSG_DONTWAIT):
                pass

    def close(self) -> None:
        """Stop listening; also done when the bell is forgotten."""
        self._socket.close()

    __del__ = close


def wait_any(bells: Sequence[Bell], timeout_s: float) -> set[int]:
    """Indexes of the bells that rang within `timeout_s`; however often each rang, it is one."""
    poll = select.poll()  # unlike `select` it takes any number of open files
    for one in bells:
        poll.register(one, select.POLLIN)
    ready = {fd for fd, _ in poll.poll(math.ceil(timeout_s * 1000))}
    rung = {index for index, one in enumerate(bells) if one.fileno() in ready}
    for index in rung:
        bells[index].drain()
    return rung


def _file(name: str) -> str:
    return f"{name}.bell"
