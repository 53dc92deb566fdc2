"""Makes the Nth step of the disk fail, or kills the process there.

A step is a call by which the store changes the disk: the functions of `os` named below, and every
statement given to SQLite that changes something.
"""

import contextlib
import errno
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

OS_STEPS = ("write", "fsync", "link", "unlink", "replace", "mkdir", "setxattr", "copy_file_range")
READS = ("SELECT", "PRAGMA", "ROLLBACK")

Hook = Callable[[str], None]  # told a step's name, before or after it


@contextlib.contextmanager
def watched(*, before: Hook | None = None, after: Hook | None = None) -> Iterator[None]:
    """Tell the hooks of every step during the block."""

    def step(name: str, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if before:
            before(name)
        result = work(*args, **kwargs)
        if after:
            after(name)
        return result

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            if sql.startswith(READS):
                return super().execute(sql, *args)
            return step(sql.split()[0], super().execute, sql, *args)

    real_connect = sqlite3.connect
    real = {name: getattr(os, name) for name in OS_STEPS}
    sqlite3.connect = lambda *args, **kwargs: real_connect(*args, **kwargs, factory=Connection)
    for name, work in real.items():
        setattr(os, name, lambda *a, _n=name, _w=work, **k: step(_n, _w, *a, **k))
    try:
        yield
    finally:
        sqlite3.connect = real_connect
        for name, work in real.items():
            setattr(os, name, work)


class Nth:
    """A hook that acts at its Nth call; `reached` says whether there were so many."""

    def __init__(self, number: int, act: Callable[[str], None]) -> None:
        self.left = number
        self.act = act
        self.reached = False

    def __call__(self, name: str) -> None:
        self.left -= 1
        if self.left == 0:
            self.reached = True
            self.act(name)


def kill_myself(_name: str) -> None:
    """Die at once, as from a power button."""
    os.kill(os.getpid(), signal.SIGKILL)


def fail(name: str) -> None:
    """Fail as a full disk does."""
    if name.isupper():
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error
    raise OSError(errno.ENOSPC, "No space left on device")
