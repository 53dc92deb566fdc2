"""Loaded by every process of a cloud under test: kills it at the Nth commit, when told to.

A plan is a file `$NBX_CRASH/<service>` with `N before` or `N after`. Commits are counted at the
edge, in sqlite3, so that none of the product knows of it; the trace's own are not counted.
"""

import os
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

_real = sqlite3.connect
_plans = Path(os.environ.get("NBX_CRASH", "/nonexistent"))


def _plan() -> Path:
    return _plans / Path(sys.argv[0]).parent.name


class _Killing(sqlite3.Connection):
    counts = True

    def _around(self, commit: Any) -> Any:
        when = self._due() if self.counts and self.in_transaction else ""
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        done = commit()
        if when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    def _due(self) -> str:
        plan = _plan()
        try:
            number, when = plan.read_text().split()
        except (OSError, ValueError):
            return ""
        if int(number) > 1:
            plan.write_text(f"{int(number) - 1} {when}")
            return ""
        plan.unlink(missing_ok=True)
        return when

    def execute(self, sql: str, *parameters: Any) -> Any:
        if sql == "COMMIT":
            return self._around(lambda: super(_Killing, self).execute(sql))
        return super().execute(sql, *parameters)

    def commit(self) -> None:
        self._around(super().commit)


def _connect(database: Any, *arguments: Any, **options: Any) -> Any:
    options.setdefault("factory", _Killing)
    connection = _real(database, *arguments, **options)
    if "trace.db" in str(database) and isinstance(connection, _Killing):
        connection.counts = False
    return connection


sqlite3.connect = _connect
