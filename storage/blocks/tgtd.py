"""One tgtd (Linux SCSI target framework) of our own: starts it, asks it, ends it.

Speaks the protocol of tgtadm (tgt 1.0.85, usr/tgtadm.h and usr/mgmt.c) over its Unix socket, so
that no password is ever an argument that `ps` shows. Knows no export.
"""

import enum
import os
import select
import shutil
import signal
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from storage.blocks import program
from storage.blocks.errors import BlockError

ANSWER_S: Final = (
    20.0  # it answers within a millisecond, and starts within 0.1 s, on a quiet machine
)
_REQUEST: Final = struct.Struct("=II64sIiQQ6I")  # struct tgtadm_req
_RESPONSE: Final = struct.Struct("=II")  # struct tgtadm_rsp: error, length with this header
_CREDENTIALS: Final = struct.Struct("=iII")  # struct ucred: pid, uid, gid
_DRIVER: Final = b"iscsi"


class Mode(enum.IntEnum):
    """What a request is about (enum tgtadm_mode)."""

    SYSTEM = 0
    TARGET = 1
    DEVICE = 2
    PORTAL = 3
    CONNECTION = 6
    ACCOUNT = 7


class Op(enum.IntEnum):
    """What a request wants (enum tgtadm_op)."""

    NEW = 0
    DELETE = 1
    SHOW = 2
    BIND = 3
    UNBIND = 4
    UPDATE = 5


class Code(enum.IntEnum):
    """What it may answer, as far as anybody here cares (enum tgtadm_errno)."""

    SUCCESS = 0
    NO_TARGET = 4
    NO_SESSION = 6
    NO_CONNECTION = 7
    TARGET_ACTIVE = 19
    LUN_ACTIVE = 20


class Refused(BlockError):
    """It answered no; `code` is one of tgt's."""

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


class Tgtd:
    """The one whose socket is in `folder`, listening at one portal; at most one can run there."""

    def __init__(self, folder: Path, *, address: str, port: int) -> None:
        self._folder = folder
        self._portal = f"{address}:{port}"
        # -f: without it, it forks a logger, which keeps the socket open when tgtd is killed
        self._argv = ("tgtd", "-f", "--iscsi", f"portal={self._portal}")

    def start(self) -> None:
        """Have it run and listen. One that runs for another portal is ended first.

        Raises BlockError with its last words when it ends instead.
        """
        pid = self.pid()
        if pid and _argv(pid) == self._argv and self._listens():
            return
        self.end()
        if not shutil.which("tgtd"):
            raise BlockError("tgtd is not installed: install the package tgt")
        log = self._folder / "tgtd.log"
        # tgtd keeps its working directory: a path relative to it is never too long for a socket
        env = {"TGT_IPC_SOCKET": "tgtd"}
        ends = program.set_off(self._argv, folder=self._folder, log=log, env=env)
        try:
            self._await_socket(ends)
        finally:
            os.close(ends)
        if self.pid() is None or not self._listens():
            words = log.read_text(errors="replace")[-program.WORDS_MAX :].strip()
            self.end()
            raise BlockError(f"tgtd does not listen at {self._portal}: {words}")

    def _await_socket(self, ends: int) -> None:
        deadline = time.monotonic() + ANSWER_S
        while self.pid() is None and time.monotonic() < deadline:
            if select.select([ends], [], [], 0.02)[0]:
                return

    def _listens(self) -> bool:
        """Whether it has its portal. It answers only after it tried."""
        return f"Portal: {self._portal}," in self.ask(Mode.PORTAL, Op.SHOW)

    def pid(self) -> int | None:
        """The process that answers at its socket: the kernel knows who made it."""
        try:
            with self._connection() as link:
                size = _CREDENTIALS.size
                credentials = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        pid: int = _CREDENTIALS.unpack(credentials)[0]
        return pid

    def ask(
        self, mode: Mode, op: Op, *, tid: int = 0, lun: int = 0, sid: int = 0, cid: int = 0,
        text: str = "",
    ) -> str:  # fmt: skip
        """Ask for one thing; what it said.

        Raises Refused when it says no, BlockError when it says nothing in time or is not there.
        """
        words = text.encode() + b"\0" if text else b""
        length = _REQUEST.size + len(words)
        head = _REQUEST.pack(mode, op, _DRIVER, length, tid, sid, lun, cid, 0, 0, 0, 0, 0)
        what = f"tgtd: {mode.name.lower()} {op.name.lower()}"
        try:
            with self._connection() as link:
                link.sendall(head + words)
                code, length = _RESPONSE.unpack(_receive(link, _RESPONSE.size))
                answer = _receive(link, length - _RESPONSE.size)
        except OSError as error:
            raise BlockError(f"{what}: no answer: {error}") from error
        if code != Code.SUCCESS:
            raise Refused(f"{what} (target {tid}): refused with {code}", code=code)
        return answer.rstrip(b"\0").decode()

    def end(self) -> None:
        """End it: by its own means if it has no targets, otherwise at once. None is fine."""
        pid = self.pid()
        if pid is None:
            return
        process = os.pidfd_open(pid)
        try:
            if _argv(pid)[:2] != self._argv[:2]:
                raise BlockError(f"process {pid}, at the socket of tgtd, is no tgtd: end it")
            try:
                self.ask(Mode.SYSTEM, Op.DELETE)
            except BlockError:
                signal.pidfd_send_signal(process, signal.SIGKILL)
            if not select.select([process], [], [], ANSWER_S)[0]:
                raise BlockError(f"tgtd, process {pid}, does not end")
        finally:
            os.close(process)

    @contextmanager
    def _connection(self) -> Iterator[socket.socket]:
        folder = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
                link.settimeout(ANSWER_S)
                link.connect(f"/proc/self/fd/{folder}/tgtd.0")
                yield link
        finally:
            os.close(folder)


def _receive(link: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        part = link.recv(length - len(received))
        if not part:
            raise ConnectionResetError("it closed the connection")
        received += part
    return bytes(received)


def _argv(pid: int) -> tuple[str, ...]:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return ()
    return tuple(words.decode(errors="replace").split("\0")[:-1])
