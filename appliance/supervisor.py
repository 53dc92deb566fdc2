"""Runs the cloud's processes on one machine: starts them, restarts what dies, stops them in order.

`systemd/` starts the same commands as units; this is the same for a laptop, a class and the tests.
Here they are copies of the supervisor (`copies.py`), so what they have in common is in memory once.
It knows their modules' names, not what they do. Killing the supervisor stops its children too: each
asks the kernel for SIGTERM when its parent dies.
"""

import contextlib
import fcntl
import json
import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.context import ForkProcess
from typing import IO, Any, Final

from appliance import config, control, copies, errors, processes
from appliance.db import connection, services
from appliance.model.host import Service

log = logging.getLogger(__name__)

SERVICES: Final = ("object", "api", "image", "scheduler", "network", "volume", "compute")
LIBVIRTD: Final = "libvirtd"
PREFIX: Final = "nbx-"  # of a child's name, as `ps` shows it
# What two or more of them load: read once, and in memory once
SHARED: Final = (
    "appliance.worker", "appliance.glance", "appliance.db.instances", "appliance.db.volumes",
    "appliance.db.ports", "appliance.db.images", "asyncio", "services.http.app",
    "services.http.server", "services.identity.api",
)  # fmt: skip
_BACKOFF_FIRST_S: Final = 0.2
_BACKOFF_MAX_S: Final = 5.0  # a process that dies at once is tried this often, for ever
_STEADY_S: Final = 2.0  # one that lived this long starts again with the first back-off
_STOP_S: Final = 30.0  # a process that does not stop by itself is killed after this
_LOOK_S: Final = 0.5  # how long a look at the lock may keep it from whoever starts
_LOOK_AGAIN_S: Final = 0.02  # whether those that were told to stop have
_LOG_BYTES_MAX: Final = 16 << 20  # at start, a log over this becomes NAME.log.1


@dataclass(slots=True)
class _Child:
    name: str
    process: ForkProcess | None = None
    started_at: float = 0.0
    backoff_s: float = _BACKOFF_FIRST_S
    due_at: float = 0.0
    is_wanted: bool = True
    kill_at: float | None = None  # it was told to stop, and is killed then
    is_at_once: bool = False  # its end was asked for: no back-off


def module(name: str) -> str:
    """What one of the cloud's processes runs."""
    return "services.compute.libvirtd" if name == LIBVIRTD else f"services.{name}"


def run_once(settings: config.Settings, *argv: str, timeout_s: float = 120.0) -> int:
    """Run `python -m ARGV` for the cloud in `settings` to its end; its exit status."""
    done = subprocess.run(
        [sys.executable, "-m", *argv],
        env=_environment(settings), stdin=subprocess.DEVNULL, timeout=timeout_s, check=False,
    )  # fmt: skip
    return done.returncode


def needs_libvirtd(settings: config.Settings) -> bool:
    """Whether no libvirtd of the system answers, so that the cloud must run its own."""
    if settings.compute.driver != "libvirt":
        return False
    return run_once(settings, "services.compute.libvirtd", "needed") == 0


class Supervisor:
    """One run of `novabox up`. `shared` are modules that its children find loaded."""

    def __init__(
        self, settings: config.Settings, names: tuple[str, ...], *, shared: tuple[str, ...] = ()
    ) -> None:
        self._settings = settings
        self._shared = shared
        self._children = [_Child(name=name) for name in names]
        self._stopping = False

    def run(self) -> None:
        """Keep all processes running until SIGTERM or SIGINT, then stop them, guests included.

        Raises Conflict when this cloud is up already.
        """
        with (
            _lock(self._settings),
            _signals(self._on_stop) as wakeup,
            contextlib.closing(control.Listener(self._settings.run_dir)) as listener,
        ):
            copies.share(self._shared)
            for child in self._children:
                self._start(child)
            try:
                while not self._stopping:
                    wakeup([listener], self._until_due())
                    listener.answer(self._do)
                    self._kill_overdue()
                    self._restart_dead()
            finally:
                self._stop_all()

    def _on_stop(self) -> None:
        self._stopping = True

    def _start(self, child: _Child) -> None:
        child.started_at = time.monotonic()
        with _log_file(self._settings, child.name) as output:
            child.process = copies.start(
                module(child.name), PREFIX + child.name,
                environment=_environment(self._settings), output=output,
            )  # fmt: skip
        log.info("%s: started, pid %s", child.name, child.process.pid)
        self._write_state()

    def _do(self, verb: str, name: str) -> dict[str, Any]:
        """What somebody asks of one process; the answer says how it is then.

        Raises NotFound; Conflict where there is nothing to do it to.
        """
        child = next((child for child in self._children if child.name == name), None)
        if child is None:
            raise errors.NotFound("service", name)
        if verb not in control.VERBS:
            raise errors.Conflict(f"{verb!r} is none of {', '.join(control.VERBS)}")
        if verb in ("stop", "kill") and child.process is None:
            raise errors.Conflict(f"{name} does not run")
        if verb == "start" and child.process is not None and child.is_wanted:
            raise errors.Conflict(f"{name} runs already")
        log.warning("%s: somebody asks to %s it", name, verb)
        child.is_wanted = verb != "stop"
        child.is_at_once = verb != "kill"
        child.due_at = 0.0
        if child.process and verb == "kill":
            child.process.kill()
        elif child.process and verb != "start":  # one that is stopping starts when it has
            child.process.terminate()
            child.kill_at = time.monotonic() + _STOP_S
        self._write_state()
        return {"name": name, "pid": child.process.pid if child.process else None}

    def _kill_overdue(self) -> None:
        for child in self._children:
            if child.process and child.kill_at is not None and child.kill_at <= time.monotonic():
                log.warning("%s: did not stop in %.0f s; killing it", child.name, _STOP_S)
                child.process.kill()
                child.kill_at = None

    def _restart_dead(self) -> None:
        now = time.monotonic()
        for child in self._children:
            status = child.process.exitcode if child.process else None
            if status is not None:
                self._bury(child, status, lived_s=now - child.started_at)
            if (
                child.process is None
                and child.is_wanted
                and child.due_at <= now
                and not self._stopping
            ):
                self._start(child)

    def _bury(self, child: _Child, status: int, *, lived_s: float) -> None:
        """A process has ended: when it is due again."""
        if lived_s > _STEADY_S or child.is_at_once:
            child.backoff_s = _BACKOFF_FIRST_S
        wait_s = 0.0 if child.is_at_once else child.backoff_s
        log.warning(
            "%s: ended with %s after %.1f s; %s", child.name, status, lived_s,
            f"starting it again in {wait_s:.1f} s" if child.is_wanted else "it stays stopped",
        )  # fmt: skip
        child.process = child.kill_at = None
        child.due_at = time.monotonic() + wait_s
        child.backoff_s = min(2 * child.backoff_s, _BACKOFF_MAX_S)
        child.is_at_once = False
        self._write_state()

    def _until_due(self) -> float | None:
        due = [
            child.due_at for child in self._children if child.process is None and child.is_wanted
        ]
        due += [child.kill_at for child in self._children if child.kill_at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _stop_all(self) -> None:
        """Workers first, then the guests, then what the guests stood on, the APIs last."""
        workers = [c for c in self._children if c.name in ("compute", "scheduler", "image")]
        self._stop(workers)
        if any(child.name == "compute" for child in self._children):
            self._leave_host()
        self._stop([c for c in reversed(self._children) if c not in workers])

    def _leave_host(self) -> None:
        self._run("services.compute", "shutdown")
        for name, verb in (("volume", "shutdown"), ("network", "clear")):
            self._stop([child for child in self._children if child.name == name])
            self._run(f"services.{name}", verb)

    def _run(self, *argv: str) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            run_once(self._settings, *argv)

    def _stop(self, children: list[_Child]) -> None:
        running = [child.process for child in children if child.process]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + _STOP_S
        while any(one.exitcode is None for one in running) and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN_S)
        for process in running:
            if process.exitcode is None:
                process.kill()
                process.join()
        for child in children:
            child.process = None

    def _write_state(self) -> None:
        pids = {child.name: child.process.pid for child in self._children if child.process}
        path = self._settings.run_dir / "supervisor.json"
        fresh = path.with_suffix(".new")
        stopped = [child.name for child in self._children if not child.is_wanted]
        document = {"pid": os.getpid(), "children": pids, "stopped": stopped}
        fresh.write_text(json.dumps(document))
        fresh.replace(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A cloud that is up: the supervisor's pid and those of its children by name.

    `stopped` are those that somebody stopped: they stay so until started, or the next `up`.
    """

    pid: int
    children: dict[str, int]
    stopped: list[str] = field(default_factory=list)


def find(settings: config.Settings) -> Running | None:
    """The cloud's supervisor if it runs; None when the cloud is down."""
    try:
        with _lock(settings, fcntl.LOCK_SH):
            return None
    except errors.Conflict:
        return _state(settings)


def stopped(settings: config.Settings) -> list[str]:
    """Which processes somebody stopped, as the supervisor wrote down last."""
    return _state(settings).stopped


def control_service(settings: config.Settings, name: str, verb: str) -> dict[str, Any]:
    """Restart, stop, start or kill one process: what the supervisor answers.

    Raises NotFound, Conflict; Conflict also where none runs, with the line that does it instead.
    """
    if find(settings) is None:
        unit = f"novabox-{name}.service"
        line = f"kill --signal=KILL {unit}" if verb == "kill" else f"{verb} {unit}"
        raise errors.Conflict(
            f"no `novabox up` runs here that could {verb} {name}; with systemd: systemctl {line}"
        )
    return control.ask(settings.run_dir, verb, name)


def _state(settings: config.Settings) -> Running:
    path = settings.run_dir / "supervisor.json"
    document = json.loads(path.read_text()) if path.exists() else {"pid": 0, "children": {}}
    return Running(**document)


def is_up(settings: config.Settings) -> bool:
    """Whether this machine's cloud is up, whoever runs it; makes no file, asks for no right."""
    if _answers(settings.api.address, settings.api.port):
        return True
    try:
        return (settings.run_dir / "supervisor.lock").exists() and find(settings) is not None
    except PermissionError:  # not ours to look at, and its API is silent
        return False


def waiting_for(settings: config.Settings, names: tuple[str, ...]) -> list[str]:
    """Which of `names` are not ready yet: not registered by their present process, or silent."""
    running = find(settings)
    if running is None:
        return list(names)
    registered = {row.name: row.pid for row in rows(settings)}
    ports = {
        "api": (settings.api.address, settings.api.port),
        "object": (settings.object.address, settings.object.port),
    }
    return [
        name
        for name in names
        if name != LIBVIRTD
        and (
            running.children.get(name) is None
            or registered.get(name) != running.children[name]
            or (name in ports and not _answers(*ports[name]))
        )
    ]


def stop(settings: config.Settings, *, timeout_s: float = 120.0) -> bool:
    """Stop the cloud and wait until it has; False when it was not up.

    Raises Unavailable when it does not stop in time.
    """
    running = find(settings)
    if running is None:
        return False
    if running.pid:
        os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout_s
    while find(settings) is not None:
        if time.monotonic() > deadline:
            raise errors.Unavailable(f"supervisor {running.pid} did not stop in {timeout_s:g} s")
        time.sleep(0.05)
    return True


def rows(settings: config.Settings) -> list[Service]:
    """What the services wrote of themselves; nothing before the first start."""
    if not (settings.home / "state.db").exists():
        return []
    return services.all_services(connection.open_db(settings.home))


def _answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _environment(settings: config.Settings) -> dict[str, str]:
    return os.environ | {"NOVABOX_HOME": str(settings.home), "PYTHONUNBUFFERED": "1"}


def _log_file(settings: config.Settings, name: str) -> IO[bytes]:
    folder = settings.home / "log"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.log"
    if path.exists() and path.stat().st_size > _LOG_BYTES_MAX:
        shutil.move(path, path.with_suffix(".log.1"))
    return path.open("ab")


@contextlib.contextmanager
def _lock(settings: config.Settings, mode: int = fcntl.LOCK_EX) -> Iterator[None]:
    """Hold the one lock of a cloud that is up; the kernel frees it however we end.

    Those who only look take it shared, for an instant; whoever starts waits that instant out.
    """
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    with (settings.run_dir / "supervisor.lock").open("w") as file:
        deadline = time.monotonic() + (_LOOK_S if mode == fcntl.LOCK_EX else 0.0)
        while not _try_lock(file, mode):
            if time.monotonic() >= deadline:
                raise errors.Conflict(f"the cloud in {settings.home} is up already")
            time.sleep(0.01)
        yield


def _try_lock(file: IO[str], mode: int) -> bool:
    try:
        fcntl.flock(file, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _signals(
    on_stop: Callable[[], None],
) -> Iterator[Callable[[Sequence[control.Listener], float | None], None]]:
    """Turn SIGTERM and SIGINT into `on_stop`; yields a wait that a signal or a child's end ends,
    and also somebody who asks.
    """
    read, write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def wait(listeners: Sequence[control.Listener], timeout_s: float | None) -> None:
        watched: list[int | control.Listener] = [read, *listeners]
        select.select(watched, [], [], timeout_s)
        with contextlib.suppress(BlockingIOError):
            os.read(read, 512)

    before = signal.set_wakeup_fd(write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: on_stop())
    try:
        yield wait
    finally:
        signal.set_wakeup_fd(before)
        os.close(read)
        os.close(write)


def cost(running: Running) -> list[processes.Cost]:
    """What each process of a running cloud costs now, the supervisor included."""
    named = {"supervisor": running.pid, **running.children}
    costs = (processes.cost(name, pid) for name, pid in named.items())
    return [one for one in costs if one]
