"""The tests' cloud as a process of its own, and the interface started against it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tests.pty.terminal import Terminal

ROOT: Final = Path(__file__).parents[2]
TUI: Final = (sys.executable, "-m", "tui")


class Loopback:
    """A cloud process: where it listens, and how it is told what is to happen."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.url = url
        self._process = process

    def tell(self, command: str, /, *arguments: Any, **fields: Any) -> Any:
        """Have the cloud do one command (`tests.pty.crowd.command`); return its answer."""
        line = json.dumps([command, *arguments, *([fields] if fields else [])])
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def environ(self, home: Path, **more: str) -> dict[str, str]:
        """Return what a user of this cloud has in the environment, and nothing of the machine's.

        ``home`` is where the user's files are: the cache of what was last seen is there.
        """
        return {
            "PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_CONFIG_HOME": str(home / "config"), "XDG_STATE_HOME": str(home / "state"),
            "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONPATH": str(ROOT),
            "OS_AUTH_URL": f"{self.url}/identity/v3", "OS_USERNAME": "demo",
            "OS_PASSWORD": "secret", "OS_PROJECT_NAME": "demo", **more,
        }  # fmt: skip


@contextlib.contextmanager
def cloud(*, instances: int = 0) -> Iterator[Loopback]:
    """Run a cloud with box1's objects and ``instances`` more."""
    command = [sys.executable, "-m", "tests.pty.server", "--instances", str(instances)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    try:
        assert process.stdout is not None
        yield Loopback(process, process.stdout.readline().strip())
    finally:
        process.terminate()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@contextlib.contextmanager
def tui(
    of: Loopback,
    home: Path,
    *arguments: str,
    size: tuple[int, int] = (80, 24),
    term: str = "xterm-256color",
    baud: int | None = None,
    command: Sequence[str] = TUI,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """Run the interface against a cloud, in a terminal."""
    with Terminal(
        [*command, *arguments], environ=of.environ(home, **(environ or {})), size=size,
        term=term, baud=baud,
    ) as terminal:  # fmt: skip
        yield terminal
