"""Network namespaces for tests, without names, mounts or processes: an open file keeps each alive.

A thread is in one namespace; sockets and children that it makes are too. So a test's own thread can
be a host, and short threads can be its guests, and nothing is left when the test's files close.
"""

import ctypes
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

from pyroute2.iproute.linux import IPRoute

_CLONE_NEWNET: Final = 0x40000000
_libc: Final = ctypes.CDLL(None, use_errno=True)
T = TypeVar("T")


def missing() -> str | None:
    """What this machine lacks for the host suites; None when it lacks nothing."""
    if os.geteuid() != 0:
        return "root is missing"
    programs = [p for p in ("nft", "dnsmasq", "dhcp_release") if shutil.which(p) is None]
    if programs:
        return f"{programs[0]} is missing"
    if not Path("/proc/sys/net/bridge").is_dir():
        return "the kernel module br_netfilter is missing"
    return None


class Namespace:
    """One network namespace; `close` ends it with all its devices."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    def new(cls) -> "Namespace":
        """A namespace with nothing but `lo`, which is up."""

        def make() -> int:
            _check(_libc.unshare(_CLONE_NEWNET))
            _lo_up()
            return _current()

        return cls(_in_thread(make))

    def run(self, work: Callable[[], T]) -> T:
        """Call `work` in a thread that is in this namespace; its result or its exception."""

        def inside() -> T:
            _check(_libc.setns(self.fd, _CLONE_NEWNET))
            return work()

        return _in_thread(inside)

    def close(self) -> None:
        """Let go of it."""
        os.close(self.fd)


@contextmanager
def private() -> Iterator[None]:
    """Put the calling thread into a namespace of its own for a while."""
    was = _current()
    try:
        _check(_libc.unshare(_CLONE_NEWNET))
        _lo_up()
        yield
    finally:
        _check(_libc.setns(was, _CLONE_NEWNET))
        os.close(was)


def _in_thread(work: Callable[[], T]) -> T:
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - handed to the caller
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def _current() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _check(result: int) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _lo_up() -> None:
    with IPRoute() as netlink:
        netlink.link("set", index=1, state="up")
