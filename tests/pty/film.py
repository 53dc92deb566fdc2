"""`python -m tests.pty.film [FOLDER]`: the first minute of a new user, filmed against a real cloud.

A cloud of its own is started, with real guests, in namespaces of its own (root). The user starts
the interface, runs an instance, watches its request, logs in to its console, attaches a volume,
and undoes a deletion. Left in the folder: `first-minute.cast`, and a still of each act.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests import cloud as clouds
from tests.pty import cast
from tests.pty.terminal import Terminal

SIZE: Final = (100, 30)
KEY_S: Final = 0.09  # a calm hand
BEAT_S: Final = 1.0
BOOT_S: Final = 240.0


class Film:
    """A terminal under a calm hand, and stills of it."""

    def __init__(self, terminal: Terminal, folder: Path) -> None:
        self.terminal = terminal
        self.keys = 0
        self._folder = folder

    def type(self, *keys: str) -> None:
        """Type keys as a person does."""
        for key in keys:
            self.terminal.send(key)
            self.keys += 1
            end_s = time.monotonic() + KEY_S
            while (left_s := end_s - time.monotonic()) > 0:
                self.terminal.read(left_s)

    def look(self, text: str, *, patience_s: float = 60.0, for_s: float = BEAT_S) -> None:
        """Wait until ``text`` is on the screen, and look at it a while."""
        self.terminal.wait_for(text, patience_s=patience_s)
        end_s = time.monotonic() + for_s
        while (left_s := end_s - time.monotonic()) > 0:
            self.terminal.read(left_s)

    def still(self, name: str) -> None:
        """Keep what is on the screen."""
        cast.still(self.terminal, self._folder / f"minute-{name}.svg", title="novabox")


def play(film: Film) -> None:
    """The acts."""
    film.look("run an instance", for_s=2.0)
    film.look("up  mq")
    film.still("1-home")
    film.type("n")
    film.look("The scheduler would choose", for_s=2.0)
    film.still("2-run")
    film.type("ctrl+s")
    film.look("web-1")
    film.type("t")
    film.look("spawned", patience_s=BOOT_S, for_s=2.0)
    film.still("3-request")
    film.type("escape")
    film.look("running", patience_s=BOOT_S, for_s=1.0)
    film.type("c")
    film.look("login:", patience_s=BOOT_S)
    film.type(*"root", "enter")
    film.look("Password:", for_s=0.5)
    film.type(*"tiny", "enter")
    film.look("root@", for_s=0.5)
    film.type(*"uname -sr", "enter")
    film.look("Linux 6", for_s=2.0)
    film.still("4-console")
    film.type("ctrl+]", "q")
    film.look("Instances", for_s=0.5)
    film.type("5")
    film.look("Volumes 0 of 0", for_s=0.5)
    film.type("n")
    film.look("Name", for_s=1.0)
    film.type(*"data")
    film.type("ctrl+s")
    film.look("available", for_s=1.0)
    film.type("V")
    film.look("web-1", for_s=1.0)
    film.type("ctrl+s")
    film.look("in-use", for_s=1.5)
    film.still("5-volume")
    film.type("n")
    film.look("Name", for_s=0.5)
    film.type(*"scratch", "ctrl+s")
    film.look("scratch", for_s=1.0)
    film.type("down")
    film.look("▶   ", for_s=0.7)
    film.type("ctrl+d")
    film.look("y: yes", for_s=2.0)
    film.still("6-delete")
    film.type("y")
    film.look("Volumes 1 of 1", for_s=1.0)
    film.type("z")
    film.look("Volumes 2 of 2", for_s=2.0)
    film.still("7-undone")


@contextmanager
def stage() -> Iterator[clouds.Cloud]:
    """A cloud that is up, with the tiny image in it."""
    made = clouds.Cloud()
    try:
        made.up()
        with tempfile.TemporaryDirectory(prefix="nbx-tiny-", dir="/var/tmp") as folder:
            subprocess.run(
                [sys.executable, "-m", "services.image.tiny", "--out", folder,
                 "--cache", "/var/tmp/novabox-kernels"],
                check=True, timeout=600,
            )  # fmt: skip
            made.add_tiny("tiny", Path(folder))
        yield made
    finally:
        made.close()


def main(arguments: list[str]) -> int:
    """Film, and say where it is."""
    if reason := clouds.missing():
        print(f"film: {reason}")
        return 1
    folder = Path(arguments[0] if arguments else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    with stage() as cloud:
        command = ["ip", "netns", "exec", cloud.namespace, str(clouds.BIN / "novabox"), "tui"]
        environ = {**cloud.environment("demo"), "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
        with Terminal(command, environ=environ, size=SIZE) as terminal:
            film = Film(terminal, folder)
            try:
                play(film)
                film.type("ctrl+q")
                terminal.status()
            finally:
                plays_s = cast.write(terminal, folder / "first-minute.cast", title="novabox")
    print(f"{folder}/first-minute.cast: {plays_s:.0f} s, {film.keys} keys")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
