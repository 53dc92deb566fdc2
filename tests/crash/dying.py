"""Work in a process of its own that is killed around a commit."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from appliance import config
from appliance.db import connection


class Dying(connection.Database):
    """A database whose process is killed at the given half-commit: 2n before, 2n+1 after one."""

    def __init__(self, settings: config.Settings, at: int) -> None:
        super().__init__(settings.home / "state.db")
        self._left = at

    @contextmanager
    def transaction(self) -> Iterator[connection.Transaction]:
        with super().transaction() as tx:
            yield tx
            self._step()
        self._step()

    def _step(self) -> None:
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self._left -= 1


def is_killed(settings: config.Settings, work: Callable[[Dying], object], *, at: int) -> bool:
    """Do the work in a child that is killed at half-commit `at`; False if it lived to the end."""
    child = os.fork()
    if child == 0:
        work(Dying(settings, at))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status in (0, signal.SIGKILL)
    return status != 0
