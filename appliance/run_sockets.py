"""Unix sockets in the cloud's `run` folder: only its own user's processes, and root's, may ask."""

import contextlib
import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_CREDENTIALS: Final = struct.Struct("3i")  # unix(7), SO_PEERCRED: pid, uid, gid


@contextlib.contextmanager
def address(run_dir: Path, name: str) -> Iterator[str]:
    """A path to the socket that is short whatever the folder is: sun_path holds 107 bytes."""
    folder = os.open(run_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{name}"
    finally:
        os.close(folder)


def bind(listening: socket.socket, run_dir: Path, name: str) -> None:
    """Give the socket its name; from now on it is the one of that name that is asked."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with address(run_dir, name) as path:
        Path(path).unlink(missing_ok=True)
        listening.bind(path)
        Path(path).chmod(0o600)  # nobody is let in before it listens


def is_trusted(peer: socket.socket) -> bool:
    """Whether the other end is a process of this user or of root, by the kernel's word."""
    packed = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(packed)
    return uid in (0, os.geteuid())
