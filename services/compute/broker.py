"""The console broker: many read a guest's serial console, one writes. Knows no row and no HTTP.

Reading costs nothing here: QEMU keeps all that a guest prints in its console log, and whoever asks
is handed that file, open. A restart of this process is nothing to readers. Writing opens the
guest's line, which is then drained until nobody has written for a while.

Processes of this user ask at a socket in the cloud's `run` folder (`api/consoles.py` is the other
end); a question is one packet: a JSON object, a line end, and what is to be typed.

    {"verb": "open", "instance"} → {"status": 200} + the log
    {"verb": "write", "break" or "ctrl-alt-del", "instance", "session", "writer", "is_forced"}
        → {"status": 200}
    {"verb": "release", "instance", "session"} → {"status": 200}

A status is HTTP's; what is not 200 has a reason.
"""

import contextlib
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from appliance import errors, ids, run_sockets
from appliance.ids import InstanceId
from services.compute import console
from services.compute.driver import ComputeDriver, Line
from services.compute.folders import Folders

log = logging.getLogger(__name__)

NAME: Final = "console.broker"  # in the cloud's `run` folder
PACKET_BYTES_MAX: Final = 96 << 10  # 64 KiB to type, and a head
LEASE_S: Final = 60.0  # who was silent for so long does not keep others from writing
LINE_S: Final = 300.0  # a line is kept open for so long: QEMU takes a second to see a new one
WRITE_S: Final = 5.0  # a guest that reads nothing for so long is not going to
_TOGETHER_MAX: Final = 16  # questions at once; more wait at the socket
_TRIM_BYTES: Final = 1 << 20  # printed since, for which the log is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    session: str
    name: str
    typed_s: float

    def holds(self) -> bool:
        return time.monotonic() - self.typed_s < LEASE_S


class _Console:
    """One guest's console: who writes, and the line that was opened for it."""

    def __init__(self, instance_id: InstanceId, driver: ComputeDriver, log_file: Path) -> None:
        self._instance_id = instance_id
        self._driver = driver
        self._log_file = log_file
        self._lock = threading.Lock()
        self._writer: _Writer | None = None
        self._line: Line | None = None
        self._used_s = 0.0

    def write(self, data: bytes, *, session: str, name: str, is_forced: bool) -> None:
        """Type `data`; with nothing, and no force, only open the line, whoever writes.

        Raises Conflict when somebody else writes, HypervisorError.
        """
        if not data and not is_forced:
            with self._alone():
                self._opened()
            return
        with self._turn(session, name, is_forced=is_forced):
            line = self._opened()
            if data:
                line.write(data, timeout_s=WRITE_S)

    def send_break(self, *, session: str, name: str, is_forced: bool) -> None:
        """Send a break. Raises Conflict when somebody else writes, HypervisorError."""
        with self._turn(session, name, is_forced=is_forced):
            self._opened().send_break()

    def send_ctrl_alt_del(self, *, session: str, name: str, is_forced: bool) -> None:
        """Press Ctrl+Alt+Del. Raises as `send_break`."""
        with self._turn(session, name, is_forced=is_forced):
            self._driver.send_ctrl_alt_del(self._instance_id)

    def release(self, session: str) -> None:
        """Let somebody else write; nothing if `session` is not the writer's."""
        with self._lock:
            if self._writer and self._writer.session == session:
                self._writer = None

    def rest(self) -> None:
        """Close a line that nobody wrote to for long."""
        with self._lock:
            if self._line and time.monotonic() - self._used_s > LINE_S:
                self._line.close()
                self._line = None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=WRITE_S):
            raise errors.Conflict(
                f"instance {self._instance_id} does not take what was typed before"
            )
        try:
            self._used_s = time.monotonic()
            yield
        finally:
            self._lock.release()

    @contextlib.contextmanager
    def _turn(self, session: str, name: str, *, is_forced: bool) -> Iterator[None]:
        with self._alone():
            other = self._writer
            if other and other.session != session and other.holds() and not is_forced:
                silent_s = time.monotonic() - other.typed_s
                raise errors.Conflict(
                    f"{other.name} writes on the console of instance {self._instance_id} (last "
                    f"{silent_s:.0f} s ago); take it over by force, or wait"
                )
            if other and other.session != session:
                log.info("instance %s: console: %s writes now", self._instance_id, name)
            self._writer = _Writer(session=session, name=name, typed_s=self._used_s)
            yield

    def _opened(self) -> Line:
        """The line, opened and drained; called with the lock held."""
        if self._line is None:
            line = self._driver.open_line(self._instance_id)
            threading.Thread(
                target=self._drain, args=(line,), name=f"line {self._instance_id}", daemon=True
            ).start()
            self._line = line
            log.info("instance %s: console: line opened", self._instance_id)
        return self._line

    def _drain(self, line: Line) -> None:
        """Have the guest never wait for us: what it prints is in its log already."""
        printed_bytes = 0
        while data := line.read():
            printed_bytes += len(data)
            if printed_bytes >= _TRIM_BYTES:
                printed_bytes = 0
                console.trim(self._log_file)
        with self._lock:
            if self._line is line:
                self._line = None
        log.info("instance %s: console: line closed", self._instance_id)


class Broker:
    """The socket and the threads behind it."""

    def __init__(self, driver: ComputeDriver, folders: Folders, run_dir: Path) -> None:
        self._driver = driver
        self._folders = folders
        self._path = run_dir / NAME
        self._lock = threading.Lock()
        self._consoles: dict[InstanceId, _Console] = {}
        self._free = threading.BoundedSemaphore(_TOGETHER_MAX)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def start(self) -> None:
        """Listen, and serve in threads until the process ends."""
        run_sockets.bind(self._listener, self._path.parent, NAME)
        self._listener.listen(_TOGETHER_MAX)
        threading.Thread(target=self._accept, name="console broker", daemon=True).start()

    def close(self) -> None:
        """Ask nobody in any more."""
        self._path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def look(self) -> None:
        """Close lines that rest, and forget consoles of instances that are gone."""
        with self._lock:
            consoles = dict(self._consoles)
        for instance_id, one in consoles.items():
            one.rest()
            if not self._folders.console_log(instance_id).exists():
                with self._lock:
                    self._consoles.pop(instance_id, None)

    def _accept(self) -> None:
        while True:
            self._free.acquire()
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        """Answer one question."""
        with contextlib.ExitStack() as left:
            left.callback(self._free.release)
            left.enter_context(peer)
            left.enter_context(contextlib.suppress(OSError))  # who asked is gone
            peer.settimeout(WRITE_S)
            head, _, data = peer.recv(PACKET_BYTES_MAX).partition(b"\n")
            if not head:
                return
            files: list[int] = []
            try:
                said = self._answer(json.loads(head), data, files)
            except FileNotFoundError:
                said = _refusal(HTTPStatus.CONFLICT, "it has not been started yet")
            except errors.HostError as error:
                said = _refusal(HTTPStatus.CONFLICT, str(error))
            except errors.NovaboxError as error:
                said = _refusal(error.status, str(error))
            except Exception:  # the thread's outermost frame
                log.exception("a question about a console failed")
                said = _refusal(HTTPStatus.SERVICE_UNAVAILABLE, "the log of the worker says more")
            for fd in files:
                left.callback(os.close, fd)
            socket.send_fds(peer, [json.dumps(said).encode()], files)

    def _answer(self, asked: dict[str, Any], data: bytes, files: list[int]) -> dict[str, Any]:
        instance_id = ids.InstanceId(asked["instance"])
        log_file = self._folders.console_log(instance_id)
        if asked["verb"] == "open":
            files.append(os.open(log_file, os.O_RDONLY))
        elif asked["verb"] == "release":
            self._console(instance_id).release(asked["session"])
        elif not log_file.exists():
            raise FileNotFoundError(log_file)
        elif asked["verb"] == "break":
            self._console(instance_id).send_break(**_who(asked))
        elif asked["verb"] == "ctrl-alt-del":
            self._console(instance_id).send_ctrl_alt_del(**_who(asked))
        else:
            self._console(instance_id).write(data, **_who(asked))
        return {"status": HTTPStatus.OK}

    def _console(self, instance_id: InstanceId) -> _Console:
        with self._lock:
            if instance_id not in self._consoles:
                self._consoles[instance_id] = _Console(
                    instance_id, self._driver, self._folders.console_log(instance_id)
                )
            return self._consoles[instance_id]


def _who(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "session": asked["session"], "name": asked["writer"], "is_forced": asked["is_forced"],
    }  # fmt: skip


def _refusal(status: int, reason: str) -> dict[str, Any]:
    return {"status": status, "reason": reason}
