"""Processes that begin as copies of this one: what they have in common is in memory once.

A page that neither writes stays shared (ADR 0028). Who makes copies has one thread, and leaves them
nothing of its own: no file, no signal handler, no environment. It knows no process by name.
"""

import ctypes
import gc
import importlib
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkProcess
from typing import IO, Final

_FORK: Final = multiprocessing.get_context("fork")
_SIGNALS: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h
_PR_SET_NAME: Final = 15


def share(modules: Sequence[str]) -> None:
    """Load what copies will find loaded; the collector never writes to it again."""
    for module in modules:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()


def start(
    module: str, name: str, *, environment: Mapping[str, str], output: IO[bytes]
) -> ForkProcess:
    """Run `python -m MODULE` in a copy, which gets SIGTERM when this process dies.

    `ps` and `top` call it `name`, of which the kernel keeps 15 characters. Do not `join` it with a
    time-out: the copy has closed the pipe that would tell.
    """
    process = _FORK.Process(
        target=_become, args=(module, name, environment, output.fileno(), os.getpid()), name=name
    )
    # a signal that comes before the copy has forgotten our handlers would be lost
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


def _become(
    module: str, name: str, environment: Mapping[str, str], output: int, parent: int
) -> None:
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    prctl(_PR_SET_NAME, name.encode())
    signal.set_wakeup_fd(-1)
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
    if os.getppid() != parent:  # it died before we asked to be told
        return
    os.setpgid(0, 0)  # Ctrl-C is the parent's; it tells its copies in order
    for standard in (1, 2):
        os.dup2(output, standard)
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
