"""One dnsmasq a network: started, told, restarted when dead, stopped.

A process is ours when its command line names our pid file; a number in a file proves nothing.
"""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Literal

from appliance import command, errors, trace
from appliance.model.network import BRIDGE_PREFIX
from services.network import dnsmasq, state_file
from services.network.plan import Network, Port

_STOP_S: Final = 5.0  # dnsmasq ends in milliseconds; after this it is killed


class Servers:
    """The DHCP servers whose files are in one directory. Call from one thread at a time."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o755)  # dnsmasq gives up root, and reads its files after that
        self._directory = directory
        self._told: dict[str, tuple[int, str]] = {}  # bridge: the process and text it was told

    def ensure(
        self, network: Network, ports: tuple[Port, ...]
    ) -> Literal["created", "changed"] | None:
        """Make the network's server run with these ports; say what had to be done.

        Raises NetworkError when dnsmasq does not start; then none runs on this bridge.
        """
        files = self._files(network.bridge)
        argv = dnsmasq.arguments(network, files)
        text = "".join(f"{line}\n" for line in dnsmasq.hosts(ports))
        with _process(files) as process:
            if process is not None and process.argv == argv:
                return self._tell(process, files, text, ports=ports)
            if process is not None:
                process.stop()
        _await_last_breath(files.pid)
        state_file.replace(files.hosts, text)
        state_file.replace(files.leases, dnsmasq.kept_leases(state_file.read(files.leases), ports))
        with trace.hop("driver", "start", target="dnsmasq", bridge=network.bridge):
            command.run(argv, failing_as=errors.NetworkError)
        return "created"

    def stop(self, bridge: str) -> bool:
        """End a bridge's server and forget its files; say whether there was any."""
        files = self._files(bridge)
        with _process(files) as process:
            if process is not None:
                process.stop()
        paths = [files.pid, files.hosts, files.leases, files.log]
        found = process is not None or any(path.exists() for path in paths)
        for path in paths:
            path.unlink(missing_ok=True)
        self._told.pop(bridge, None)
        return found

    def known(self) -> set[str]:
        """Bridges that have files of a server: they are there before it and go after it."""
        return {path.stem for path in self._directory.glob(f"{BRIDGE_PREFIX}*")}

    def strays(self) -> set[str]:
        """Bridges that have a server, even if somebody deleted its files."""
        start = f"--pid-file={self._directory}/{BRIDGE_PREFIX}"
        return {
            Path(argument).stem
            for pid in _pids()
            for argument in _argv(pid)
            if argument.startswith(start)
        }

    def survey(self) -> dict[str, tuple[str, ...]]:
        """For each bridge with a living server: the lines of its hosts file."""
        found = {}
        for bridge in self.known() | self.strays():
            files = self._files(bridge)
            with _process(files) as process:
                if process is not None:
                    found[bridge] = tuple(state_file.read(files.hosts).splitlines())
        return found

    def _files(self, bridge: str) -> dnsmasq.Files:
        return dnsmasq.Files(directory=self._directory, bridge=bridge)

    def _tell(
        self, process: "_Process", files: dnsmasq.Files, text: str, *, ports: tuple[Port, ...]
    ) -> Literal["changed"] | None:
        """Release what moved, then SIGHUP: again if a crash may have come before the signal."""
        stale = dnsmasq.stale_leases(state_file.read(files.leases), ports)
        for ip, mac in stale.items():
            command.run(["dhcp_release", files.bridge, ip, mac], failing_as=errors.NetworkError)
        is_new = state_file.read(files.hosts) != text
        if is_new:
            state_file.replace(files.hosts, text)
        if self._told.get(files.bridge) != (process.pid, text):
            with trace.hop("driver", "reload", target="dnsmasq", bridge=files.bridge):
                process.signal(signal.SIGHUP)
            self._told[files.bridge] = (process.pid, text)
        return "changed" if is_new or stale else None


class _Process:
    """One living server, held by a pidfd so that its number cannot come to mean another."""

    def __init__(self, pid: int, fd: int, argv: list[str]) -> None:
        self.pid = pid
        self.argv = argv
        self._fd = fd

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; a process that just ended is no error: the next look finds it dead."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._fd, number)

    def stop(self) -> None:
        """End it and wait for its end. Raises NetworkError if not even SIGKILL ends it."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            self.signal(number)
            ready, _, _ = select.select([self._fd], [], [], _STOP_S)
            if ready:
                return
        raise errors.NetworkError(f"dnsmasq {self.pid} does not end: look at it with ps")


@contextmanager
def _process(files: dnsmasq.Files) -> Iterator[_Process | None]:
    """Find the living server of these files: by its pid file, else among all processes."""
    mark = dnsmasq.pid_argument(files)
    for pid in _candidates(files.pid):
        if mark not in _argv(pid):
            continue
        with suppress(ProcessLookupError), _pidfd(pid) as fd:
            argv = _argv(pid)  # again: now the number cannot change its meaning
            if mark in argv:
                yield _Process(pid, fd, argv)
                return
    yield None


def _await_last_breath(pid_file: Path) -> None:
    """Wait for a killed server to be over: it loses its command line before its sockets."""
    noted = _noted(pid_file)
    if noted is None or _name(noted) != "dnsmasq" or _argv(noted):
        return
    with suppress(ProcessLookupError), _pidfd(noted) as fd:
        select.select([fd], [], [], _STOP_S)


@contextmanager
def _pidfd(pid: int) -> Iterator[int]:
    fd = os.pidfd_open(pid)
    try:
        yield fd
    finally:
        os.close(fd)


def _candidates(pid_file: Path) -> Iterator[int]:
    noted = _noted(pid_file)
    if noted is not None:
        yield noted
    yield from _pids()


def _noted(pid_file: Path) -> int | None:
    text = state_file.read(pid_file).strip()
    return int(text) if text.isdecimal() and int(text) else None


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal())


def _argv(pid: int) -> list[str]:
    """The command line of a process; empty when it is gone or a zombie."""
    try:
        raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return []
    return raw.decode(errors="replace").split("\0")[:-1]


def _name(pid: int) -> str:
    """The name of a process, which it keeps until it is reaped; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""
